//! Backups that servers take by themselves.

use chrono::{DateTime, TimeDelta, Utc};

/// After this long a backup that did not end is taken for dead, and one that failed is tried again.
const AGAIN: TimeDelta = TimeDelta::minutes(15);

/// The last backup that a server took by itself, whichever of those that share the inventory, and
/// the last good one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupRun {
    /// When it was begun.
    pub begun_at: DateTime<Utc>,
    /// By which server.
    pub server: String,
    /// When it ended; `None` while it goes on, and when its server ended first.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it failed; while it goes on, why the one before failed.
    pub error: Option<String>,
    /// The moment that the last good one is of.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// The length of the last good one, in bytes.
    pub bytes: u64,
}

impl BackupRun {
    /// When the next one is due, of those that are taken so often.
    #[must_use]
    pub fn next_at(&self, every: TimeDelta) -> DateTime<Utc> {
        match (self.ended_at, &self.error) {
            (Some(_), None) => self.begun_at + every,
            (Some(ended_at), Some(_)) => ended_at + every.min(AGAIN),
            (None, _) => self.begun_at + every.min(AGAIN),
        }
    }

    /// Whether the next one is due. One that was begun in the future was begun by a wrong clock.
    #[must_use]
    pub fn is_due(&self, every: TimeDelta, now: DateTime<Utc>) -> bool {
        now >= self.next_at(every) || self.begun_at > now
    }
}
