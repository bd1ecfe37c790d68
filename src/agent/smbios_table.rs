//! The firmware's tables, as Windows keeps them in the registry for everybody to read.

use windows_registry::LOCAL_MACHINE;

const KEY: &str = r"SYSTEM\CurrentControlSet\Services\mssmbios\Data";
/// Bytes before the tables: how they were asked for, their version and their length.
const HEADER: usize = 8;

/// The structures, one after the other; empty where there are none.
pub(super) fn read() -> Vec<u8> {
    let value = LOCAL_MACHINE.open(KEY).and_then(|key| key.get_value("SMBiosData"));
    let value = value.inspect_err(|error| tracing::debug!("no SMBIOS in the registry: {error}"));
    value.ok().and_then(|value| value.get(HEADER..).map(<[u8]>::to_vec)).unwrap_or_default()
}
