//! Reports that were refused, counted: for want of a token, by where they came from; and because
//! their machine signs its reports, by machine.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use ipnet::IpNet;

use super::Access;
use crate::model::MachineId;
use crate::model::access::{Kept as _, RefusedSource};
use crate::store::{self, Pace, StoreError, Transaction, transact};

/// Sources told apart; more are counted together.
const SOURCES: usize = 1_000;
/// Machines told apart.
const MACHINES: usize = 10_000;

/// The counts.
#[derive(Default)]
pub(super) struct Refused {
    by_network: Mutex<HashMap<IpNet, Counted>>,
    by_machine: Mutex<HashMap<MachineId, u64>>,
}

/// What came from a network.
#[derive(Clone)]
struct Counted {
    /// Since this server was started.
    source: RefusedSource,
    /// As many of them are in the store.
    kept: u64,
}

impl Refused {
    /// Counts a report that came without a token, and answers how many came from there.
    pub(super) fn count(&self, peer: IpAddr, now: DateTime<Utc>) -> RefusedSource {
        let mut by_network = self.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        let mut network = network_of(peer);
        if by_network.len() >= SOURCES && !by_network.contains_key(&network) {
            network = everywhere(network);
        }
        let source = RefusedSource { network, reports: 0, last_at: now };
        let counted = by_network.entry(network).or_insert(Counted { source, kept: 0 });
        counted.source.reports += 1;
        counted.source.last_at = now;
        counted.source.clone()
    }

    /// Counts a report without a signature of a machine that signs its own, and answers how many
    /// there were since the server was started.
    pub(super) fn count_unsigned(&self, machine: &MachineId) -> u64 {
        let mut by_machine = self.by_machine.lock().unwrap_or_else(PoisonError::into_inner);
        if by_machine.len() >= MACHINES && !by_machine.contains_key(machine) {
            by_machine.clear();
        }
        let count = by_machine.entry(machine.clone()).or_default();
        *count += 1;
        *count
    }

    /// What the store does not have yet.
    fn pending(&self) -> Vec<RefusedSource> {
        let by_network = self.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        let news = by_network.values().filter(|counted| counted.source.reports > counted.kept);
        let news = news.map(|counted| RefusedSource {
            reports: counted.source.reports - counted.kept,
            ..counted.source.clone()
        });
        news.collect()
    }

    /// The store has these now.
    fn keep(&self, kept: &[RefusedSource]) {
        let mut by_network = self.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        for source in kept {
            if let Some(counted) = by_network.get_mut(&source.network) {
                counted.kept += source.reports;
            }
        }
    }
}

impl Access {
    /// Counts a report that was refused for want of a token.
    pub fn count_refused(&self, peer: IpAddr, now: DateTime<Utc>) -> RefusedSource {
        self.inner.refused.count(peer, now)
    }

    /// Where such reports came from in the last 30 days, to whichever server, the most first.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot say.
    pub async fn refused_sources(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Vec<RefusedSource>, StoreError> {
        let kept = store::records::<RefusedSource>(self.store()).await?;
        let kept = kept.iter().filter(|source| !source.is_gone(now));
        let mut sources: HashMap<_, _> =
            kept.map(|source| (source.network, (**source).clone())).collect();
        for news in self.inner.refused.pending() {
            let source = sources.remove(&news.network);
            sources.insert(news.network, sum(source.as_ref(), news));
        }
        let mut sources: Vec<_> = sources.into_values().collect();
        sources.sort_by_key(|source| (std::cmp::Reverse(source.reports), source.network));
        Ok(sources)
    }

    /// Keeps what was counted since the last time, and forgets what is old.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept; then the next time keeps it.
    pub async fn keep_refused(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let news = self.inner.refused.pending();
        let kept = store::records::<RefusedSource>(self.store()).await?;
        if news.is_empty() && !kept.iter().any(|source| source.is_gone(now)) {
            return Ok(());
        }
        let counted = news.clone();
        transact(self.store(), Pace::AtOnce, move |transaction| {
            for source in transaction.records_of::<RefusedSource>() {
                if source.is_gone(now) {
                    transaction.remove_record::<RefusedSource>(&source.id());
                }
            }
            for source in &counted {
                let source =
                    RefusedSource { network: place(transaction, source), ..source.clone() };
                let before = transaction.record_of::<RefusedSource>(&source.id());
                transaction.put_record(sum(before.as_deref(), source));
            }
            Ok(())
        })
        .await?;
        self.inner.refused.keep(&news);
        Ok(())
    }
}

fn sum(before: Option<&RefusedSource>, news: RefusedSource) -> RefusedSource {
    let Some(before) = before else { return news };
    let reports = before.reports.saturating_add(news.reports);
    RefusedSource { reports, last_at: before.last_at.max(news.last_at), ..news }
}

/// Where a source is counted in the store, which does not grow without end either.
fn place(transaction: &Transaction<'_>, source: &RefusedSource) -> IpNet {
    let is_known = transaction.record_of::<RefusedSource>(&source.id()).is_some();
    let is_full = !is_known && transaction.records_of::<RefusedSource>().len() >= SOURCES;
    if is_full { everywhere(source.network) } else { source.network }
}

/// The network that an address is likely to be managed with.
#[must_use]
pub fn network_of(peer: IpAddr) -> IpNet {
    let peer = peer.to_canonical();
    let prefix = if peer.is_ipv4() { 24 } else { 64 };
    IpNet::new(peer, prefix).map_or(IpNet::from(peer), |network| network.trunc())
}

fn everywhere(network: IpNet) -> IpNet {
    IpNet::new(network.addr(), 0).map_or(network, |network| network.trunc())
}
