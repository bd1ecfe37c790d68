//! Readings on Linux: files under `/proc`, `/sys` and `/etc`, and the system's interface list.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use nix::net::if_::InterfaceFlags;

use super::memory::{self, Memory};
use super::os_version::{self, Sources};
use crate::agent::handed;
use crate::agent::identity::{self, Fingerprint, Interface};

pub(super) fn memory() -> anyhow::Result<Memory> {
    let text = fs::read_to_string("/proc/meminfo").context("/proc/meminfo")?;
    memory::parse_meminfo(&text).context("/proc/meminfo")
}

pub(super) fn hostname() -> anyhow::Result<String> {
    Ok(nix::unistd::gethostname()?.to_string_lossy().into_owned())
}

pub(super) fn os_version() -> anyhow::Result<String> {
    let read = |path: &str| fs::read_to_string(path).ok();
    let os_release = read("/etc/os-release").or_else(|| read("/usr/lib/os-release"));
    let kernel = nix::sys::utsname::uname()?;
    Ok(os_version::linux(Sources {
        os_release: os_release.as_deref(),
        lsb_release: read("/etc/lsb-release").as_deref(),
        redhat_release: read("/etc/redhat-release").as_deref(),
        kernel: &kernel.release().to_string_lossy(),
    }))
}

/// Values that tell this machine from others, each with the name of its kind, the best first.
pub(super) fn hardware_ids() -> Vec<(&'static str, String)> {
    let installation = fs::read_to_string("/etc/machine-id").ok();
    let values = [("smbios-uuid", firmware("product_uuid")), ("machine-id", installation)];
    values.into_iter().filter_map(|(domain, value)| Some((domain, value?))).collect()
}

/// What the hardware says of itself.
pub(super) fn fingerprint() -> Fingerprint {
    Fingerprint::new(firmware)
}

/// What the firmware's tables say: to root, and to a service that is handed these files.
fn firmware(name: &str) -> Option<String> {
    let places = handed::path(name).into_iter().chain([Path::new("/sys/class/dmi/id").join(name)]);
    places.map(fs::read_to_string).find_map(Result::ok)
}

/// The id that the network interfaces give; `None` when none counts.
pub(super) fn interface_id(interfaces: &[Interface]) -> Option<String> {
    identity::from_interfaces(&identity::physical(interfaces))
}

pub(super) fn interfaces() -> anyhow::Result<Vec<Interface>> {
    let mut interfaces: BTreeMap<String, Interface> = BTreeMap::new();
    for entry in nix::ifaddrs::getifaddrs()? {
        // An IPv4 address may be listed under a label of the interface, such as `eth0:1`.
        let name = entry.interface_name.split(':').next().unwrap_or_default().to_owned();
        let interface =
            interfaces.entry(name.clone()).or_insert_with(|| without_addresses(&name, entry.flags));
        let Some(address) = entry.address else {
            continue;
        };
        if let Some(link) = address.as_link_addr() {
            interface.index = u32::try_from(link.ifindex()).unwrap_or_default();
            interface.mac = match (link.halen(), link.addr()) {
                (6, Some(octets)) => mac(&octets),
                // Longer ones, such as InfiniBand's, do not fit into the socket address.
                (length, _) if length > 6 => mac_from_sysfs(&name),
                _ => None,
            };
        } else if let Some(address) = address.as_sockaddr_in() {
            interface.ipv4.push(address.ip());
        } else if let Some(address) = address.as_sockaddr_in6() {
            interface.ipv6.push(address.ip());
        }
    }
    Ok(interfaces.into_values().collect())
}

fn without_addresses(name: &str, flags: InterfaceFlags) -> Interface {
    let device = fs::read_link(Path::new("/sys/class/net").join(name));
    Interface {
        name: name.to_owned(),
        up: flags.contains(InterfaceFlags::IFF_UP),
        loopback: flags.contains(InterfaceFlags::IFF_LOOPBACK),
        virtual_device: device.is_ok_and(|path| path.to_string_lossy().contains("/virtual/")),
        ..Interface::default()
    }
}

fn mac(octets: &[u8]) -> Option<String> {
    let text: Vec<String> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    octets.iter().any(|octet| *octet != 0).then(|| text.join(":"))
}

fn mac_from_sysfs(name: &str) -> Option<String> {
    let text = fs::read_to_string(Path::new("/sys/class/net").join(name).join("address")).ok()?;
    let text = text.trim().to_lowercase();
    text.contains(|c: char| matches!(c, '1'..='9' | 'a'..='f')).then_some(text)
}
