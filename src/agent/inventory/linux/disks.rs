//! The disks, from `/sys/block`.

use std::path::Path;

use super::tree::Tree;
use crate::agent::inventory::words::short;
use crate::wire::sections::{Content, Disk, Disks, is_junk_identifier};

const BLOCK: &str = "sys/block";
/// Bytes of what `size` counts, whatever the disk's sectors have.
const SECTOR: u64 = 512;

pub(super) fn collect(root: &Path) -> anyhow::Result<Content> {
    let tree = Tree(root);
    let disks = tree.names(BLOCK)?.iter().filter_map(|name| disk(tree, name)).collect();
    Ok(Content::Disks(Disks { disks }))
}

/// `None` for what is no disk of the machine's own: without hardware behind it, without a medium, one
/// that people plug in and out, optical drives, boot partitions of flash memory.
fn disk(tree: Tree<'_>, name: &str) -> Option<Disk> {
    let of = |what: &str| format!("{BLOCK}/{name}/{what}");
    let place = tree.link(&format!("{BLOCK}/{name}")).unwrap_or_default();
    let place = place.to_string_lossy();
    // Several ways to one NVMe disk meet in a device that is virtual.
    let is_nvme = name.starts_with("nvme");
    if place.contains("/virtual/") && !is_nvme {
        return None;
    }
    let is_part_of_flash =
        name.starts_with("mmcblk") && (name.contains("boot") || name.contains("rpmb"));
    let is_foreign = ["loop", "ram", "zram", "sr", "fd", "nbd"]
        .iter()
        .any(|kind| name.strip_prefix(kind).is_some_and(|rest| rest.parse::<u32>().is_ok()));
    let size_bytes = tree.number(&of("size"))?.checked_mul(SECTOR).filter(|size| *size > 0)?;
    if is_part_of_flash || is_foreign || tree.number(&of("removable")) == Some(1) {
        return None;
    }
    let bus = bus(name, &place);
    let serial = tree
        .value(&of("serial"))
        .or_else(|| tree.value(&of("device/serial")))
        .or_else(|| udev_serial(tree, &tree.value(&of("dev"))?))
        .or_else(|| page_80(&tree.bytes(&of("device/vpd_pg80")).ok()??));
    Some(Disk {
        name: Some(name.to_owned()),
        model: tree.value(&of("device/model")).or_else(|| tree.value(&of("device/name"))),
        serial: serial.filter(|serial| !is_junk_identifier(serial)),
        size_bytes: Some(size_bytes),
        // What a hypervisor says of its disks is made up.
        rotational: tree
            .number(&of("queue/rotational"))
            .filter(|_| bus != Some("virtio"))
            .map(|number| number == 1),
        bus: bus.map(str::to_owned),
    })
}

/// How a disk is connected, by its name and its place among the devices.
fn bus(name: &str, place: &str) -> Option<&'static str> {
    if name.starts_with("nvme") {
        return Some("nvme");
    }
    let known = [
        ("/usb", "usb"),
        ("/ata", "sata"),
        ("/virtio", "virtio"),
        ("/mmc", "mmc"),
        ("/vmbus", "hyper-v"),
        ("/VMBUS", "hyper-v"),
        ("/xen", "xen"),
        ("/vbd-", "xen"),
        ("/host", "scsi"),
    ];
    known.iter().find(|(part, _)| place.contains(part)).map(|(_, bus)| *bus)
}

/// What udev wrote down when it saw the disk.
fn udev_serial(tree: Tree<'_>, number: &str) -> Option<String> {
    let text = tree.text(&format!("run/udev/data/b{number}")).ok()??;
    let serial = |name: &str| text.lines().find_map(|line| short(line.strip_prefix(name)?));
    serial("E:ID_SERIAL_SHORT=").or_else(|| serial("E:ID_SCSI_SERIAL="))
}

/// The serial number in a SCSI disk's own words: four bytes, and text.
fn page_80(page: &[u8]) -> Option<String> {
    let length = usize::from(*page.get(3)?);
    short(&String::from_utf8_lossy(page.get(4..)?.get(..length)?))
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::Made;
    use super::*;

    fn add(made: &Made, name: &str, place: &str, files: &[(&str, &str)]) {
        let place = format!("devices/{place}/block/{name}");
        made.link(&format!("{BLOCK}/{name}"), &format!("../{place}"));
        for (file, text) in files {
            made.file(&format!("sys/{place}/{file}"), format!("{text}\n"));
        }
    }

    #[test]
    fn disks_are_told_from_what_looks_like_one() {
        let made = Made::new();
        let size = ("size", "2000409264");
        add(
            &made,
            "sda",
            "pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0",
            &[
                size,
                ("removable", "0"),
                ("device/model", "ST1000DM010-2EP1 "),
                ("queue/rotational", "1"),
                ("dev", "8:0"),
            ],
        );
        made.file(
            "run/udev/data/b8:0",
            "S:disk/by-id/x\nE:ID_SERIAL_SHORT=Z9ABCDEF\nE:ID_BUS=ata\n",
        );
        let nvme = "pci0000:00/0000:00:1d.0/0000:03:00.0/nvme/nvme0";
        let files = [
            size,
            ("device/model", "SAMSUNG MZVLB1T0HBLR-000L7"),
            ("device/serial", "S4EMNX0R123456"),
            ("queue/rotational", "0"),
        ];
        add(&made, "nvme0n1", nvme, &files);
        add(&made, "nvme1n1", "virtual/nvme-subsystem/nvme-subsys1", &[size]);
        let virtio = "pci0000:00/0000:00:02.0/virtio1";
        add(&made, "vda", virtio, &[size, ("queue/rotational", "1"), ("serial", "0000")]);
        add(&made, "sdb", "pci0000:00/usb1/1-2/host6", &[size, ("removable", "1")]);
        add(&made, "sdc", "pci0000:00/usb1/1-3/host7", &[size, ("removable", "0")]);
        made.file(
            "sys/devices/pci0000:00/usb1/1-3/host7/block/sdc/device/vpd_pg80",
            b"\0\x80\0\x05 W123",
        );
        add(&made, "sdd", "pci0000:00/0000:00:17.0/ata2/host1", &[("size", "0")]);
        add(&made, "sr0", "pci0000:00/0000:00:17.0/ata3/host2", &[size]);
        add(&made, "mmcblk0", "platform/mmc0/mmc0:0001", &[size, ("device/name", "DF4064")]);
        add(&made, "mmcblk0boot0", "platform/mmc0/mmc0:0001/mmcblk0", &[size]);
        for name in ["loop0", "dm-0", "md0", "zram0"] {
            add(&made, name, "virtual", &[size]);
        }
        let Content::Disks(Disks { disks }) = collect(made.root()).unwrap() else { panic!() };
        let short: Vec<_> = disks
            .iter()
            .map(|disk| {
                let text = |text: &'_ Option<String>| text.clone().unwrap_or_default();
                let (name, bus) = (text(&disk.name), text(&disk.bus));
                (name, bus, text(&disk.model), text(&disk.serial), disk.rotational)
            })
            .collect();
        let shown: Vec<_> = short
            .iter()
            .map(|(name, bus, model, serial, rotational)| {
                (name.as_str(), bus.as_str(), model.as_str(), serial.as_str(), *rotational)
            })
            .collect();
        let expected = [
            ("mmcblk0", "mmc", "DF4064", "", None),
            ("nvme0n1", "nvme", "SAMSUNG MZVLB1T0HBLR-000L7", "S4EMNX0R123456", Some(false)),
            ("nvme1n1", "nvme", "", "", None),
            ("sda", "sata", "ST1000DM010-2EP1", "Z9ABCDEF", Some(true)),
            ("sdc", "usb", "", "W123", None),
            ("vda", "virtio", "", "", None),
        ];
        assert_eq!(shown, expected);
        assert!(disks.iter().all(|disk| disk.size_bytes == Some(1_024_209_543_168)));
    }
}
