//! What came in with an older database and would not be taken today.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::clock;
use crate::findings::Report;
use crate::model::{Machine, MachineId};

const CHECK: &str = "machines";
/// Machines that are named; more are only counted.
const NAMED: usize = 5;
/// How far in the future a report may be without a word about it.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

/// What is looked at of a machine.
pub(super) struct Looked {
    id: String,
    has_load: bool,
    has_memory: bool,
    last_seen: Option<DateTime<Utc>>,
}

impl From<&Machine> for Looked {
    fn from(machine: &Machine) -> Self {
        Self {
            id: machine.id.to_string(),
            has_load: machine.cpu_percent.is_finite(),
            has_memory: machine.memory_total_mb >= 0 && machine.memory_used_mb >= 0,
            last_seen: Some(machine.last_seen()),
        }
    }
}

impl Looked {
    /// A machine as the API shows it.
    pub(super) fn of_json(machine: &Value) -> Self {
        let at = machine["updated_at"].as_str().or(machine["created_at"].as_str());
        let at = at.and_then(|at| DateTime::parse_from_rfc3339(at).ok());
        let is_sound = |field: &str| machine[field].as_i64().is_none_or(|number| number >= 0);
        Self {
            id: machine["machine_id"].as_str().unwrap_or_default().to_owned(),
            has_load: machine["cpu_percent"].is_number(),
            has_memory: is_sound("memory_total_mb") && is_sound("memory_used_mb"),
            last_seen: at.map(|at| at.to_utc()),
        }
    }
}

pub(super) fn look(machines: &[Looked], report: &mut Report) {
    let limit = clock::now() + AHEAD;
    let before = report.findings.len();
    find(
        report,
        machines,
        |machine| !machine.has_load,
        (
            "with a load that is no number",
            "It is shown as nothing; the machine's next report mends it",
        ),
    );
    find(
        report,
        machines,
        |machine| !machine.has_memory,
        ("with memory below zero", "The machine's next report mends it"),
    );
    find(
        report,
        machines,
        |machine| MachineId::parse(&machine.id).is_err(),
        (
            "with an id that no new machine may have",
            "They go on as they are; an id has letters, digits and . _ : - only, 64 at most",
        ),
    );
    find(
        report,
        machines,
        |machine| machine.last_seen > Some(limit),
        (
            "that reported in the future",
            "This computer's clock is wrong, or was then: have it follow a time server",
        ),
    );
    if report.findings.len() == before {
        report.ok(CHECK, format!("nothing odd in {} machines", machines.len()));
    }
}

fn find(
    report: &mut Report,
    machines: &[Looked],
    is_odd: impl Fn(&Looked) -> bool,
    (found, advice): (&str, &str),
) {
    let odd: Vec<_> = machines.iter().filter(|machine| is_odd(machine)).collect();
    if odd.is_empty() {
        return;
    }
    let named = odd.iter().take(NAMED).map(|machine| machine.id.escape_debug().to_string());
    let named: Vec<_> = named.collect();
    let more = if odd.len() > NAMED { ", …" } else { "" };
    report.warn(CHECK, format!("{} {found}: {}{more}", odd.len(), named.join(", ")), advice);
}
