//! What is remembered of logins, so that guessing takes for ever and locks nobody out.

use chrono::{DateTime, Utc};

use super::SecretHash;

/// Wrong passwords in a row for the names of one bucket. Names are counted in buckets whether
/// somebody has them or not, so that nothing tells the ones from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// Which bucket.
    pub bucket: u16,
    /// How many.
    pub count: u32,
    /// The last one.
    pub last_at: DateTime<Utc>,
}

/// A browser in which somebody logged in before: wrong passwords typed elsewhere do not lock it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browser {
    /// Of what its cookie holds.
    pub hash: SecretHash,
    /// Who logged in.
    pub user: String,
    /// The last login.
    pub used_at: DateTime<Utc>,
    /// Wrong passwords in a row, typed there.
    pub failures: u32,
}
