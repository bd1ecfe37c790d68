//! Whether a machine is alive, judged by when it was last heard of.

use chrono::{DateTime, TimeDelta, Utc};

use super::Machine;

/// Seconds between reports of an agent that does not say.
const DEFAULT_INTERVAL_S: u32 = 60;

/// How long ago a machine was last heard of, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Under [`StatusRules::late`] ago.
    Online,
    /// Longer, but under [`StatusRules::offline`].
    Late,
    /// Longer, but under [`StatusRules::missing`].
    Offline,
    /// Longer than that.
    Missing,
}

/// Why a machine has no state: nothing keeps it alive, and nobody waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exempt {
    /// Entered by hand.
    Manual,
    /// Taken out of use.
    Retired,
}

impl Status {
    /// The state of a name in questions, in any case, or the reason to have none.
    #[must_use]
    pub fn named(name: &str) -> Option<Result<Self, Exempt>> {
        Some(match name.to_ascii_lowercase().as_str() {
            "online" => Ok(Self::Online),
            "late" => Ok(Self::Late),
            "offline" => Ok(Self::Offline),
            "missing" => Ok(Self::Missing),
            "manual" => Err(Exempt::Manual),
            "retired" => Err(Exempt::Retired),
            _ => return None,
        })
    }
}

/// What the state of a machine is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liveness {
    /// The last time the machine was heard of.
    pub last_seen: DateTime<Utc>,
    /// Seconds between two reports, when the agent says so.
    pub interval_s: Option<u32>,
    /// Why it has no state.
    pub exempt: Option<Exempt>,
}

/// Lengths of silence after which the state of a machine changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRules {
    /// From here on it is late; `None` is three of the machine's own intervals.
    pub late: Option<TimeDelta>,
    /// From here on it is offline. Default 15 minutes.
    pub offline: TimeDelta,
    /// From here on it is missing. Default 7 days.
    pub missing: TimeDelta,
}

impl Default for StatusRules {
    fn default() -> Self {
        Self { late: None, offline: TimeDelta::minutes(15), missing: TimeDelta::days(7) }
    }
}

impl StatusRules {
    /// The state of a machine at `now`; `None` for manual entries and what was taken out of use.
    #[must_use]
    pub fn status(&self, machine: &Machine, now: DateTime<Utc>) -> Option<Status> {
        self.judge(&machine.liveness(), now).ok()
    }

    /// The state of a machine of which this is known.
    ///
    /// # Errors
    /// Why it has none.
    pub fn judge(&self, liveness: &Liveness, now: DateTime<Utc>) -> Result<Status, Exempt> {
        if let Some(exempt) = liveness.exempt {
            return Err(exempt);
        }
        let interval_s = liveness.interval_s.unwrap_or(DEFAULT_INTERVAL_S);
        let late = self.late.unwrap_or(TimeDelta::seconds(3 * i64::from(interval_s)));
        let silent = now - liveness.last_seen;
        Ok(if silent < late {
            Status::Online
        } else if silent < self.offline {
            Status::Late
        } else if silent < self.missing {
            Status::Offline
        } else {
            Status::Missing
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{DateTime, Exempt, Machine, Status, StatusRules, TimeDelta};
    use crate::model::{HumanFields, Lifecycle, MachineId, Proof, Report, Text};

    fn machine(interval_s: Option<u32>) -> Machine {
        Machine::first_seen(Report {
            id: MachineId::stored("m"),
            hostname: Text::default(),
            ip: "10.0.0.1".into(),
            os: "linux".into(),
            os_version: None,
            cpu_percent: 0.0,
            memory_total_mb: 1,
            memory_used_mb: None,
            interval_s,
            proof: Proof::Legacy,
            human: HumanFields::default(),
            agent_version: None,
            sections: Vec::new(),
            received_at: DateTime::UNIX_EPOCH,
        })
    }

    #[test]
    fn a_machine_is_online_for_three_of_its_intervals_and_then_goes_by_the_clock() {
        use Status::{Late, Missing, Offline, Online};
        let rules = StatusRules::default();
        for (interval_s, silent_s, expected) in [
            (None, 179, Online),
            (None, 180, Late),
            (None, 899, Late),
            (None, 900, Offline),
            (None, 604_799, Offline),
            (None, 604_800, Missing),
            (Some(10), 30, Late),
            (Some(3600), 10_799, Online),
            (Some(3600), 10_800, Offline),
        ] {
            let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(silent_s);
            let status = rules.status(&machine(interval_s), now);
            assert_eq!(status, Some(expected), "{interval_s:?} {silent_s}");
        }
    }

    #[test]
    fn manual_entries_and_retired_machines_have_no_state() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(400);
        let rules = StatusRules::default();
        let manual = Machine { ip: "0.0.0.0".into(), memory_total_mb: 0, ..machine(None) };
        assert_eq!(rules.judge(&manual.liveness(), now), Err(Exempt::Manual));
        let mut used = manual;
        for (lifecycle, expected) in
            [(Lifecycle::Stock, Err(Exempt::Manual)), (Lifecycle::Retired, Err(Exempt::Retired))]
        {
            used.human.asset = used.human.asset.with(|fields| fields.lifecycle = lifecycle);
            assert_eq!(rules.judge(&used.liveness(), now), expected);
            assert_eq!(rules.status(&used, now), None);
        }
        used.ip = "10.0.0.1".into();
        assert_eq!(rules.judge(&used.liveness(), now), Err(Exempt::Retired));
        used.human.asset = used.human.asset.with(|fields| fields.lifecycle = Lifecycle::Repair);
        assert_eq!(rules.status(&used, now), Some(Status::Missing));
    }
}
