//! What a person is known by, and what leads to the first one.

use chrono::{DateTime, TimeDelta, Utc};

use super::{SecretHash, hex};

/// How long a session may be unused.
const IDLE: TimeDelta = TimeDelta::hours(12);
/// How long it lasts at most.
const LONGEST: TimeDelta = TimeDelta::days(7);

/// A person at a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Of what the browser's cookie holds.
    pub hash: SecretHash,
    /// Whose.
    pub user: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Last use, exact to a few minutes.
    pub used_at: DateTime<Utc>,
    /// Where the person came from when the session began.
    pub peer: String,
}

impl Session {
    /// What it is called where it must not be shown whole.
    #[must_use]
    pub fn label(&self) -> String {
        hex(&self.hash)[..16].to_owned()
    }

    /// Whether it no longer counts. One from the future was begun by a wrong clock, and would live for
    /// as long as that was wrong.
    #[must_use]
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        let counts = |since: DateTime<Utc>, most| (-IDLE..most).contains(&(now - since));
        !counts(self.used_at, IDLE) || !counts(self.created_at, LONGEST)
    }
}

/// A link that admits an admin, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupLink {
    /// Of the link's secret.
    pub hash: SecretHash,
    /// Until when it counts.
    pub expires_at: DateTime<Utc>,
}

/// How the store came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Founding {
    /// When this program first used it.
    pub at: DateTime<Utc>,
    /// Whether it held nothing then.
    pub was_fresh: bool,
    /// Random, and known to nobody outside.
    pub salt: [u8; 32],
}
