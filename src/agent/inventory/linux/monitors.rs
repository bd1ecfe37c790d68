//! The monitors that are plugged in, by what they say of themselves.

use std::path::Path;

use super::tree::Tree;
use crate::agent::inventory::edid;
use crate::wire::sections::{Content, Monitors};

const CONNECTORS: &str = "sys/class/drm";

pub(super) fn collect(root: &Path) -> anyhow::Result<Content> {
    let tree = Tree(root);
    let mut monitors = Vec::new();
    for name in tree.names(CONNECTORS)? {
        // Where nothing is plugged in the file is empty.
        let said = tree.bytes(&format!("{CONNECTORS}/{name}/edid"))?;
        monitors.extend(said.and_then(|said| edid::parse(&said)));
    }
    Ok(Content::Monitors(Monitors { monitors }))
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::Made;
    use super::*;
    use crate::agent::inventory::edid::tests::block;

    #[test]
    fn what_is_plugged_in_is_listed() {
        let made = Made::of(&[("sys/class/drm/version", "drm 1.1.0\n")]);
        made.file("sys/class/drm/card0-DP-1/edid", block(7, &[(0xfc, "DELL P2419H\n")]));
        made.file("sys/class/drm/card0-HDMI-A-1/edid", "");
        made.file("sys/class/drm/card0-HDMI-A-2/edid", "broken");
        let Content::Monitors(Monitors { monitors }) = collect(made.root()).unwrap() else {
            panic!()
        };
        assert_eq!(monitors.len(), 1);
        assert_eq!(monitors[0].model.as_deref(), Some("DELL P2419H"));
    }
}
