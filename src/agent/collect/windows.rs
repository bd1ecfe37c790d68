//! Readings on Windows: the registry, WMI, and the system's interface list.

use std::net::IpAddr;

use anyhow::ensure;
use ipconfig::{IfType, OperStatus};
use serde::Deserialize;
use sysinfo::System;
use windows_registry::{Key, LOCAL_MACHINE};

use super::memory::Memory;
use super::windows_version::{self, Sources};
use crate::agent::identity::{self, Adapter, Fingerprint, Interface};
use crate::agent::inventory::smbios;
use crate::agent::{smbios_table, wmi_rows};

const MIB: u64 = 1024 * 1024;

pub(super) fn memory() -> anyhow::Result<Memory> {
    let mut system = System::new()?;
    system.refresh_memory();
    let mib = |bytes: u64| i64::try_from(bytes / MIB).unwrap_or(i64::MAX);
    let memory =
        Memory { total_mb: mib(system.total_memory()), used_mb: mib(system.used_memory()) };
    ensure!(memory.total_mb > 0, "the system shows no memory");
    Ok(memory)
}

#[expect(clippy::unnecessary_wraps, reason = "on other systems it can fail")]
pub(super) fn hostname() -> anyhow::Result<String> {
    Ok(gethostname::gethostname().to_string_lossy().into_owned())
}

pub(super) fn os_version() -> anyhow::Result<String> {
    let key = LOCAL_MACHINE.open(r"SOFTWARE\Microsoft\Windows NT\CurrentVersion")?;
    let text = |name: &str| text(&key, name).unwrap_or_default();
    Ok(windows_version::windows(Sources {
        product_name: &text("ProductName"),
        build: &text("CurrentBuildNumber"),
        installation_type: &text("InstallationType"),
        edition_id: &text("EditionID"),
    }))
}

fn text(key: &Key, name: &str) -> Option<String> {
    key.get_string(name).ok()
}

/// Values that tell this machine from others, each with the name of its kind, the best first.
pub(super) fn hardware_ids() -> Vec<(&'static str, String)> {
    let uuid = smbios::system(&smbios_table::read()).uuid.map(|uuid| ("smbios-uuid", uuid));
    let key = LOCAL_MACHINE.open(r"SOFTWARE\Microsoft\Cryptography").ok();
    let guid = key.and_then(|key| text(&key, "MachineGuid"));
    uuid.into_iter().chain(guid.map(|guid| ("machine-guid", guid))).collect()
}

/// What the hardware says of itself.
pub(super) fn fingerprint() -> Fingerprint {
    let table = smbios_table::read();
    let system = smbios::system(&table);
    Fingerprint::new(|name| match name {
        "product_uuid" => system.uuid.clone(),
        "board_serial" => system.board_serial.clone(),
        "chassis_serial" => smbios::chassis_serial(&table),
        _ => None,
    })
}

/// The id that the network adapters give; `None` when none counts.
pub(super) fn interface_id(interfaces: &[Interface]) -> Option<String> {
    let adapters = adapters().unwrap_or_else(|error| {
        tracing::debug!("WMI does not show the network adapters: {error}");
        Vec::new()
    });
    identity::from_adapters(&adapters, interfaces)
}

/// What is read of an adapter.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    name: Option<String>,
    #[serde(rename = "MACAddress")]
    mac_address: Option<String>,
    net_enabled: Option<bool>,
    physical_adapter: Option<bool>,
}

fn adapters() -> wmi::WMIResult<Vec<Adapter>> {
    let query = "SELECT * FROM Win32_NetworkAdapter WHERE MACAddress IS NOT NULL";
    let rows: Vec<Row> = wmi_rows::rows(wmi_rows::CIMV2, query)?;
    let adapter = |row: Row| Adapter {
        name: row.name.unwrap_or_default(),
        mac: row.mac_address,
        net_enabled: row.net_enabled,
        physical: row.physical_adapter,
    };
    Ok(rows.into_iter().map(adapter).collect())
}

pub(super) fn interfaces() -> anyhow::Result<Vec<Interface>> {
    Ok(ipconfig::get_adapters()?.iter().map(interface).collect())
}

fn interface(adapter: &ipconfig::Adapter) -> Interface {
    let mut interface = Interface {
        index: adapter.ipv6_if_index(),
        name: adapter.friendly_name().to_owned(),
        mac: adapter.physical_address().and_then(mac),
        up: adapter.oper_status() == OperStatus::IfOperStatusUp,
        loopback: adapter.if_type() == IfType::SoftwareLoopback,
        description: adapter.description().to_owned(),
        ..Interface::default()
    };
    for address in adapter.ip_addresses() {
        match address {
            IpAddr::V4(address) => interface.ipv4.push(*address),
            IpAddr::V6(address) => interface.ipv6.push(*address),
        }
    }
    interface
}

fn mac(octets: &[u8]) -> Option<String> {
    let text: Vec<String> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    octets.iter().any(|octet| *octet != 0).then(|| text.join(":"))
}
