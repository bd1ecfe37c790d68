//! The computer, its firmware and its memory, from the firmware's tables and the registry.

#[cfg(windows)]
use std::path::Path;

#[cfg(windows)]
use super::registry;
#[cfg(windows)]
use crate::agent::inventory::smbios;
#[cfg(windows)]
use crate::agent::smbios_table;
#[cfg(windows)]
use crate::wire::sections::{Content, Firmware};

/// Where the driver of trusted platform modules writes down which it drives.
#[cfg(windows)]
const TPM: &str = r"SYSTEM\CurrentControlSet\Services\TPM";

/// The firmware's kind by its number in the registry.
fn mode(kind: u32) -> Option<&'static str> {
    match kind {
        1 => Some("bios"),
        2 => Some("uefi"),
        _ => None,
    }
}

/// The version of the module whose device this is: those of version 2.0 have one name for all, earlier
/// ones their makers'. Empty where the driver has no device.
fn tpm(device: Option<&str>) -> &'static str {
    match device.map(str::to_uppercase) {
        None => "",
        Some(device) if device.contains("MSFT0101") => "2.0",
        Some(_) => "1.2",
    }
}

#[cfg(windows)]
pub(super) fn system(_: &Path) -> anyhow::Result<Content> {
    Ok(Content::System(smbios::system(&smbios_table::read())))
}

#[cfg(windows)]
pub(super) fn memory(_: &Path) -> anyhow::Result<Content> {
    Ok(Content::Memory(smbios::memory(&smbios_table::read())))
}

#[cfg(windows)]
pub(super) fn firmware(_: &Path) -> anyhow::Result<Content> {
    let number = |path, name| registry::number(&registry::machine(path)?, name);
    let control = r"SYSTEM\CurrentControlSet\Control";
    let secure_boot = r"SYSTEM\CurrentControlSet\Control\SecureBoot\State";
    let module = registry::machine(TPM).map(|driver| {
        // The first of them.
        let device = driver.open("Enum").ok().and_then(|devices| registry::text(&devices, "0"));
        tpm(device.as_deref()).to_owned()
    });
    Ok(Content::Firmware(Firmware {
        mode: number(control, "PEFirmwareType").and_then(mode).map(str::to_owned),
        secure_boot: number(secure_boot, "UEFISecureBootEnabled").map(|enabled| enabled == 1),
        tpm: module,
        ..smbios::firmware(&smbios_table::read())
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_tells_how_the_firmware_starts_and_guards() {
        assert_eq!([1, 2, 0].map(mode), [Some("bios"), Some("uefi"), None]);
        assert_eq!(tpm(Some(r"ACPI\MSFT0101\1")), "2.0");
        assert_eq!(tpm(Some(r"ACPI\IFX0102\4&1c8b0a5&0")), "1.2");
        assert_eq!(tpm(None), "");
    }
}
