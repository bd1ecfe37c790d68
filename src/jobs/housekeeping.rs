//! What has to be kept, and what may be forgotten, from time to time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::inventory::Inventory;

/// Time between two rounds.
const ROUND: Duration = Duration::from_secs(60);
/// Time between two looks for old entries of the audit log.
const SWEEP: TimeDelta = TimeDelta::hours(24);

/// Keeps the counts of refused reports, and forgets what the audit log holds for too long. Servers
/// that share an inventory may all do so.
#[derive(Debug, Clone, Copy)]
pub struct Housekeeping {
    /// Days that the audit log goes back; `None` for ever.
    pub audit_days: Option<u16>,
    /// The clock.
    pub now: fn() -> DateTime<Utc>,
}

impl Housekeeping {
    /// Goes on until the server stops, and does its part once more then.
    pub async fn run(self, access: Access, inventory: Inventory, shutdown: CancellationToken) {
        let mut swept = None;
        let mut round = tokio::time::interval(ROUND);
        round.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let goes_on = shutdown.run_until_cancelled(round.tick()).await.is_some();
            let now = (self.now)();
            if let Err(error) = access.keep_refused(now).await {
                tracing::debug!(%error, "the counts of refused reports are kept later");
            }
            if !goes_on {
                return;
            }
            if swept.is_none_or(|at| now - at >= SWEEP) && self.sweep(&inventory, now).await {
                swept = Some(now);
            }
        }
    }

    /// Whether nothing old is left in the audit log.
    async fn sweep(self, inventory: &Inventory, now: DateTime<Utc>) -> bool {
        let Some(days) = self.audit_days else { return true };
        let forgotten = inventory.forget_audit(now - TimeDelta::days(days.into())).await;
        if let Err(error) = &forgotten {
            tracing::debug!(%error, "the audit log is swept later");
        }
        forgotten.is_ok()
    }
}
