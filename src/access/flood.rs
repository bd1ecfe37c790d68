//! New machines from those who show no token: many at the first rollout, few at once later.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Requests do not come in the order of their times; a clock that is behind by more was put back.
const PUT_BACK: TimeDelta = TimeDelta::minutes(1);

/// How many new machines are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FloodLimits {
    /// New ones without a token at once …
    pub burst: u32,
    /// … and in each minute after that.
    pub per_minute: u32,
    /// Machines in all, above which new ones need a token.
    pub most_legacy: usize,
    /// Machines in all, above which there are no new ones.
    pub most: usize,
}

impl Default for FloodLimits {
    fn default() -> Self {
        Self { burst: 25_000, per_minute: 1_000, most_legacy: 150_000, most: 250_000 }
    }
}

/// What is left of the burst.
pub(super) struct Flood {
    limits: FloodLimits,
    left: Mutex<(f64, Option<DateTime<Utc>>)>,
}

impl Flood {
    pub(super) fn new(limits: FloodLimits) -> Self {
        Self { limits, left: Mutex::new((f64::from(limits.burst), None)) }
    }

    /// Whether one more new machine is taken, where there are so many.
    pub(super) fn admits(&self, has_token: bool, machines: usize, now: DateTime<Utc>) -> bool {
        if machines >= self.limits.most {
            return false;
        }
        if has_token {
            return true;
        }
        if machines >= self.limits.most_legacy {
            return false;
        }
        let mut state = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, last) = &mut *state;
        // A clock that was put back gains nothing, and counts from there.
        let was_put_back = last.is_some_and(|last| last - now > PUT_BACK);
        let passed = last.map_or(0, |last| (now - last).num_milliseconds().max(0));
        #[expect(clippy::cast_precision_loss, reason = "a time between two reports")]
        let gained = passed as f64 / 60_000.0 * f64::from(self.limits.per_minute);
        *left = (*left + gained).min(f64::from(self.limits.burst));
        *last = if was_put_back { Some(now) } else { (*last).max(Some(now)) };
        if *left < 1.0 {
            return false;
        }
        *left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::{Flood, FloodLimits};

    #[test]
    fn after_the_burst_a_few_a_minute_are_taken() {
        let limits = FloodLimits { burst: 3, per_minute: 2, most_legacy: 10, most: 12 };
        let flood = Flood::new(limits);
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        for _ in 0..3 {
            assert!(flood.admits(false, 0, start));
        }
        assert!(!flood.admits(false, 0, start));
        assert!(flood.admits(true, 0, start), "a token exempts");
        let later = start + TimeDelta::seconds(30);
        assert!(flood.admits(false, 0, later));
        assert!(!flood.admits(false, 0, later));
        let much_later = start + TimeDelta::days(1);
        assert!(!flood.admits(false, 10, much_later));
        assert!(flood.admits(true, 11, much_later));
        assert!(!flood.admits(true, 12, much_later));
        assert!(!flood.admits(false, 9, start), "a clock that goes back gains nothing");
    }

    #[test]
    fn a_clock_that_was_put_right_does_not_end_the_gains() {
        let limits = FloodLimits { burst: 3, per_minute: 2, most_legacy: 10, most: 12 };
        let flood = Flood::new(limits);
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        for _ in 0..3 {
            assert!(flood.admits(false, 0, start + TimeDelta::days(3_650)));
        }
        assert!(!flood.admits(false, 0, start));
        assert!(!flood.admits(false, 0, start + TimeDelta::seconds(1)));
        assert!(flood.admits(false, 0, start + TimeDelta::seconds(31)));
    }
}
