//! Flatpaks that are there for everybody, with the version that their own description says.

use super::tree::Tree;
use crate::agent::inventory::words::short;
use crate::wire::sections::Package;

const APPS: &str = "var/lib/flatpak/app";

pub(super) fn packages(tree: Tree<'_>) -> anyhow::Result<Vec<Package>> {
    let mut packages = Vec::new();
    for name in tree.names(APPS)? {
        let share = format!("{APPS}/{name}/current/active/files/share");
        let descriptions = [
            format!("{share}/metainfo/{name}.metainfo.xml"),
            format!("{share}/metainfo/{name}.appdata.xml"),
            format!("{share}/appdata/{name}.appdata.xml"),
        ];
        let texts = descriptions.iter().filter_map(|path| tree.text(path).ok().flatten());
        let version = texts.into_iter().find_map(|text| version(&text));
        let source = Some("flatpak".to_owned());
        packages.push(Package { name, version, source, ..Package::default() });
    }
    Ok(packages)
}

/// The version of the first release: descriptions have the newest first.
fn version(xml: &str) -> Option<String> {
    let (_, release) = xml.split_once("<release ")?;
    let (attributes, _) = release.split_once('>')?;
    let (_, value) = attributes.split_once("version=")?;
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    short(value[1..].split(quote).next()?)
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::Made;
    use super::*;

    #[test]
    fn applications_are_listed_with_or_without_a_version() {
        let deployed = "x86_64/stable/5f2d/files/share";
        let xml = "<releases>\n<release date='2024-10-01' version='131.0'><p>x</p></release>\n\
            <release version=\"130.0\"/></releases>";
        let made = Made::of(&[
            (
                &format!(
                    "{APPS}/org.mozilla.firefox/{deployed}/appdata/org.mozilla.firefox.appdata.xml"
                ),
                xml,
            ),
            (&format!("{APPS}/org.x.Bare/x86_64/stable/1/metadata"), ""),
        ]);
        made.link(&format!("{APPS}/org.mozilla.firefox/current"), "x86_64/stable");
        made.link(&format!("{APPS}/org.mozilla.firefox/x86_64/stable/active"), "5f2d");
        let found: Vec<_> =
            packages(Tree(made.root())).unwrap().into_iter().map(|p| (p.name, p.version)).collect();
        let expected =
            [("org.mozilla.firefox".into(), Some("131.0".into())), ("org.x.Bare".into(), None)];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_description_without_a_release_has_no_version() {
        for xml in ["", "<release ", "<release version=7>", "<release >", "<release version=\"\"/>"]
        {
            assert_eq!(version(xml), None, "{xml}");
        }
    }
}
