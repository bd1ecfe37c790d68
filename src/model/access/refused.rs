//! Where reports were refused.

use chrono::{DateTime, Days, Utc};
use ipnet::IpNet;

/// How long a source is remembered that sends nothing any more.
const REMEMBERED: Days = Days::new(30);

/// Where reports came from that were refused for want of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedSource {
    /// The network: what TATUSCAN_LEGACY_CIDRS would have to hold to admit it.
    pub network: IpNet,
    /// How many reports.
    pub reports: u64,
    /// The last one.
    pub last_at: DateTime<Utc>,
}

impl RefusedSource {
    /// Whether nothing came from there for so long that nobody needs to know.
    #[must_use]
    pub fn is_gone(&self, now: DateTime<Utc>) -> bool {
        self.last_at.checked_add_days(REMEMBERED).is_some_and(|end| end <= now)
    }
}
