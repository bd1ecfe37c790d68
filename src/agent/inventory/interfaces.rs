//! The network interfaces, as the kernel lists them; for this section there is no other root.

use std::path::Path;

use crate::agent::{collect, identity};
use crate::wire::sections::{Content, Interface, Interfaces};

pub(super) fn collect(_: &Path) -> anyhow::Result<Content> {
    let mut interfaces = collect::interfaces()?;
    interfaces.sort_by_key(|interface| interface.index);
    let interfaces = interfaces.into_iter().filter(|interface| !interface.loopback);
    Ok(Content::Interfaces(Interfaces { interfaces: interfaces.map(shown).collect() }))
}

fn shown(interface: identity::Interface) -> Interface {
    Interface {
        is_virtual: interface.virtual_device,
        ipv4: interface.ipv4.iter().map(ToString::to_string).collect(),
        ipv6: interface.ipv6.iter().map(ToString::to_string).collect(),
        name: interface.name,
        mac: interface.mac,
    }
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
}
