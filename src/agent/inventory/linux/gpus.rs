//! The graphics adapters on the PCI bus.

use std::path::Path;

use super::pci_ids::{self, Id};
use super::tree::Tree;
use crate::wire::sections::{Content, Gpu, Gpus};

const DEVICES: &str = "sys/bus/pci/devices";
const NAMES: [&str; 2] = ["usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids"];
/// How the class of everything that draws begins.
const DISPLAY: &str = "0x03";

pub(super) fn collect(root: &Path) -> anyhow::Result<Content> {
    let tree = Tree(root);
    let mut found = Vec::new();
    for device in tree.names(DEVICES)? {
        let of = |what: &str| format!("{DEVICES}/{device}/{what}");
        if !tree.value(&of("class")).is_some_and(|class| class.starts_with(DISPLAY)) {
            continue;
        }
        let number =
            |what: &str| u16::from_str_radix(tree.value(&of(what))?.strip_prefix("0x")?, 16).ok();
        if let (Some(vendor), Some(model)) = (number("vendor"), number("device")) {
            found.push((Id { vendor, device: model }, tree.link_name(&of("driver"))));
        }
    }
    let ids: Vec<Id> = found.iter().map(|(id, _)| *id).collect();
    let names = if ids.is_empty() { Vec::new() } else { names(tree, &ids)? };
    let gpus = found.into_iter().enumerate().map(|(at, (id, driver))| {
        let (vendor, model) = names.get(at).cloned().unwrap_or_default();
        Gpu {
            vendor: vendor.or_else(|| Some(format!("0x{:04x}", id.vendor))),
            model: model.or_else(|| Some(format!("0x{:04x}", id.device))),
            driver,
        }
    });
    Ok(Content::Gpus(Gpus { gpus: gpus.collect() }))
}

fn names(tree: Tree<'_>, ids: &[Id]) -> anyhow::Result<Vec<pci_ids::Names>> {
    for path in NAMES {
        if let Some(reader) = tree.open(path)? {
            return Ok(pci_ids::names(reader, ids)?);
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::Made;
    use super::*;

    #[test]
    fn adapters_have_names_where_there_are_names() {
        let made = Made::new();
        let add = |at: &str, class: &str, vendor: &str, device: &str| {
            for (file, text) in [("class", class), ("vendor", vendor), ("device", device)] {
                made.file(&format!("{DEVICES}/{at}/{file}"), format!("{text}\n"));
            }
        };
        add("0000:00:02.0", "0x030000", "0x8086", "0x9bc5");
        made.link(&format!("{DEVICES}/0000:00:02.0/driver"), "../../../bus/pci/drivers/i915");
        add("0000:01:00.0", "0x030200", "0x10de", "0xffff");
        add("0000:00:1f.6", "0x020000", "0x8086", "0x0d4d");
        let of = |made: &Made| {
            let Content::Gpus(Gpus { gpus }) = collect(made.root()).unwrap() else { panic!() };
            gpus
        };
        let gpu = |vendor: &str, model: &str, driver: Option<&str>| Gpu {
            vendor: Some(vendor.into()),
            model: Some(model.into()),
            driver: driver.map(str::to_owned),
        };
        let bare = [gpu("0x8086", "0x9bc5", Some("i915")), gpu("0x10de", "0xffff", None)];
        assert_eq!(of(&made), bare);
        made.file(NAMES[1], "10de  NVIDIA Corporation\n8086  Intel Corporation\n\t9bc5  UHD 630\n");
        let named = [
            gpu("Intel Corporation", "UHD 630", Some("i915")),
            gpu("NVIDIA Corporation", "0xffff", None),
        ];
        assert_eq!(of(&made), named);
    }
}
