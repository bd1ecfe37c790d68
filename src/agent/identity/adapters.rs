//! Which network adapters of Windows make the identity, as the original's agent chose them.

use super::{Interface, from_macs, is_globally_administered, is_virtual_name};

/// A row of `Win32_NetworkAdapter`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adapter {
    /// `Name`, such as `Intel(R) Ethernet Connection I219-LM`.
    pub name: String,
    /// `MACAddress` as WMI spells it: upper-case hex with colons, on some drivers with dashes.
    pub mac: Option<String>,
    /// `NetEnabled`; `None` where WMI has no value for it.
    pub net_enabled: Option<bool>,
    /// `PhysicalAdapter`; `None` where WMI has no value for it.
    pub physical: Option<bool>,
}

impl Adapter {
    fn accepted_mac(&self) -> Option<String> {
        let mac = self.mac.as_deref()?.replace('-', ":");
        let is_accepted = !is_virtual_name(&self.name)
            && self.net_enabled != Some(false)
            && self.physical != Some(false)
            && is_globally_administered(&mac);
        is_accepted.then_some(mac)
    }
}

/// The id of a Windows machine: SHA-256, lower hex, of the accepted adapters' addresses as WMI spells
/// them, sorted and joined with `|`. Where there is none, of those of the interfaces that are up, in
/// lower case; an address of the network is not needed. `None` when there are none either.
#[must_use]
pub fn from_adapters(adapters: &[Adapter], interfaces: &[Interface]) -> Option<String> {
    let of_adapters: Vec<String> = adapters.iter().filter_map(Adapter::accepted_mac).collect();
    from_macs(of_adapters).or_else(|| {
        let accepted = interfaces.iter().filter(|interface| {
            interface.up && !interface.loopback && !is_virtual_name(&interface.name)
        });
        let macs = accepted.filter_map(|interface| interface.mac.as_deref());
        from_macs(macs.filter(|mac| is_globally_administered(mac)).map(str::to_lowercase).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(name: &str, mac: &str) -> Adapter {
        Adapter { name: name.into(), mac: Some(mac.into()), ..Adapter::default() }
    }

    fn interface(name: &str, mac: &str) -> Interface {
        Interface { name: name.into(), mac: Some(mac.into()), up: true, ..Interface::default() }
    }

    /// `printf 00:1B:21:AA:BB:CC | sha256sum`, and the recorded id of the same in lower case.
    const UPPER: &str = "584ee230a82705d340ab54219bfffc7a451c0a8d2a469a220aeac0bcf3c5ac10";
    const LOWER: &str = "b151a34bbc369886058cd96579b5356b29a47fb9bd81bf1bcef4189046a7c65e";
    /// Of `00:1B:21:AA:BB:01|00:1B:21:AA:BB:CC`.
    const BOTH: &str = "3c757dba75c51367d6f030106dc5838926ca424c54331f6b18359683f0a0ed2b";

    #[test]
    fn addresses_stay_in_upper_case_and_are_sorted_with_colons() {
        let one = adapter("Intel(R) Ethernet", "00:1B:21:AA:BB:CC");
        assert_eq!(from_adapters(std::slice::from_ref(&one), &[]).as_deref(), Some(UPPER));
        let two = adapter("Realtek", "00-1B-21-AA-BB-01");
        for adapters in [[one.clone(), two.clone()], [two, one]] {
            assert_eq!(from_adapters(&adapters, &[]).as_deref(), Some(BOTH));
        }
    }

    #[test]
    fn virtual_disabled_and_invented_adapters_do_not_count() {
        let real = adapter("Intel(R) Ethernet", "00:1B:21:AA:BB:CC");
        let others = [
            adapter("Hyper-V Virtual Ethernet Adapter", "00:15:5D:00:00:01"),
            adapter("TAP-Windows Adapter V9", "00:FF:00:00:00:01"),
            adapter("Microsoft Wi-Fi Direct", "02:1B:21:AA:BB:CD"),
            Adapter { net_enabled: Some(false), ..adapter("Realtek", "00:1B:21:AA:BB:01") },
            Adapter { physical: Some(false), ..adapter("WAN Miniport", "00:1B:21:AA:BB:01") },
            Adapter { mac: None, ..adapter("Realtek", "") },
            adapter("Realtek", ""),
        ];
        for other in others {
            assert_eq!(from_adapters(std::slice::from_ref(&other), &[]), None, "{other:?}");
            assert_eq!(from_adapters(&[real.clone(), other], &[]).as_deref(), Some(UPPER));
        }
        let told = Adapter { net_enabled: Some(true), physical: Some(true), ..real };
        assert_eq!(from_adapters(&[told], &[]).as_deref(), Some(UPPER));
    }

    #[test]
    fn without_adapters_the_interfaces_count_in_lower_case() {
        let real = interface("Ethernet", "00:1b:21:aa:bb:cc");
        let dropped = adapter("Hyper-V", "00:15:5D:00:00:01");
        assert_eq!(from_adapters(&[dropped], std::slice::from_ref(&real)).as_deref(), Some(LOWER));
        for other in [
            Interface { up: false, ..real.clone() },
            Interface { loopback: true, ..real.clone() },
            Interface { mac: None, ..real.clone() },
            interface("vEthernet VPN", "00:1b:21:aa:bb:cc"),
            interface("Ethernet", "02:1b:21:aa:bb:cc"),
        ] {
            assert_eq!(from_adapters(&[], &[other]), None);
        }
    }
}
