//! The programs that package managers know of.

use std::path::Path;

use super::tree::Tree;
use super::{dpkg, flatpak, rpm, snap};
use crate::agent::inventory::packages;
use crate::wire::sections::Content;

pub(super) fn collect(root: &Path) -> anyhow::Result<Content> {
    let tree = Tree(root);
    let mut found = dpkg::packages(tree)?;
    found.extend(rpm::packages(tree)?);
    found.extend(snap::packages(tree)?);
    found.extend(flatpak::packages(tree)?);
    Ok(Content::Software(packages::section(found)))
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::Made;
    use super::*;

    #[test]
    fn packages_of_every_kind_are_in_one_list() {
        let made = Made::of(&[
            (
                "var/lib/dpkg/status",
                "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.2.13\n",
            ),
            ("snap/firefox/current/meta/snap.yaml", "name: firefox\nversion: '131.0'\n"),
            (
                "var/lib/flatpak/app/org.gimp.GIMP/current/active/files/share/metainfo/\
                 org.gimp.GIMP.metainfo.xml",
                "<component><releases><release version=\"2.10.38\"/></releases></component>",
            ),
        ]);
        let Content::Software(software) = collect(made.root()).unwrap() else { panic!() };
        let shown: Vec<_> = software
            .packages
            .iter()
            .map(|one| [Some(&*one.name), one.version.as_deref(), one.source.as_deref()])
            .collect();
        let expected = [
            [Some("firefox"), Some("131.0"), Some("snap")],
            [Some("org.gimp.GIMP"), Some("2.10.38"), Some("flatpak")],
            [Some("zlib1g"), Some("1:1.2.13"), Some("dpkg")],
        ];
        assert_eq!((shown, software.omitted), (expected.to_vec(), None));
    }
}
