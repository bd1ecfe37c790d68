//! Which machine this is: the same id as the original agent's wherever that agent had one.

mod adapters;
mod known;

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, Ipv6Addr};

use sha2::{Digest, Sha256};

use crate::wire::sections::is_junk_identifier;

pub use adapters::{Adapter, from_adapters};
pub use known::{Fingerprint, Known};

/// Parts of names that virtual interfaces have, in lower case.
const VIRTUAL_NAMES: [&str; 17] = [
    "docker",
    "veth",
    "br-",
    "tun",
    "tap",
    "vmnet",
    "macvlan",
    "ipvlan",
    "wg",
    "wireguard",
    "dummy",
    "virtual",
    "vpn",
    "hyper-v",
    "vmware",
    "virtualbox",
    "teredo",
];

/// A network interface as the system shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    /// The system's number for it.
    pub index: u32,
    /// Such as `eth0`.
    pub name: String,
    /// Hardware address in lower-case hex with colons; `None` when absent or all zero.
    pub mac: Option<String>,
    /// Administratively up.
    pub up: bool,
    /// The loopback interface.
    pub loopback: bool,
    /// The system says that there is no device behind it.
    pub virtual_device: bool,
    /// What its driver calls it; empty on systems where that says nothing.
    pub description: String,
    /// IPv4 addresses in the system's order.
    pub ipv4: Vec<Ipv4Addr>,
    /// IPv6 addresses in the system's order.
    pub ipv6: Vec<Ipv6Addr>,
}

impl Interface {
    fn looks_virtual(&self) -> bool {
        self.virtual_device || is_virtual_name(&self.name)
    }

    fn address(&self) -> Option<Ipv4Addr> {
        self.ipv4.iter().copied().find(|address| !address.is_loopback())
    }

    fn is_physical(&self) -> bool {
        self.up
            && !self.loopback
            && !self.looks_virtual()
            && self.mac.as_deref().is_some_and(is_globally_administered)
            && self.address().is_some()
    }
}

fn is_virtual_name(name: &str) -> bool {
    let name = name.to_lowercase();
    VIRTUAL_NAMES.iter().any(|part| name.contains(part))
}

/// Whether a hardware address in hex is its maker's, not one that a program chose.
fn is_globally_administered(mac: &str) -> bool {
    let first = mac.get(..2).and_then(|octet| u8::from_str_radix(octet, 16).ok());
    first.is_some_and(|octet| octet & 2 == 0)
}

/// The interfaces that make the identity, in the order of their index.
#[must_use]
pub fn physical(interfaces: &[Interface]) -> Vec<&Interface> {
    let mut accepted: Vec<&Interface> =
        interfaces.iter().filter(|interface| interface.is_physical()).collect();
    accepted.sort_by_key(|interface| interface.index);
    accepted
}

/// The id of a machine with these interfaces: SHA-256, lower hex, of their hardware addresses
/// sorted and joined with `|`. `None` when there are none.
#[must_use]
pub fn from_interfaces(physical: &[&Interface]) -> Option<String> {
    let macs = physical.iter().filter_map(|interface| interface.mac.clone());
    from_macs(macs.collect())
}

fn from_macs(mut macs: Vec<String>) -> Option<String> {
    macs.sort_unstable();
    (!macs.is_empty()).then(|| hex_sha256(&macs.join("|")))
}

/// The id of a machine known by a value from its firmware or its installation; `domain` says
/// which, so that equal values of two kinds are two ids. `None` for junk.
#[must_use]
pub fn from_hardware(domain: &str, value: &str) -> Option<String> {
    let value = value.trim().to_lowercase();
    let digits = value.replace('-', "");
    let is_id = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !is_id || is_junk_identifier(&digits) {
        return None;
    }
    Some(hex_sha256(&format!("tatuscan {domain} {value}")))
}

/// The address that people would use for this machine: of the first physical interface, else of
/// the first that looks like a device, else of any; IPv4 before IPv6. `None` without a network.
#[must_use]
pub fn primary_address(interfaces: &[Interface]) -> Option<String> {
    let mut ordered: Vec<&Interface> =
        interfaces.iter().filter(|interface| interface.up && !interface.loopback).collect();
    ordered.sort_by_key(|i| (!i.is_physical(), i.looks_virtual(), i.index));
    let ipv4 = ordered.iter().find_map(|interface| interface.address());
    ipv4.map(|address| address.to_string()).or_else(|| {
        let mut ipv6 = ordered.iter().flat_map(|interface| &interface.ipv6);
        let global = ipv6.find(|a| !a.is_loopback() && !a.is_unicast_link_local());
        global.map(ToString::to_string)
    })
}

/// A new random id.
#[must_use]
pub fn random() -> String {
    // The standard library seeds its hashers from the system's random numbers.
    let seed: Vec<String> =
        (0..4_u8).map(|part| RandomState::new().hash_one(part).to_string()).collect();
    hex_sha256(&seed.join(" "))
}

/// Whether a text can be a machine's id.
fn is_id(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(is_letter)
}

fn hex_sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
