//! What a store did, counted.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use super::StoreStats;

/// Counters that the writer advances and anybody may read.
#[derive(Debug, Default)]
pub(super) struct Counters {
    waiting: AtomicUsize,
    requests: AtomicU64,
    commits: AtomicU64,
    commit_bytes: AtomicU64,
    commit_us: AtomicU64,
    folds: AtomicU64,
    fold_us: AtomicU64,
    failures: AtomicU64,
}

impl Counters {
    pub(super) fn asked(&self) {
        self.waiting.fetch_add(1, Relaxed);
    }

    pub(super) fn served(&self, requests: usize) {
        self.waiting.fetch_sub(requests, Relaxed);
        self.requests.fetch_add(requests as u64, Relaxed);
    }

    pub(super) fn committed(&self, bytes: usize, took: Duration) {
        self.commits.fetch_add(1, Relaxed);
        self.commit_bytes.fetch_add(bytes as u64, Relaxed);
        self.commit_us.fetch_add(micros(took), Relaxed);
    }

    pub(super) fn folded(&self, took: Duration) {
        self.folds.fetch_add(1, Relaxed);
        self.fold_us.fetch_add(micros(took), Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    pub(super) fn stats(&self) -> StoreStats {
        let seconds = |us: &AtomicU64| Duration::from_micros(us.load(Relaxed)).as_secs_f64();
        StoreStats {
            waiting: self.waiting.load(Relaxed),
            requests: self.requests.load(Relaxed),
            commits: self.commits.load(Relaxed),
            commit_bytes: self.commit_bytes.load(Relaxed),
            commit_seconds: seconds(&self.commit_us),
            folds: self.folds.load(Relaxed),
            fold_seconds: seconds(&self.fold_us),
            failures: self.failures.load(Relaxed),
        }
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}
