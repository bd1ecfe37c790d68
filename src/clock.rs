//! The one place that reads the wall clock. Everything else takes time as an argument.

use chrono::{DateTime, SubsecRound, Utc};

/// The current instant, cut to microseconds: what every store can keep and the API shows.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}
