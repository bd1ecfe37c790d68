//! Whether a machine is alive, judged by when it was last heard of.

use chrono::{DateTime, TimeDelta, Utc};

use super::Machine;

/// Seconds between reports of an agent that does not say.
const DEFAULT_INTERVAL_S: u32 = 60;

/// How long ago a machine was last heard of, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Under three of its intervals ago.
    Online,
    /// Longer, but under [`StatusRules::late`].
    Late,
    /// Longer, but under [`StatusRules::offline`].
    Offline,
    /// Longer than that.
    Missing,
}

/// The limits between the states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRules {
    /// A machine silent for this long is no longer late but offline. Default 15 minutes.
    pub late: TimeDelta,
    /// A machine silent for this long is no longer offline but missing. Default 7 days.
    pub offline: TimeDelta,
}

impl Default for StatusRules {
    fn default() -> Self {
        Self {
            late: TimeDelta::minutes(15),
            offline: TimeDelta::days(7),
        }
    }
}

impl StatusRules {
    /// The state of a machine at `now`; `None` for manual entries, which nothing keeps alive.
    #[must_use]
    pub fn status(&self, machine: &Machine, now: DateTime<Utc>) -> Option<Status> {
        if machine.is_manual() {
            return None;
        }
        let interval_s = machine.interval_s.unwrap_or(DEFAULT_INTERVAL_S);
        let silent = now - machine.last_seen();
        Some(if silent < TimeDelta::seconds(3 * i64::from(interval_s)) {
            Status::Online
        } else if silent < self.late {
            Status::Late
        } else if silent < self.offline {
            Status::Offline
        } else {
            Status::Missing
        })
    }
}
