//! Which addresses count as near.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// The networks that old agents may report from.
#[derive(Debug, Clone, Default)]
pub struct Networks {
    own: Vec<IpNet>,
    admitted: Vec<IpNet>,
}

impl Networks {
    /// The private ones, those of this machine's links, and those that are admitted by name.
    #[must_use]
    pub fn new(own: Vec<IpNet>, admitted: Vec<IpNet>) -> Self {
        Self { own, admitted }
    }

    /// Whether an address is in one of them. An IPv4 address in IPv6 form is that IPv4 address.
    #[must_use]
    pub fn hold(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_not_global(address)
            || self.own.iter().chain(&self.admitted).any(|network| network.contains(&address))
    }
}

fn is_not_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_loopback() || address.is_private() || address.is_link_local()
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// The networks of this machine's own links.
#[must_use]
pub fn own_networks() -> Vec<IpNet> {
    let Ok(addresses) = nix::ifaddrs::getifaddrs() else { return Vec::new() };
    addresses
        .filter_map(|link| {
            let (address, mask) = (link.address?, link.netmask?);
            let ip = |storage: nix::sys::socket::SockaddrStorage| -> Option<IpAddr> {
                let v4 = storage.as_sockaddr_in().map(|at| IpAddr::V4(at.ip()));
                v4.or_else(|| storage.as_sockaddr_in6().map(|at| IpAddr::V6(at.ip())))
            };
            let prefix = match ip(mask)? {
                IpAddr::V4(mask) => prefix(u128::from(u32::from(mask)) << 96),
                IpAddr::V6(mask) => prefix(u128::from(mask)),
            };
            network(ip(address)?, prefix)
        })
        .collect()
}

fn prefix(mask: u128) -> u8 {
    u8::try_from(mask.leading_ones()).unwrap_or(128)
}

/// The network of a link; none for one that would hold everything.
fn network(address: IpAddr, prefix: u8) -> Option<IpNet> {
    let is_unset = address == IpAddr::V4(Ipv4Addr::UNSPECIFIED)
        || address == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    if prefix < 8 || is_unset {
        return None;
    }
    Some(IpNet::new(address, prefix).ok()?.trunc())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::Networks;

    #[test]
    fn private_addresses_are_near_however_they_are_written() {
        let own = vec!["203.0.113.0/24".parse().unwrap()];
        let networks = Networks::new(own, vec!["2001:db8:1::/48".parse().unwrap()]);
        let holds = |text: &str| networks.hold(text.parse::<IpAddr>().unwrap());
        for near in [
            "127.0.0.1",
            "::1",
            "::ffff:10.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.1.1",
            "fe80::1",
            "fd00::1",
            "203.0.113.9",
            "::ffff:203.0.113.9",
            "2001:db8:1::7",
        ] {
            assert!(holds(near), "{near}");
        }
        for far in
            ["8.8.8.8", "::ffff:8.8.8.8", "172.32.0.1", "100.64.0.1", "2001:db8:2::1", "0.0.0.0"]
        {
            assert!(!holds(far), "{far}");
        }
    }
}
