//! Wrong passwords, counted so that guessing takes for ever.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::access::{Failures, User};
use crate::store::{StoreError, Transaction};

/// Wrong passwords in a row after which an account, or all names that are nobody's, has to wait.
const MOST: u32 = 10;
/// How long.
const WAIT: TimeDelta = TimeDelta::seconds(60);

/// Why somebody was not logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginError {
    /// The name or the password is wrong.
    Wrong,
    /// Too many were wrong before; after so many seconds one more is looked at.
    TooMany {
        /// Seconds to wait.
        retry_after_s: u32,
    },
    /// The store cannot say.
    Store(StoreError),
}

impl From<StoreError> for LoginError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Refuses an attempt for an account, or for a name that is nobody's, after too many wrong ones.
pub(super) fn admit(
    user: Option<&User>,
    nobody: Option<&Failures>,
    now: DateTime<Utc>,
) -> Result<(), LoginError> {
    let (count, last_at) = match user {
        Some(user) => (user.failures, user.failed_at),
        None => (nobody.map_or(0, |nobody| nobody.count), nobody.map(|nobody| nobody.last_at)),
    };
    let left = last_at.map_or(TimeDelta::zero(), |at| at + WAIT - now);
    if count < MOST || left <= TimeDelta::zero() {
        return Ok(());
    }
    let seconds = left.num_seconds().clamp(1, WAIT.num_seconds());
    Err(LoginError::TooMany { retry_after_s: u32::try_from(seconds).unwrap_or(1) })
}

/// Counts a wrong attempt.
pub(super) fn count(transaction: &mut Transaction<'_>, name: &str, now: DateTime<Utc>) {
    if let Some(user) = transaction.record_of::<User>(name) {
        let failures = user.failures.saturating_add(1);
        transaction.put_record(User { failures, failed_at: Some(now), ..(*user).clone() });
    } else {
        let nobody = transaction.record_of::<Failures>("failures");
        let count = nobody.map_or(0, |nobody| nobody.count).saturating_add(1);
        transaction.put_record(Failures { count, last_at: now });
    }
}
