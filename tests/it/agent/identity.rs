//! Who a machine is, as a function of its interfaces and its hardware.

use std::net::Ipv4Addr;

use tatuscan::agent::identity::{
    Interface, from_hardware, from_interfaces, physical, primary_address,
};

const RECORDED: &str = "b151a34bbc369886058cd96579b5356b29a47fb9bd81bf1bcef4189046a7c65e";

fn eth(index: u32, name: &str, mac: &str, last: u8) -> Interface {
    Interface {
        index,
        name: name.to_owned(),
        mac: Some(mac.to_owned()),
        up: true,
        ipv4: vec![Ipv4Addr::new(10, 99, 0, last)],
        ..Interface::default()
    }
}

fn id(interfaces: &[Interface]) -> Option<String> {
    from_interfaces(&physical(interfaces))
}

#[test]
fn one_physical_interface_gives_the_recorded_id() {
    assert_eq!(id(&[eth(2, "eth0", "00:1b:21:aa:bb:cc", 2)]).as_deref(), Some(RECORDED));
}

#[test]
fn the_order_of_interfaces_does_not_change_the_id_and_equal_addresses_count_twice() {
    let one = eth(2, "eth0", "00:1b:21:aa:bb:cc", 2);
    let two = eth(3, "eth1", "00:1b:21:aa:bb:01", 3);
    assert_eq!(id(&[one.clone(), two.clone()]), id(&[two, one.clone()]));
    let twin = eth(3, "eth1", "00:1b:21:aa:bb:cc", 3);
    assert_ne!(id(&[one.clone(), twin]), id(&[one]));
}

#[test]
fn several_addresses_are_sorted_and_joined_with_a_bar() {
    let (one, two) = (eth(2, "a", "00:1b:21:aa:bb:cc", 2), eth(3, "b", "00:1b:21:aa:bb:01", 3));
    // sha256sum of 00:1b:21:aa:bb:01|00:1b:21:aa:bb:cc
    let expected = "1f0e451d68a32a78d8a475478f36f87b23820086fe72c5e5cecbca7b0f430a0b";
    assert_eq!(id(&[one, two]).as_deref(), Some(expected));
}

#[test]
fn ids_from_hardware_never_change_from_one_release_to_the_next() {
    for (domain, value, expected) in [
        (
            "smbios-uuid",
            "4c4c4544-0042-3510-8054-b4c04f4d3232",
            "a3fd466536f750feb641b656b16eac8ad1c6e338644c2a97ed7ea209f02e780b",
        ),
        (
            "machine-id",
            "0123456789abcdef0123456789abcdef",
            "cbc78f585bfbf1c583e5a4ba88e9ad32d805108e9ca81b57c09a1bb260496075",
        ),
    ] {
        assert_eq!(from_hardware(domain, value).as_deref(), Some(expected));
    }
}

#[test]
fn the_address_is_the_first_one_of_the_first_interface_by_index() {
    let mut first = eth(2, "zz0", "00:1b:21:aa:bb:cc", 7);
    first.ipv4.insert(0, Ipv4Addr::LOCALHOST);
    let second = eth(3, "aa0", "00:1b:21:aa:bb:01", 8);
    assert_eq!(primary_address(&[second, first]).as_deref(), Some("10.99.0.7"));
    assert_eq!(primary_address(&[]), None);
}

#[test]
fn what_the_original_skips_is_skipped() {
    let names = [
        "docker0",
        "veth1a2b",
        "br-0123",
        "tun0",
        "tap0",
        "vmnet8",
        "macvlan0",
        "ipvlan1",
        "wg0",
        "WireGuard",
        "dummy0",
        "Virtual",
        "myVPN",
        "Hyper-V",
        "vmware1",
        "VirtualBox",
        "teredo",
    ];
    for name in names {
        assert_eq!(id(&[eth(2, name, "00:1b:21:aa:bb:cc", 2)]), None, "{name}");
    }
    let good = eth(2, "eth0", "00:1b:21:aa:bb:cc", 2);
    for (why, interface) in [
        ("no address", Interface { mac: None, ..good.clone() }),
        ("loopback", Interface { loopback: true, ..good.clone() }),
        ("down", Interface { up: false, ..good.clone() }),
        ("virtual", Interface { virtual_device: true, ..good.clone() }),
        ("local", Interface { mac: Some("52:54:00:12:34:56".to_owned()), ..good.clone() }),
        ("no IPv4", Interface { ipv4: vec![], ..good.clone() }),
        ("only loopback IPv4", Interface { ipv4: vec![Ipv4Addr::LOCALHOST], ..good.clone() }),
    ] {
        assert_eq!(id(&[interface]), None, "{why}");
    }
}

#[test]
fn hardware_values_of_different_kinds_give_different_ids() {
    let value = "4c4c4544-0042-3510-8054-b4c04f4d3232";
    let uuid = from_hardware("smbios-uuid", value).unwrap();
    assert_eq!(
        from_hardware("smbios-uuid", &format!(" {}\n", value.to_uppercase())),
        Some(uuid.clone())
    );
    assert_ne!(from_hardware("machine-id", value), Some(uuid.clone()));
    assert_eq!(uuid.len(), 64);
}

#[test]
fn values_that_many_machines_share_are_no_identity() {
    for value in [
        "",
        "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        "03000200-0400-0500-0006-000700080009",
        "To be filled by O.E.M.",
        "Default string",
        "Not Settable",
        "uninitialized",
        "1234",
    ] {
        assert_eq!(from_hardware("smbios-uuid", value), None, "{value}");
    }
}
