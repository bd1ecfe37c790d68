//! The computer and its firmware, as SMBIOS or the device tree describe them.

use std::path::Path;

use super::tree::Tree;
use super::virtualization;
use crate::agent::inventory::words::{chassis, iso_date};
use crate::wire::sections::{Content, Firmware, System};

const SECURE_BOOT: &str =
    "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

pub(super) fn system(root: &Path) -> anyhow::Result<Content> {
    let tree = Tree(root);
    let dmi = |name: &str| tree.identifier(&format!("sys/class/dmi/id/{name}"));
    let board = [dmi("board_vendor"), dmi("board_name")].into_iter().flatten();
    let board = board.collect::<Vec<_>>().join(" ");
    let is_virtual = virtualization::machine(tree)?.is_some_and(|name| !name.is_empty());
    let chassis = if is_virtual {
        Some("virtual".to_owned())
    } else {
        dmi_number(tree, "chassis_type").and_then(chassis).map(str::to_owned)
    };
    Ok(Content::System(System {
        manufacturer: dmi("sys_vendor"),
        model: dmi("product_name").or_else(|| tree.value("proc/device-tree/model")),
        serial: dmi("product_serial")
            .or_else(|| dmi("chassis_serial"))
            .or_else(|| tree.identifier("proc/device-tree/serial-number")),
        uuid: dmi("product_uuid").map(|uuid| uuid.to_lowercase()),
        chassis,
        asset_tag: dmi("chassis_asset_tag"),
        board: Some(board).filter(|board| !board.is_empty()),
        board_serial: dmi("board_serial"),
    }))
}

fn dmi_number(tree: Tree<'_>, name: &str) -> Option<u64> {
    tree.number(&format!("sys/class/dmi/id/{name}"))
}

pub(super) fn firmware(root: &Path) -> anyhow::Result<Content> {
    let tree = Tree(root);
    let dmi = |name: &str| tree.identifier(&format!("sys/class/dmi/id/{name}"));
    let mode = if tree.exists("sys/firmware/efi") {
        Some("uefi")
    } else {
        tree.exists("sys/class/dmi/id").then_some("bios")
    };
    Ok(Content::Firmware(Firmware {
        vendor: dmi("bios_vendor"),
        version: dmi("bios_version"),
        date: dmi("bios_date").map(|date| iso_date(&date).unwrap_or(date)),
        mode: mode.map(str::to_owned),
        // Four bytes of attributes, and the value.
        secure_boot: tree.bytes(SECURE_BOOT)?.and_then(|bytes| Some(*bytes.get(4)? == 1)),
        tpm: tpm(tree)?,
    }))
}

/// The version of the first module; empty where the kernel knows of none.
fn tpm(tree: Tree<'_>) -> anyhow::Result<Option<String>> {
    const MODULES: &str = "sys/class/tpm";
    if !tree.exists(MODULES) {
        return Ok(None);
    }
    let Some(first) = tree.names(MODULES)?.into_iter().next() else {
        return Ok(Some(String::new()));
    };
    let version = tree.value(&format!("{MODULES}/{first}/tpm_version_major"));
    Ok(match version.as_deref() {
        Some("2") => Some("2.0".to_owned()),
        Some("1") => Some("1.2".to_owned()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::Made;
    use super::*;

    fn dmi(values: &[(&str, &str)]) -> Made {
        let made = Made::new();
        for (name, value) in values {
            made.file(&format!("sys/class/dmi/id/{name}"), format!("{value}\n"));
        }
        made
    }

    #[test]
    fn a_notebook_says_what_it_is() {
        let made = dmi(&[
            ("sys_vendor", "LENOVO"),
            ("product_name", "20N2CTO1WW"),
            ("product_serial", "PF0ABCDE"),
            ("product_uuid", "4C4C4544-0042-3510-8052-B4C04F4A3132"),
            ("chassis_type", "10"),
            ("chassis_asset_tag", "No Asset Information"),
            ("board_vendor", "LENOVO"),
            ("board_name", "20N2CTO1WW"),
            ("board_serial", "L1HF0ABCDEF"),
        ]);
        let expected = System {
            manufacturer: Some("LENOVO".into()),
            model: Some("20N2CTO1WW".into()),
            serial: Some("PF0ABCDE".into()),
            uuid: Some("4c4c4544-0042-3510-8052-b4c04f4a3132".into()),
            chassis: Some("notebook".into()),
            asset_tag: None,
            board: Some("LENOVO 20N2CTO1WW".into()),
            board_serial: Some("L1HF0ABCDEF".into()),
        };
        assert_eq!(system(made.root()).unwrap(), Content::System(expected));
    }

    #[test]
    fn what_the_maker_did_not_fill_in_is_absent() {
        let made = dmi(&[
            ("sys_vendor", "To be filled by O.E.M."),
            ("product_name", "System Product Name"),
            ("product_serial", "00000000"),
            ("product_uuid", "03000200-0400-0500-0006-000700080009"),
            ("chassis_type", "2"),
            ("board_vendor", "ASRock"),
            ("board_serial", "Default string"),
        ]);
        let expected = System { board: Some("ASRock".into()), ..System::default() };
        assert_eq!(system(made.root()).unwrap(), Content::System(expected));
    }

    #[test]
    fn a_virtual_machine_and_a_board_without_smbios_are_known() {
        let made = dmi(&[("sys_vendor", "QEMU"), ("chassis_type", "1")]);
        let Content::System(found) = system(made.root()).unwrap() else { panic!() };
        assert_eq!(found.chassis.as_deref(), Some("virtual"));
        let made = Made::of(&[
            ("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0"),
            ("proc/device-tree/serial-number", "10000000abcdef12\0"),
        ]);
        let Content::System(found) = system(made.root()).unwrap() else { panic!() };
        assert_eq!(found.model.as_deref(), Some("Raspberry Pi 4 Model B Rev 1.4"));
        assert_eq!(found.serial.as_deref(), Some("10000000abcdef12"));
    }

    #[test]
    fn firmware_says_its_version_and_what_it_guards() {
        let made = dmi(&[
            ("bios_vendor", "LENOVO"),
            ("bios_version", "N2IET98W (1.76 )"),
            ("bios_date", "03/28/2023"),
        ]);
        made.file(SECURE_BOOT, [6, 0, 0, 0, 1]);
        made.file("sys/class/tpm/tpm0/tpm_version_major", "2\n");
        let expected = Firmware {
            vendor: Some("LENOVO".into()),
            version: Some("N2IET98W (1.76 )".into()),
            date: Some("2023-03-28".into()),
            mode: Some("uefi".into()),
            secure_boot: Some(true),
            tpm: Some("2.0".into()),
        };
        assert_eq!(firmware(made.root()).unwrap(), Content::Firmware(expected));
        made.file(SECURE_BOOT, [6, 0, 0, 0, 0]);
        let Content::Firmware(found) = firmware(made.root()).unwrap() else { panic!() };
        assert_eq!(found.secure_boot, Some(false));
        let old = dmi(&[("bios_date", "in spring")]);
        old.directory("sys/class/tpm");
        let expected = Firmware {
            date: Some("in spring".into()),
            mode: Some("bios".into()),
            tpm: Some(String::new()),
            ..Firmware::default()
        };
        assert_eq!(firmware(old.root()).unwrap(), Content::Firmware(expected));
    }
}
