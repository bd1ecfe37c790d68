mod errors;
mod finding;
mod syntax;

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::*;
use crate::model::{
    AssetFields, CustomField, CustomKind, CustomValue, HumanFields, Labels, Lifecycle, Machine,
    MachineId, Proof, Report, StatusRules,
};

/// Fields that an admin defined.
static CUSTOM: LazyLock<Vec<Arc<CustomField>>> = LazyLock::new(|| {
    [
        ("rack", CustomKind::Text),
        ("watts", CustomKind::Number),
        ("checked", CustomKind::Date),
        ("leased", CustomKind::YesNo),
        ("state", CustomKind::Choice(vec!["Novo".into(), "Seminovo".into(), "Péssimo".into()])),
    ]
    .map(|(key, kind)| CustomField { key: key.into(), kind, labels: Labels::default(), order: 0 })
    .map(Arc::new)
    .into()
});

fn asked() -> Asked<'static> {
    let now = DateTime::parse_from_rfc3339("2026-11-23T16:00:00Z").unwrap().to_utc();
    Asked { now, zone: Tz::America__Cuiaba, rules: StatusRules::default(), fields: &CUSTOM }
}

fn kept() -> AssetFields {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    AssetFields {
        tags: vec!["Laboratório".into(), "to do".into()],
        notes: Some("noisy fan\ncheck in May".into()),
        site: Some("Campus Norte".into()),
        building: Some("B".into()),
        room: Some("12".into()),
        owner: Some("Ana Souza".into()),
        asset_number: Some("10422".into()),
        lifecycle: Lifecycle::Stock,
        purchase_date: Some(day("2021-05-03")),
        warranty_end_date: Some(day("2026-12-31")),
        custom: [
            ("rack", CustomValue::Text("R-7 Álvaro".into())),
            ("watts", CustomValue::Number(12.5)),
            ("checked", CustomValue::Date(day("2026-03-01"))),
            ("leased", CustomValue::YesNo(true)),
            ("state", CustomValue::Text("Novo".into())),
        ]
        .map(|(key, value)| (key.into(), value))
        .into_iter()
        .collect(),
        later: None,
    }
}

/// A machine that was last heard of 8 days ago.
fn machine() -> Machine {
    let now = asked().now;
    let report = Report {
        id: MachineId::stored(&values::id_of_mac("00:1b:21:aa:bb:cc").unwrap()),
        hostname: "LAB-01-pc07".into(),
        ip: "10.1.7.7".into(),
        os: "Windows".into(),
        os_version: Some("Windows 11 Pro Educação".into()),
        cpu_percent: 1.0,
        memory_total_mb: 7856,
        memory_used_mb: None,
        interval_s: None,
        proof: Proof::Legacy,
        human: HumanFields {
            computer_model: Some("Dell \"7090\", mini=x".into()),
            computer_activation: Some(now - TimeDelta::days(2000)),
            activation_days: Some(1999),
            ..HumanFields::default()
        },
        agent_version: None,
        sections: Vec::new(),
        received_at: now - TimeDelta::days(100),
    };
    let seen = Report { received_at: now - TimeDelta::days(8), ..report.clone() };
    let mut machine = Machine::first_seen(report).reported(seen);
    machine.human.asset = kept().into();
    machine
}

/// One that people entered by hand and that nothing is known of.
fn bare() -> Machine {
    let report = Report {
        id: MachineId::stored("A:b"),
        hostname: "pc 2".into(),
        ip: "0.0.0.0".into(),
        os: "".into(),
        os_version: None,
        cpu_percent: 0.0,
        memory_total_mb: 0,
        memory_used_mb: None,
        interval_s: None,
        proof: Proof::Legacy,
        human: HumanFields::default(),
        agent_version: None,
        sections: Vec::new(),
        received_at: asked().now - TimeDelta::minutes(1),
    };
    Machine::first_seen(report)
}

fn finds(search: &str, machine: &Machine) -> bool {
    Search::parse(search, &asked()).unwrap_or_else(|e| panic!("{search}: {e}")).finds(machine)
}
