//! A report, from the bytes to what is shown of it.

use serde_json::{Map, Value, json};
use tatuscan::model::{HOSTNAME_CHARS, IP_CHARS, MODEL_CHARS, Machine, OS_CHARS, Report, clean};
use tatuscan::wire::{self, BadBody, parse_report};

use crate::sample::{self, ZONE, assert_harmless, now};

pub fn run(data: &[u8]) {
    let report = match parse_report(data, ZONE, now()) {
        Ok(report) => report,
        Err(BadBody(why)) => return assert_harmless(&why, false),
    };
    let texts = [
        (&report.hostname, HOSTNAME_CHARS),
        (&report.ip, IP_CHARS),
        (&report.os, OS_CHARS),
        (report.os_version.as_ref().unwrap_or(&report.os), OS_CHARS),
        (report.human.computer_model.as_ref().unwrap_or(&report.os), MODEL_CHARS),
    ];
    for (text, most) in texts {
        assert_harmless(text, false);
        assert!(text.chars().count() <= most, "{text:?}");
        assert_eq!(clean(text, most), *text);
    }
    assert!((0.0..=100.0).contains(&report.cpu_percent) && report.memory_total_mb >= 0);

    // Written down as it was understood it is the same report.
    assert_eq!(parse_report(&written(&report), ZONE, now()).unwrap(), report);
    // So it is as the agent keeps and sends it, where the agent could have written it.
    if let Ok(kept) = serde_json::from_slice::<wire::Report>(data) {
        let sent = serde_json::to_vec(&kept).unwrap();
        assert_eq!(parse_report(&sent, ZONE, now()).unwrap(), report, "{kept:?}");
    }

    let presenter = sample::presenter();
    let first = Machine::first_seen(report.clone());
    for machine in [first.reported(report), first] {
        let shown = serde_json::to_string(&presenter.machine(&machine)).unwrap();
        let again: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(again["hostname"], machine.hostname.as_str());
        let activation = again["computer_activation"].as_str();
        let read = activation.map(|at| at.parse().unwrap());
        assert_eq!(read, machine.human.computer_activation);
    }
}

/// The body of a report that says this.
fn written(report: &Report) -> Vec<u8> {
    let hashes = report.sections.iter().map(|(name, hash)| (name.name().to_owned(), hash));
    let hashes: Map<_, _> = hashes.map(|(name, hash)| (name, hash.to_string().into())).collect();
    let activation = report.human.computer_activation.map(|at| at.to_rfc3339());
    let body = json!({
        "machine_id": report.id.as_str(),
        "hostname": &*report.hostname,
        "ip": &*report.ip,
        "os": &*report.os,
        "os_version": report.os_version.as_deref(),
        "cpu_percent": report.cpu_percent,
        "memory_total_mb": report.memory_total_mb,
        "memory_used_mb": report.memory_used_mb,
        "interval_s": report.interval_s,
        "computer_model": report.human.computer_model.as_deref(),
        "computer_activation": activation,
        "activation_days": report.human.activation_days,
        "agent_version": report.agent_version.as_deref(),
        "sections": hashes,
    });
    serde_json::to_vec(&body).unwrap()
}
