//! From how much silence on a machine counts as late, offline and missing.

use std::time::Duration;

use super::{ConfigError, duration};

/// Length of silence after which a machine's status changes; `offline` is not above `missing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusThresholds {
    /// From here on it is late; `None` is three of the machine's own intervals.
    pub late: Option<Duration>,
    /// From here on it is offline.
    pub offline: Duration,
    /// From here on it is missing.
    pub missing: Duration,
}

impl StatusThresholds {
    /// Checks three durations; a missing one is its default.
    pub(super) fn parse(
        late: Option<String>,
        offline: Option<String>,
        missing: Option<String>,
    ) -> Result<Self, ConfigError> {
        let parse = |setting: &str, text: Option<String>| {
            let Some(text) = text else { return Ok(None) };
            let problem = match duration::parse(&text) {
                Ok(Duration::ZERO) => "is no time at all",
                Ok(silence) => return Ok(Some(silence)),
                Err(problem) => problem,
            };
            let advice = "Write a number with its unit, such as 15m, 12h or 7d";
            Err(ConfigError::new(setting, &text, problem, advice))
        };
        let late = parse("TATUSCAN_LATE (--late)", late)?;
        let minutes = Duration::from_secs(15 * 60);
        let week = Duration::from_secs(7 * 24 * 60 * 60);
        let offline = parse("TATUSCAN_OFFLINE (--offline)", offline)?.unwrap_or(minutes);
        let missing = parse("TATUSCAN_MISSING (--missing)", missing)?.unwrap_or(week);
        if late.is_some_and(|late| late > offline) || offline > missing {
            return Err(ConfigError::text(format!(
                "TATUSCAN_LATE, TATUSCAN_OFFLINE ({offline:?}) and TATUSCAN_MISSING ({missing:?}) must \
             grow in this order: a machine is late first, then offline, then missing",
            )));
        }
        Ok(Self { late, offline, missing })
    }
}
