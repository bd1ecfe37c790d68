//! Browsers in which people logged in before.

use super::Secret;
use crate::model::access::{Browser, Kept as _, User};
use crate::store::Transaction;

/// Browsers that are remembered for each person.
const MOST: usize = 20;

/// Remembers that a person logged in: in a browser that is known, or in a new one, whose secret is
/// its cookie from then on.
pub(super) fn note(
    transaction: &mut Transaction<'_>,
    user: &User,
    known: Option<&Browser>,
    secret: &Secret,
    now: chrono::DateTime<chrono::Utc>,
) {
    let hash = known.map_or_else(|| secret.hash(), |browser| browser.hash);
    transaction.put_record(Browser { hash, user: user.name.clone(), used_at: now, failures: 0 });
    let mut browsers = transaction.records_of::<Browser>();
    browsers.retain(|browser| browser.user == user.name);
    browsers.sort_by_key(|browser| std::cmp::Reverse(browser.used_at));
    for oldest in browsers.iter().skip(MOST) {
        transaction.remove_record::<Browser>(&oldest.id());
    }
}

/// Forgets the browsers of a person.
pub(super) fn forget(transaction: &mut Transaction<'_>, name: &str) {
    for browser in transaction.records_of::<Browser>() {
        if browser.user == name {
            transaction.remove_record::<Browser>(&browser.id());
        }
    }
}
