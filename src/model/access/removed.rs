//! Machines that were removed and can be brought back.

use std::sync::Arc;

use chrono::{DateTime, Days, Utc};

use crate::model::Machine;

/// How long a removed machine can be brought back.
pub const RECOVERABLE: Days = Days::new(30);

/// A machine that somebody removed.
#[derive(Debug, Clone, PartialEq)]
pub struct RemovedMachine {
    /// As it was.
    pub machine: Arc<Machine>,
    /// When it was removed.
    pub removed_at: DateTime<Utc>,
    /// By whom, as in [`super::AuditEntry::actor`].
    pub removed_by: String,
}

impl RemovedMachine {
    /// Whether it is too old to be brought back.
    #[must_use]
    pub fn is_gone(&self, now: DateTime<Utc>) -> bool {
        self.removed_at.checked_add_days(RECOVERABLE).is_some_and(|end| end <= now)
    }
}
