//! The disks, as Windows' storage sees them, else as its drivers do. What can be taken out of its slot
//! is none, and neither is a file that looks like one.

#[cfg(windows)]
use std::path::Path;

use serde::Deserialize;

use crate::agent::inventory::words::short;
#[cfg(windows)]
use crate::agent::wmi_rows;
#[cfg(windows)]
use crate::wire::sections::{Content, Disks};
use crate::wire::sections::{Disk, is_junk_identifier};

/// `BusType` of a file that is used as a disk.
const FILE_BACKED: u16 = 15;
const NVME: u16 = 17;

/// A row of `MSFT_PhysicalDisk`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct PhysicalDisk {
    device_id: String,
    friendly_name: Option<String>,
    serial_number: Option<String>,
    /// Since Windows 10; what NVMe disks have on their label, while `SerialNumber` is another number.
    adapter_serial_number: Option<String>,
    size: Option<u64>,
    media_type: Option<u16>,
    bus_type: Option<u16>,
}

/// A row of `Win32_DiskDrive`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct DiskDrive {
    index: u32,
    model: Option<String>,
    serial_number: Option<String>,
    size: Option<u64>,
    interface_type: Option<String>,
    media_type: Option<String>,
}

impl DiskDrive {
    /// A stick, a card, or a reader without one.
    fn is_removable(&self) -> bool {
        let kind = self.media_type.as_deref().unwrap_or_default().to_lowercase();
        kind.starts_with("removable") || self.size.is_none()
    }
}

impl From<PhysicalDisk> for Disk {
    fn from(disk: PhysicalDisk) -> Self {
        let bus = match disk.bus_type.unwrap_or_default() {
            1 => Some("scsi"),
            3 => Some("ata"),
            7 => Some("usb"),
            8 => Some("raid"),
            9 => Some("iscsi"),
            10 => Some("sas"),
            11 => Some("sata"),
            12 => Some("sd"),
            13 => Some("mmc"),
            14 => Some("virtual"),
            NVME => Some("nvme"),
            19 => Some("ufs"),
            _ => None,
        };
        let on_label = disk.adapter_serial_number.filter(|_| disk.bus_type == Some(NVME));
        Self {
            name: Some(format!("PhysicalDrive{}", disk.device_id)),
            model: disk.friendly_name.as_deref().and_then(short),
            serial: serial(on_label).or_else(|| serial(disk.serial_number)),
            size_bytes: disk.size,
            rotational: match disk.media_type {
                Some(3) => Some(true),
                Some(4 | 5) => Some(false),
                _ => None,
            },
            bus: bus.map(str::to_owned),
        }
    }
}

impl From<DiskDrive> for Disk {
    fn from(drive: DiskDrive) -> Self {
        Self {
            name: Some(format!("PhysicalDrive{}", drive.index)),
            model: drive.model.as_deref().and_then(short),
            serial: serial(drive.serial_number),
            size_bytes: drive.size,
            rotational: None,
            bus: drive.interface_type.map(|name| name.to_lowercase()),
        }
    }
}

/// A serial number without what NVMe drivers put around it: `0025_3854_31B1_6E6E.`
fn serial(text: Option<String>) -> Option<String> {
    let text = short(text?.trim().trim_end_matches('.'))?;
    (!is_junk_identifier(&text)).then_some(text)
}

/// The disks that storage sees, without those of which drivers say that they can be taken out; where
/// it sees none, those of the drivers. In the order of their numbers.
fn disks(physical: Vec<PhysicalDisk>, drives: Vec<DiskDrive>) -> Vec<Disk> {
    let (removable, drives): (Vec<_>, Vec<_>) =
        drives.into_iter().partition(DiskDrive::is_removable);
    let is_fixed = |disk: &PhysicalDisk| {
        let is_removable = removable.iter().any(|drive| drive.index.to_string() == disk.device_id);
        disk.bus_type != Some(FILE_BACKED) && !is_removable
    };
    let mut disks: Vec<Disk> = if physical.is_empty() {
        drives.into_iter().map(Disk::from).collect()
    } else {
        physical.into_iter().filter(is_fixed).map(Disk::from).collect()
    };
    disks.sort_by_key(|disk| (disk.name.as_ref().map(String::len), disk.name.clone()));
    disks
}

#[cfg(windows)]
pub(super) fn collect(_: &Path) -> anyhow::Result<Content> {
    // Everything: older systems refuse a query that names a column of later ones.
    let query = "SELECT * FROM MSFT_PhysicalDisk";
    let physical = wmi_rows::rows_if_any(wmi_rows::STORAGE, query);
    let query = "SELECT Index, Model, SerialNumber, Size, InterfaceType, MediaType \
                 FROM Win32_DiskDrive";
    let drives = wmi_rows::rows(wmi_rows::CIMV2, query)?;
    Ok(Content::Disks(Disks { disks: disks(physical, drives) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_says_how_it_turns_and_is_connected() {
        let disk = Disk::from(PhysicalDisk {
            device_id: "0".into(),
            friendly_name: Some("SAMSUNG MZVLB512HBJQ ".into()),
            serial_number: Some("0025_3854_31B1_6E6E.".into()),
            adapter_serial_number: None,
            size: Some(512_110_190_592),
            media_type: Some(4),
            bus_type: Some(17),
        });
        let expected = Disk {
            name: Some("PhysicalDrive0".into()),
            model: Some("SAMSUNG MZVLB512HBJQ".into()),
            serial: Some("0025_3854_31B1_6E6E".into()),
            size_bytes: Some(512_110_190_592),
            rotational: Some(false),
            bus: Some("nvme".into()),
        };
        assert_eq!(disk, expected);
        let with_label = |bus_type| PhysicalDisk {
            serial_number: Some("Z9ABCDEF".into()),
            adapter_serial_number: Some("S4EMNX0R123456 ".into()),
            media_type: Some(3),
            bus_type: Some(bus_type),
            ..PhysicalDisk::default()
        };
        let nvme = Disk::from(with_label(NVME));
        assert_eq!(nvme.serial.as_deref(), Some("S4EMNX0R123456"));
        // The controller's own number, elsewhere.
        let turning = Disk::from(with_label(11));
        assert_eq!((turning.rotational, turning.bus.as_deref()), (Some(true), Some("sata")));
        assert_eq!(turning.serial.as_deref(), Some("Z9ABCDEF"));
    }

    #[test]
    fn older_systems_say_less() {
        let disk = Disk::from(DiskDrive {
            index: 1,
            model: Some("WDC WD10EZEX".into()),
            serial_number: Some("00000000".into()),
            size: Some(1),
            interface_type: Some("IDE".into()),
            media_type: Some("Fixed hard disk media".into()),
        });
        assert_eq!(disk.name.as_deref(), Some("PhysicalDrive1"));
        assert_eq!((disk.serial, disk.rotational, disk.bus.as_deref()), (None, None, Some("ide")));
    }

    #[test]
    fn sticks_cards_and_files_are_no_disks() {
        let drive = |index, media: &str, size| DiskDrive {
            index,
            media_type: Some(media.into()),
            size,
            ..DiskDrive::default()
        };
        let drives = || {
            vec![
                drive(10, "External hard disk media", Some(9)),
                drive(2, "Fixed hard disk media", Some(9)),
                drive(3, "Removable Media", Some(9)),
                drive(4, "", None),
            ]
        };
        let physical = |id: &str, bus_type| PhysicalDisk {
            device_id: id.into(),
            bus_type: Some(bus_type),
            ..PhysicalDisk::default()
        };
        let names = |disks: Vec<Disk>| -> Vec<String> {
            disks.into_iter().filter_map(|disk| disk.name).collect()
        };
        let expected = ["PhysicalDrive2", "PhysicalDrive10"];
        assert_eq!(names(disks(vec![], drives())), expected);
        let seen = [("10", 7), ("2", NVME), ("3", 7), ("5", FILE_BACKED)];
        let seen = seen.map(|(id, bus_type)| physical(id, bus_type)).into();
        assert_eq!(names(disks(seen, drives())), expected);
    }
}
