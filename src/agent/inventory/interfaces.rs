//! The network interfaces, as the kernel lists them; for this section there is no other root.

use std::path::Path;

use crate::agent::{collect, identity};
use crate::wire::sections::{Content, Interface, Interfaces};

/// Words of drivers that no hardware is behind, in lower case. A guest's own adapters have others, such
/// as `Microsoft Hyper-V Network Adapter`.
const VIRTUAL_DRIVERS: [&str; 7] =
    ["virtual", "tap-", "vpn", "wintun", "wireguard", "tunnel", "miniport"];

pub(super) fn collect(_: &Path) -> anyhow::Result<Content> {
    let mut interfaces = collect::interfaces()?;
    interfaces.sort_by_key(|interface| interface.index);
    let interfaces = interfaces.into_iter().filter(|interface| !interface.loopback);
    Ok(Content::Interfaces(Interfaces { interfaces: interfaces.map(shown).collect() }))
}

fn shown(interface: identity::Interface) -> Interface {
    Interface {
        is_virtual: interface.virtual_device || is_virtual_driver(&interface.description),
        ipv4: interface.ipv4.iter().map(ToString::to_string).collect(),
        ipv6: interface.ipv6.iter().map(ToString::to_string).collect(),
        name: interface.name,
        mac: interface.mac,
    }
}

fn is_virtual_driver(description: &str) -> bool {
    let description = description.to_lowercase();
    VIRTUAL_DRIVERS.iter().any(|word| description.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_is_shown_with_its_addresses() {
        let interface = identity::Interface {
            index: 2,
            name: "eth0".into(),
            mac: Some("00:1b:21:aa:bb:cc".into()),
            up: true,
            ipv4: vec!["10.1.7.7".parse().unwrap()],
            ipv6: vec!["fe80::1".parse().unwrap()],
            ..identity::Interface::default()
        };
        let expected = Interface {
            name: "eth0".into(),
            mac: Some("00:1b:21:aa:bb:cc".into()),
            ipv4: vec!["10.1.7.7".into()],
            ipv6: vec!["fe80::1".into()],
            is_virtual: false,
        };
        assert_eq!(shown(interface), expected);
    }

    #[test]
    fn drivers_say_whether_there_is_hardware() {
        for (description, expected) in [
            ("Intel(R) Wi-Fi 6 AX201 160MHz", false),
            ("Realtek PCIe GbE Family Controller", false),
            ("Red Hat VirtIO Ethernet Adapter", false),
            ("Microsoft Hyper-V Network Adapter #2", false),
            ("", false),
            ("Hyper-V Virtual Ethernet Adapter", true),
            ("VMware Virtual Ethernet Adapter for VMnet8", true),
            ("TAP-Windows Adapter V9", true),
            ("WireGuard Tunnel", true),
        ] {
            let description = description.to_owned();
            let interface = identity::Interface { description, ..identity::Interface::default() };
            assert_eq!(shown(interface.clone()).is_virtual, expected, "{interface:?}");
        }
    }
}
