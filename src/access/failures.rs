//! Wrong passwords, counted so that guessing takes for ever.
//!
//! They are counted by name, in buckets, whether somebody has the name or not; over all names; and,
//! for a browser in which the person logged in before, by that browser alone: so nobody is locked
//! out by what others type elsewhere.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};

use super::Identity;
use crate::model::access::{Browser, Failures, Kept as _, SecretHash, User, hex};
use crate::store::{StoreError, Transaction};

/// Wrong passwords in a row after which a name has to wait, …
const MOST: u32 = 10;
/// … this long for each more.
const WAIT: TimeDelta = TimeDelta::seconds(60);
/// Wrong passwords in a row, over all names, after which all have to wait, …
const MOST_OF_ALL: u32 = 200;
/// … this long for each more.
const WAIT_OF_ALL: TimeDelta = TimeDelta::seconds(1);
/// Names that share a bucket share their failures: with so many buckets, hardly ever.
const BUCKETS: u16 = 4_096;
/// The bucket of all names.
const ALL: u16 = BUCKETS;

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

/// Somebody who wants to log in.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    name: String,
    bucket: u16,
    /// The browser, when this person logged in there before.
    browser: Option<SecretHash>,
}

impl Attempt {
    /// An attempt for a name. The salt keeps others from finding names that share a bucket.
    pub(super) fn new(name: &str, salt: &[u8; 32], browser: Option<&Browser>) -> Self {
        let digest = Sha256::new_with_prefix(salt).chain_update(name).finalize();
        let bucket = u16::from_le_bytes([digest[0], digest[1]]) % BUCKETS;
        let browser = browser.filter(|browser| browser.user == name).map(|browser| browser.hash);
        Self { name: name.to_owned(), bucket, browser }
    }

    /// What failures before it are counted in.
    pub(super) fn buckets(&self) -> impl Iterator<Item = String> + use<> {
        let buckets = if self.browser.is_some() { None } else { Some([self.bucket, ALL]) };
        buckets.into_iter().flatten().map(|bucket| bucket.to_string())
    }

    /// Counts it as wrong.
    pub(super) fn failed(&self, transaction: &mut Transaction<'_>, by: &Identity) {
        let browser = self.browser.and_then(|hash| transaction.record_of::<Browser>(&hex(&hash)));
        if let Some(browser) = browser {
            let failures = browser.failures + 1;
            if failures < MOST {
                transaction.put_record(Browser { failures, ..(*browser).clone() });
            } else {
                transaction.remove_record::<Browser>(&browser.id());
            }
            return;
        }
        for bucket in [self.bucket, ALL] {
            let before = transaction.record_of::<Failures>(&bucket.to_string());
            let count = before.map_or(0, |before| before.count).saturating_add(1);
            transaction.put_record(Failures { bucket, count, last_at: by.at });
            if bucket == self.bucket && count == MOST {
                // What is nobody's name may be a password in the wrong field.
                let is_known = transaction.record_of::<User>(&self.name).is_some();
                let name = if is_known { &self.name } else { "" };
                transaction.audit(by.did("login.lock", name, None, None));
            }
        }
    }

    /// Forgets what failed before it.
    pub(super) fn succeeded(&self, transaction: &mut Transaction<'_>) {
        for bucket in [self.bucket, ALL].map(|bucket| bucket.to_string()) {
            if transaction.record_of::<Failures>(&bucket).is_some() {
                transaction.remove_record::<Failures>(&bucket);
            }
        }
    }
}

/// Refuses an attempt after too many wrong ones.
pub(super) fn admit(failures: &Failures, now: DateTime<Utc>) -> Result<(), LoginError> {
    let (most, wait) = match failures.bucket {
        ALL => (MOST_OF_ALL, WAIT_OF_ALL),
        _ => (MOST, WAIT),
    };
    let left = (failures.last_at + wait - now).min(wait);
    if failures.count < most || left <= TimeDelta::zero() {
        return Ok(());
    }
    let seconds = left.num_seconds().max(1);
    Err(LoginError::TooMany { retry_after_s: u32::try_from(seconds).unwrap_or(1) })
}
