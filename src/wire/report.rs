//! One report of one machine, as agents send it to `POST /api/machines`.

use serde::Serialize;

/// What an agent says about its machine. Field order is the order on the wire.
///
/// Serialised, it is byte for byte what the original's agent sends for the same facts: the nine
/// fields, compact JSON; the fields below `timestamp` are left out while they are `None`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Identity: lower-case hex SHA-256, or any text of 1 to 64 characters from `[A-Za-z0-9._:-]`.
    pub machine_id: String,
    /// Host name; may be empty.
    pub hostname: String,
    /// Primary address; free text, may be empty.
    pub ip: String,
    /// `linux`, `windows`, `darwin`, or free text for manual entries.
    pub os: String,
    /// Operating system and version for people, such as `Windows 11`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// Processor load over the agent's measuring window, 0 to 100.
    pub cpu_percent: f64,
    /// Installed memory in MiB.
    pub memory_total_mb: i64,
    /// Memory in use in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_used_mb: Option<i64>,
    /// The agent's own clock, RFC 3339 in UTC. Informational: the server's clock decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Seconds between two reports of this agent, when it repeats: the base of "online".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_s: Option<u32>,
}
