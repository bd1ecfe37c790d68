//! Reports that were refused for want of a token, by where they came from.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use ipnet::IpNet;

/// Sources told apart; more are counted together.
const SOURCES: usize = 1_000;

/// Where refused reports came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedSource {
    /// The network: what TATUSCAN_LEGACY_CIDRS would have to hold to admit it.
    pub network: IpNet,
    /// Reports refused since the server was started.
    pub reports: u64,
    /// The last one.
    pub last_at: DateTime<Utc>,
}

/// The counts.
#[derive(Default)]
pub(super) struct Refused {
    by_network: Mutex<HashMap<IpNet, RefusedSource>>,
}

impl Refused {
    /// Counts one, and answers how many came from there.
    pub(super) fn count(&self, peer: IpAddr, now: DateTime<Utc>) -> RefusedSource {
        let mut by_network = self.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        let mut network = network_of(peer);
        if by_network.len() >= SOURCES && !by_network.contains_key(&network) {
            network = everywhere(peer);
        }
        let source = by_network.entry(network).or_insert(RefusedSource {
            network,
            reports: 0,
            last_at: now,
        });
        source.reports += 1;
        source.last_at = now;
        source.clone()
    }

    pub(super) fn sources(&self) -> Vec<RefusedSource> {
        let by_network = self.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sources: Vec<_> = by_network.values().cloned().collect();
        sources.sort_by_key(|source| (std::cmp::Reverse(source.reports), source.network));
        sources
    }
}

/// The network that an address is likely to be managed with.
pub(super) fn network_of(peer: IpAddr) -> IpNet {
    let peer = peer.to_canonical();
    let prefix = if peer.is_ipv4() { 24 } else { 64 };
    IpNet::new(peer, prefix).map_or(IpNet::from(peer), |network| network.trunc())
}

fn everywhere(peer: IpAddr) -> IpNet {
    IpNet::new(peer.to_canonical(), 0).map_or(IpNet::from(peer), |network| network.trunc())
}
