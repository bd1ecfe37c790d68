//! Snaps: each has its description in the place where it is mounted.

use super::tree::Tree;
use crate::agent::inventory::words::short;
use crate::wire::sections::Package;

const PLACES: [&str; 2] = ["snap", "var/lib/snapd/snap"];

pub(super) fn packages(tree: Tree<'_>) -> anyhow::Result<Vec<Package>> {
    let mut packages = Vec::new();
    // The second is often a link to the first.
    let Some(place) = PLACES.into_iter().find(|place| tree.exists(place)) else {
        return Ok(packages);
    };
    for name in tree.names(place)? {
        let description = format!("{place}/{name}/current/meta/snap.yaml");
        if let Some(text) = tree.text(&description)? {
            let source = Some("snap".to_owned());
            packages.push(Package { version: version(&text), name, source, ..Package::default() });
        }
    }
    Ok(packages)
}

fn version(yaml: &str) -> Option<String> {
    let version = yaml.lines().find_map(|line| line.strip_prefix("version:"))?;
    short(version.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::Made;
    use super::*;

    #[test]
    fn snaps_are_listed_with_the_version_in_use() {
        let made = Made::of(&[
            ("snap/README", "x"),
            ("snap/bin/firefox", ""),
            ("snap/core22/1663/meta/snap.yaml", "name: core22\nversion: \"20241001\"\n"),
            ("snap/core22/1612/meta/snap.yaml", "name: core22\nversion: old\n"),
            ("snap/bare/5/meta/snap.yaml", "name: bare\nplugs:\n  version: no\n"),
        ]);
        made.link("snap/core22/current", "1663");
        made.link("snap/bare/current", "5");
        let found: Vec<_> =
            packages(Tree(made.root())).unwrap().into_iter().map(|p| (p.name, p.version)).collect();
        assert_eq!(found, [("bare".into(), None), ("core22".into(), Some("20241001".into()))]);
    }
}
