//! A report that passed every check.

use chrono::{DateTime, Utc};

use super::{HumanFields, MachineId, Proof, SectionHash, SectionName, Text};

/// One report of one machine: checked, cleaned, and stamped with the time it came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Identity.
    pub id: MachineId,
    /// Host name; may be empty.
    pub hostname: Text,
    /// Primary address; free text, may be empty.
    pub ip: Text,
    /// Operating system.
    pub os: Text,
    /// Operating system and version for people; `None` keeps what is known.
    pub os_version: Option<Text>,
    /// Processor load in percent, 0 to 100.
    pub cpu_percent: f64,
    /// Installed memory in MiB, not negative.
    pub memory_total_mb: i64,
    /// Memory in use in MiB, not negative; `None` keeps what is known.
    pub memory_used_mb: Option<i64>,
    /// Seconds between two reports, when the agent repeats.
    pub interval_s: Option<u32>,
    /// What the report proves of its sender.
    pub proof: Proof,
    /// Human fields that the report carries; they fill only what is empty.
    pub human: HumanFields,
    /// The version of the agent; `None` keeps what is known.
    pub agent_version: Option<Text>,
    /// The sections that the agent has, and their hashes.
    pub sections: Vec<(SectionName, SectionHash)>,
    /// When the server received the report. The agent's own clock decides nothing.
    pub received_at: DateTime<Utc>,
}
