//! What is on the fixed disks.

#[cfg(windows)]
use std::path::Path;

use serde::Deserialize;

#[cfg(windows)]
use crate::agent::wmi_rows;
use crate::wire::sections::Filesystem;
#[cfg(windows)]
use crate::wire::sections::{Content, Filesystems};

/// A row of `Win32_LogicalDisk`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct LogicalDisk {
    #[serde(rename = "DeviceID")]
    device_id: String,
    volume_name: Option<String>,
    file_system: Option<String>,
    size: Option<u64>,
    free_space: Option<u64>,
}

/// `None` for a place without a file system, such as a reader without a card.
fn filesystem(disk: LogicalDisk) -> Option<Filesystem> {
    Some(Filesystem {
        mount: format!(r"{}\", disk.device_id),
        device: disk.volume_name.filter(|name| !name.is_empty()),
        kind: Some(disk.file_system.filter(|name| !name.is_empty())?),
        size_bytes: disk.size,
        free_bytes: disk.free_space,
    })
}

#[cfg(windows)]
pub(super) fn collect(_: &Path) -> anyhow::Result<Content> {
    let query = "SELECT DeviceID, VolumeName, FileSystem, Size, FreeSpace FROM Win32_LogicalDisk \
                 WHERE DriveType = 3";
    let disks: Vec<LogicalDisk> = wmi_rows::rows(wmi_rows::CIMV2, query)?;
    let filesystems = disks.into_iter().filter_map(filesystem).collect();
    Ok(Content::Filesystems(Filesystems { filesystems }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drive_is_a_place() {
        let disk = LogicalDisk {
            device_id: "C:".into(),
            volume_name: Some("Windows".into()),
            file_system: Some("NTFS".into()),
            size: Some(512_000_000_000),
            free_space: Some(99),
        };
        let expected = Filesystem {
            mount: r"C:\".into(),
            device: Some("Windows".into()),
            kind: Some("NTFS".into()),
            size_bytes: Some(512_000_000_000),
            free_bytes: Some(99),
        };
        assert_eq!(filesystem(disk), Some(expected));
        let empty = LogicalDisk { device_id: "E:".into(), ..LogicalDisk::default() };
        assert_eq!(filesystem(empty), None);
    }
}
