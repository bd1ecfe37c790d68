//! When the next report is due. Pure: time, id and chance are arguments.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

/// Longest pause between two tries after failures.
pub const LONGEST_BACKOFF: Duration = Duration::from_secs(300);

/// Longest pause that a server's `Retry-After` can ask for.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

const FIRST_BACKOFF: Duration = Duration::from_secs(2);

/// The machine's own place in the interval, so that many machines spread evenly: below `interval`
/// and always the same for the same id.
#[must_use]
pub fn phase(machine_id: &str, interval: Duration) -> Duration {
    let digest = Sha256::digest(machine_id.as_bytes());
    let number = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    from_nanos(u128::from(number) % interval.as_nanos().max(1))
}

/// Time from `now` to the next instant whose distance from the Unix epoch is `phase` modulo
/// `interval`; above zero and at most `interval`.
#[must_use]
pub fn until_next_tick(now: DateTime<Utc>, interval: Duration, phase: Duration) -> Duration {
    let interval = interval.as_nanos().max(1);
    let since_epoch = now.timestamp_nanos_opt().and_then(|n| u128::try_from(n).ok()).unwrap_or(0);
    let into = (since_epoch % interval + interval - phase.as_nanos() % interval) % interval;
    from_nanos(interval - into)
}

/// Upper end of the pause after that many failures in a row: 2 s, 4 s, 8 s, up to 300 s.
#[must_use]
pub fn backoff_ceiling(failures: u32) -> Duration {
    let factor = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
    FIRST_BACKOFF.saturating_mul(factor).min(LONGEST_BACKOFF)
}

/// A duration below `ceiling`, each as likely as the other.
#[must_use]
pub fn uniform(ceiling: Duration) -> Duration {
    // The standard library seeds each hasher anew; nothing here is a secret.
    let chance = u128::from(RandomState::new().hash_one(0_u8));
    from_nanos(ceiling.as_nanos().saturating_mul(chance) >> 64)
}

fn from_nanos(nanoseconds: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn ticks_fall_on_the_phase_of_the_machine() {
        let phase = Duration::from_secs(17);
        for (now, seconds) in [(0, 17), (16, 1), (17, 60), (18, 59), (76, 1), (77, 60)] {
            let now = DateTime::from_timestamp(now, 0).unwrap();
            assert_eq!(until_next_tick(now, MINUTE, phase), Duration::from_secs(seconds));
        }
    }

    #[test]
    fn phases_spread_over_the_interval_and_stay() {
        let phases: Vec<Duration> =
            (0..1000).map(|number| phase(&format!("machine-{number}"), MINUTE)).collect();
        assert!(phases.iter().all(|phase| *phase < MINUTE));
        for tenth in 0..10 {
            let range = Duration::from_secs(tenth * 6)..Duration::from_secs(tenth * 6 + 6);
            let inside = phases.iter().filter(|phase| range.contains(*phase)).count();
            assert!((50..150).contains(&inside), "{inside} of 1000 in {range:?}");
        }
        assert_eq!(phase("machine-7", MINUTE), phases[7]);
    }

    #[test]
    fn pauses_grow_to_five_minutes() {
        let seconds: Vec<u64> =
            (1..=10).map(|failures| backoff_ceiling(failures).as_secs()).collect();
        assert_eq!(seconds, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(backoff_ceiling(u32::MAX), LONGEST_BACKOFF);
    }

    #[test]
    fn chance_stays_below_its_ceiling_and_varies() {
        let drawn: Vec<Duration> = (0..200).map(|_| uniform(MINUTE)).collect();
        assert!(drawn.iter().all(|pause| *pause < MINUTE));
        assert!(drawn.iter().any(|pause| *pause < MINUTE / 4));
        assert!(drawn.iter().any(|pause| *pause > MINUTE / 4 * 3));
    }
}
