//! What has to be kept, and what may be forgotten, from time to time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::inventory::Inventory;

/// Time between two rounds.
const ROUND: Duration = Duration::from_secs(60);
/// Time between two looks for old entries of the audit log.
const SWEEP: TimeDelta = TimeDelta::hours(24);
/// A clock that moves by so much more or less than the time that passes was put forward or back.
const STEP: TimeDelta = TimeDelta::hours(1);
/// After so long without a sign of life, the server was out of use, or its clock is wrong.
const UNUSED: TimeDelta = TimeDelta::days(30);
/// How long a clock that may be wrong is given to be put right, before something is forgotten by it.
const DOUBT: TimeDelta = TimeDelta::hours(24);

/// Keeps the counts of refused reports, and forgets what the audit log holds for too long. Servers
/// that share an inventory may all do so.
#[derive(Debug, Clone, Copy)]
pub struct Housekeeping {
    /// Days that the audit log goes back; `None` for ever.
    pub audit_days: Option<u16>,
    /// The clock.
    pub now: fn() -> DateTime<Utc>,
}

/// Whether what the clock says is enough to forget something.
#[derive(Debug, Default)]
struct Trust {
    /// What it said at the last look.
    last: Option<DateTime<Utc>>,
    /// How much longer it is doubted.
    doubt: TimeDelta,
}

impl Trust {
    /// Looks at the clock, so long after the last look. Without one before, the last sign of life is all
    /// that it can be held against.
    fn is_earned(
        &mut self,
        now: DateTime<Utc>,
        passed: TimeDelta,
        last_sign: Option<DateTime<Utc>>,
    ) -> bool {
        let moved = match (self.last, last_sign) {
            (Some(last), _) => (now - last - passed).abs() > STEP,
            (None, Some(sign)) => now - sign > UNUSED,
            (None, None) => false,
        };
        self.last = Some(now);
        self.doubt = (self.doubt - passed).max(TimeDelta::zero());
        if moved {
            self.doubt = DOUBT;
            tracing::warn!(
                %now,
                "the clock was moved, or is wrong; nothing is removed from the audit log for a day: \
                 look whether the time is right"
            );
        }
        self.doubt.is_zero()
    }
}

impl Housekeeping {
    /// Goes on until the server stops, and does its part once more then.
    pub async fn run(self, access: Access, inventory: Inventory, shutdown: CancellationToken) {
        let (mut trust, mut swept) = (Trust::default(), None::<Instant>);
        let mut looked = Instant::now();
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
            let last_sign = match trust.last {
                None => match inventory.last_sign().await {
                    Ok(last_sign) => last_sign,
                    Err(_) => continue,
                },
                Some(_) => None,
            };
            let passed = span(looked.elapsed());
            looked = Instant::now();
            let is_due = swept.is_none_or(|at| span(at.elapsed()) >= SWEEP);
            if trust.is_earned(now, passed, last_sign)
                && is_due
                && self.sweep(&inventory, now).await
            {
                swept = Some(Instant::now());
            }
        }
    }

    /// Whether nothing old is left in the audit log.
    async fn sweep(self, inventory: &Inventory, now: DateTime<Utc>) -> bool {
        let Some(days) = self.audit_days else { return true };
        let forgotten = inventory.forget_audit(now - TimeDelta::days(days.into()), now).await;
        if let Err(error) = &forgotten {
            tracing::debug!(%error, "the audit log is swept later");
        }
        forgotten.is_ok()
    }
}

fn span(time: Duration) -> TimeDelta {
    TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::{DateTime, TimeDelta, Trust, Utc};

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    #[test]
    fn a_clock_that_was_moved_is_not_believed_for_a_day() {
        let (minute, year) = (TimeDelta::minutes(1), TimeDelta::days(365));
        for moved in [year, -year, TimeDelta::hours(2), TimeDelta::hours(-2)] {
            let mut trust = Trust::default();
            let mut now = noon();
            assert!(trust.is_earned(now, TimeDelta::zero(), None));
            now += minute;
            assert!(trust.is_earned(now, minute, None));
            now += minute + moved;
            for minutes in 0..1_440 {
                assert!(!trust.is_earned(now, minute, None), "{moved} {minutes}");
                now += minute;
            }
            assert!(trust.is_earned(now, minute, None), "{moved}");
        }
    }

    #[test]
    fn a_clock_that_is_put_right_by_little_is_believed() {
        let mut trust = Trust::default();
        for seconds in [0, 60, 1_800, 1_000, 61] {
            let now = noon() + TimeDelta::seconds(seconds);
            assert!(trust.is_earned(now, TimeDelta::minutes(1), None), "{seconds}");
        }
    }

    #[test]
    fn a_start_long_after_the_last_sign_of_life_is_doubted() {
        for (days, expected) in [(-400, true), (0, true), (29, true), (31, false), (4_000, false)] {
            let sign = Some(noon() - TimeDelta::days(days));
            let earned = Trust::default().is_earned(noon(), TimeDelta::zero(), sign);
            assert_eq!(earned, expected, "{days}");
        }
    }
}
