//! Reports to test with.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tatuscan::model::{HumanFields, MachineId, Proof, Report, SectionHash, SectionName};
use tatuscan::store::Section;

/// A moment to count from.
pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-23T12:00:00Z").unwrap().to_utc()
}

/// A report of machine `id`, received `seconds` after noon.
pub(crate) fn report(id: &str, seconds: i64) -> Report {
    Report {
        id: MachineId::stored(id),
        hostname: format!("host-{id}").into(),
        ip: "10.0.0.1".into(),
        os: "linux".into(),
        os_version: Some("Debian GNU/Linux 12 (bookworm)".into()),
        cpu_percent: 12.5,
        memory_total_mb: 8192,
        memory_used_mb: Some(1024),
        interval_s: None,
        proof: Proof::Legacy,
        human: HumanFields::default(),
        agent_version: None,
        sections: Vec::new(),
        received_at: noon() + TimeDelta::seconds(seconds),
    }
}

/// A section of this content, received `seconds` after noon.
pub(crate) fn section(name: SectionName, content: &str, seconds: i64) -> Arc<Section> {
    let hash =
        content.bytes().fold(7_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
    let hash = SectionHash::parse(&format!("{hash:x}")).unwrap();
    let received_at = noon() + TimeDelta::seconds(seconds);
    Arc::new(Section::new(name, hash, received_at, content).unwrap())
}

/// The body of a report of machine `id`.
pub(crate) fn body(id: &str) -> serde_json::Value {
    serde_json::json!({
        "machine_id": id, "hostname": format!("host-{id}"), "ip": "10.0.0.1", "os": "linux",
        "os_version": "Debian GNU/Linux 12 (bookworm)", "cpu_percent": 12.5,
        "memory_total_mb": 8192, "memory_used_mb": 1024
    })
}
