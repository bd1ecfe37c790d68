//! Failures by name: what the client is told, the log explains.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::StatusCode;

/// How long the same cause is the same incident: a full disk refuses hundreds of reports a second,
/// and one line says it.
const SAME_FOR: Duration = Duration::from_secs(60);

struct Latest {
    number: u64,
    cause: String,
    at: Instant,
}

/// The id of a failure with this cause; logged when it is a new one.
pub(super) fn incident(status: StatusCode, cause: &str) -> String {
    static LATEST: LazyLock<Mutex<Latest>> = LazyLock::new(|| {
        let number = RandomState::new().hash_one("incident");
        Mutex::new(Latest { number, cause: String::new(), at: Instant::now() })
    });
    let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    let is_new = latest.cause != cause || latest.at.elapsed() > SAME_FOR;
    if is_new {
        let number = latest.number.wrapping_add(1);
        *latest = Latest { number, cause: cause.to_owned(), at: Instant::now() };
    }
    let id = format!("{:012x}", latest.number & 0xffff_ffff_ffff);
    drop(latest);
    if is_new {
        tracing::error!(incident = %id, status = status.as_u16(), cause, "a request failed");
    }
    id
}
