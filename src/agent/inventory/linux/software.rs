//! The programs that package managers know of.

use std::io;
use std::path::Path;

use super::tree::Tree;
use super::{dpkg, flatpak, rpm, snap};
use crate::agent::inventory::reading::json;
use crate::wire::sections::{Content, Package, SECTION_BYTES, Software};

/// Bytes of a section that are around the packages.
const AROUND: usize = 256;

pub(super) fn collect(root: &Path) -> anyhow::Result<Content> {
    let tree = Tree(root);
    let mut packages = dpkg::packages(tree)?;
    packages.extend(rpm::packages(tree)?);
    packages.extend(snap::packages(tree)?);
    packages.extend(flatpak::packages(tree)?);
    packages.sort();
    packages.dedup();
    Ok(Content::Software(fitting(packages, SECTION_BYTES - AROUND)))
}

/// As many packages as have room in that many bytes of JSON, and how many have none.
fn fitting(mut packages: Vec<Package>, room: usize) -> Software {
    let mut bytes = 0;
    let fits = |package: &Package| {
        let mut count = Count(1);
        // A package has nothing that cannot be written.
        let is_written = json(&mut count, package).is_ok();
        bytes += count.0;
        is_written && bytes <= room
    };
    let kept = packages.iter().map(fits).take_while(|fits| *fits).count();
    let omitted = packages.len() - kept;
    packages.truncate(kept);
    let omitted = (omitted > 0).then(|| u32::try_from(omitted).unwrap_or(u32::MAX));
    Software { packages, omitted }
}

struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::Made;
    use super::*;
    use crate::wire::sections::Upload;

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

    #[test]
    fn what_has_no_room_is_counted() {
        let package = |number: usize| Package {
            name: format!("package-{number:06}-{}", "é".repeat(40)),
            version: Some("1.0".into()),
            ..Package::default()
        };
        let software = fitting((0..20_000).map(package).collect(), SECTION_BYTES - AROUND);
        let (kept, omitted) = (software.packages.len(), software.omitted.unwrap());
        assert_eq!(kept + usize::try_from(omitted).unwrap(), 20_000);
        let upload = Upload { hash: "f".repeat(64), content: Content::Software(software) };
        let bytes = serde_json::to_vec(&upload).unwrap().len();
        assert!(bytes <= SECTION_BYTES && bytes > SECTION_BYTES - 2 * AROUND, "{bytes}");
        assert_eq!(fitting(vec![package(1)], 10).omitted, Some(1));
        assert_eq!(fitting(vec![], 0), Software::default());
    }
}
