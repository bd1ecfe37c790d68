//! One report of one machine, as agents send it to `POST /api/machines`.

use serde::{Deserialize, Serialize};

use super::sections::SectionHashes;

/// What an agent says about its machine. Unknown fields are ignored, so that a newer agent can
/// report to an older server.
//
// Field order is the order on the wire. Serialised, it is byte for byte what the original's agent
// sends for the same facts: compact JSON, optional fields left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[cfg_attr(feature = "server", oai(example))]
pub struct Report {
    /// Identity: lower-case hex SHA-256 of the machine's physical MAC addresses, or any text of
    /// 1 to 64 characters from `[A-Za-z0-9._:-]`.
    #[cfg_attr(feature = "server", oai(validator(pattern = "^[A-Za-z0-9._:-]{1,64}$")))]
    pub machine_id: String,
    /// Host name; may be empty, cut at 100 characters.
    pub hostname: String,
    /// Primary address; free text, may be empty, cut at 45 characters.
    pub ip: String,
    /// `linux`, `windows`, `darwin`, or free text for manual entries; cut at 100 characters.
    pub os: String,
    /// Operating system and version for people, such as `Windows 11`; cut at 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", oai(nullable))]
    pub os_version: Option<String>,
    /// Processor load in percent over the agent's measuring window; clamped to 0 to 100.
    pub cpu_percent: f64,
    /// Installed memory in MiB.
    #[cfg_attr(feature = "server", oai(validator(minimum(value = "0"))))]
    pub memory_total_mb: i64,
    /// Memory in use in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", oai(nullable, validator(minimum(value = "0"))))]
    pub memory_used_mb: Option<i64>,
    /// The agent's own clock, RFC 3339. Informational, not read: the server's clock decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", oai(nullable))]
    pub timestamp: Option<String>,
    /// Seconds between two reports of this agent, when it repeats: the base of "online". Brought
    /// between 1 and 86400.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", oai(nullable, validator(minimum(value = "0"))))]
    pub interval_s: Option<u32>,
    /// Make and model; kept only while no model is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", oai(nullable))]
    pub computer_model: Option<String>,
    /// When the computer went into use; kept only while no such date is known. RFC 3339,
    /// `YYYY-MM-DD`, `DD/MM/YYYY` or epoch seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", oai(nullable))]
    pub computer_activation: Option<String>,
    /// Days in use; kept only while no such number is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "server",
        oai(nullable, validator(minimum(value = "0"), maximum(value = "2147483647")))
    )]
    pub activation_days: Option<i32>,
    /// The agent's version, such as `0.2.0`; at most 30 characters are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", oai(nullable))]
    pub agent_version: Option<String>,
    /// The id of the machine that this one's disk was copied from. Informational, not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", oai(nullable))]
    pub cloned_from: Option<String>,
    /// The hashes of the sections that the agent has, by their names: the answer says in `want` which of
    /// them the server does not have. Names that the server does not know are ignored.
    #[serde(skip_serializing_if = "SectionHashes::is_empty")]
    #[cfg_attr(feature = "server", oai(default))]
    pub sections: SectionHashes,
}

#[cfg(feature = "server")]
impl poem_openapi::types::Example for Report {
    fn example() -> Self {
        Self {
            machine_id: "b151a34bbc369886058cd96579b5356b29a47fb9bd81bf1bcef4189046a7c65e".into(),
            hostname: "lab-01-pc07".into(),
            ip: "10.1.7.7".into(),
            os: "linux".into(),
            os_version: Some("Debian GNU/Linux 12 (bookworm)".into()),
            cpu_percent: 12.5,
            memory_total_mb: 16068,
            memory_used_mb: Some(4211),
            timestamp: Some("2026-11-23T07:24:37Z".into()),
            interval_s: Some(60),
            ..Self::default()
        }
    }
}
