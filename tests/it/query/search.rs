//! Searches, each beside a closure that says in the simplest way what it means.

use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::*;
use tatuscan::model::{CustomField, CustomKind, CustomValue, Labels, Lifecycle, Machine, Proof};

use super::{age_days, model, status_name};
use crate::support::machines::noon;

type Meaning = fn(&Machine) -> bool;

/// Conditions as they are written, and what they mean.
const CONDITIONS: &[(&str, Meaning)] = &[
    ("lab", |m| anywhere(m, "lab")),
    ("10.1", |m| anywhere(m, "10.1")),
    ("dell", |m| anywhere(m, "dell")),
    ("m1", |m| anywhere(m, "m1")),
    ("cao", |m| m.hostname == "ção"),
    ("AÇÃO", |_| false),
    ("\"windows 11\"", |m| anywhere(m, "windows 11")),
    ("\"11 windows\"", |_| false),
    ("\"os:windows\"", |_| false),
    ("hostname:1", |m| m.hostname.contains('1')),
    ("hostname:=LAB-1,ifmt", |m| ["lab-1", "ifmt-7"].contains(&&*m.hostname.to_lowercase())),
    ("hostname:\"\"", |m| m.hostname.is_empty()),
    ("os:win", |m| m.os.to_lowercase() == "windows"),
    ("os:dows", |_| false),
    ("os:linux,\"\"", |m| m.os == "linux" || m.os.is_empty()),
    ("version:debian", |m| m.os_version.to_lowercase().starts_with("debian")),
    ("version:\"s 11\",9", |m| ["Windows 11", "debian 9"].contains(&&*m.os_version)),
    ("model:g6", |m| model(m) == Some("HP G6")),
    ("model:20xw1,=20xw2", |m| ["20XW1", "20XW2"].map(Some).contains(&model(m))),
    ("no:model", |m| model(m).is_none()),
    ("has:model,age", |m| model(m).is_some() || age_days(m).is_some()),
    ("manufacturer:=lenovo", |m| m.hardware.manufacturer.as_deref() == Some("LENOVO")),
    ("maker:sao", |m| m.hardware.manufacturer.as_deref() == Some("São Inc.")),
    ("serial:pf-3,=pf-4x", |m| {
        ["PF-3X", "PF-4X"].map(Some).contains(&m.hardware.serial.as_deref())
    }),
    ("no:serial", |m| m.hardware.serial.is_none()),
    ("uuid:4544-3", |m| m.hardware.uuid.as_deref() == Some("4c4c4544-3")),
    ("user:joao", |m| m.hardware.logged_in.iter().any(|user| user == "João")),
    ("user:=last-1,bea", |m| {
        let last = m.hardware.last_user.as_deref();
        last == Some("last-1") || m.hardware.logged_in.iter().any(|user| user == "bea")
    }),
    ("agent:0.2,0.1", |m| m.hardware.agent_version.is_some()),
    ("agent:=0.2.0", |m| m.hardware.agent_version.as_deref() == Some("0.2.0")),
    ("no:agent", |m| m.hardware.agent_version.is_none()),
    ("mac:AA-03", |m| m.hardware.macs.iter().any(|mac| mac == "00:1b:21:aa:03:cc")),
    ("mac:001b.21aa.02cc", |m| m.hardware.macs.iter().any(|mac| mac == "00:1b:21:aa:02:cc")),
    ("00-1B-21-AA-01-CC", |m| m.hardware.macs.iter().any(|mac| mac == "00:1b:21:aa:01:cc")),
    ("has:mac", |m| !m.hardware.macs.is_empty()),
    ("pf-3x", |m| anywhere(m, "pf-3x")),
    ("ip:10.1.0.0/16,10.3", |m| m.ip.starts_with("10.1.") || m.ip.starts_with("10.3.")),
    ("ip:10.1.0.9..10.2.0.5", |m| {
        let last = || m.ip.rsplit('.').next().unwrap().parse::<u8>().unwrap();
        (m.ip.starts_with("10.1.") && last() >= 9) || (m.ip.starts_with("10.2.") && last() <= 5)
    }),
    ("id:M1", |m| m.id.as_str().starts_with("m1")),
    ("id:=m1,=m17", |m| ["m1", "m17"].contains(&m.id.as_str())),
    ("mac:00:1b:21:aa:bb:cc", |_| false),
    ("memory:<4g", |m| (1..4096).contains(&m.memory_total_mb)),
    ("memory:2g..8g", |m| (2048..=8192).contains(&m.memory_total_mb)),
    ("memory:8g", |m| (7680..8704).contains(&m.memory_total_mb)),
    ("memory:>=16384m", |m| m.memory_total_mb >= 16384),
    ("no:memory", |m| m.memory_total_mb == 0),
    ("is:online", |m| status_name(m) == "online"),
    ("status:late,manual", |m| ["late", "manual"].contains(&status_name(m))),
    ("seen:>7d", |m| noon() - m.last_seen() > TimeDelta::days(7)),
    ("seen:<1h", |m| noon() - m.last_seen() <= TimeDelta::hours(1)),
    // The 23rd in Cuiabá, four hours behind, began at 04:00.
    ("seen:2026-11-23", |m| noon() - m.last_seen() <= TimeDelta::hours(8)),
    ("created:<2026-11-20", |m| noon() - m.created_at > TimeDelta::hours(80)),
    ("age:>60mo", |m| age_days(m).is_some_and(|days| days as f64 / 30.42 >= 60.0)),
    ("age:none,future", |m| age_days(m).is_none_or(|days| days < 0)),
    ("tag:LAB", |m| m.human.asset.tags.iter().any(|tag| tag.to_lowercase() == "lab")),
    ("tag:büro,SERVER", |m| {
        m.human.asset.tags.iter().any(|tag| ["büro", "server"].contains(&&**tag))
    }),
    ("tag:lab,\"\"", |m| {
        let tags = &m.human.asset.tags;
        tags.is_empty() || tags.iter().any(|tag| tag.to_lowercase() == "lab")
    }),
    ("site:sao", |m| m.human.asset.site.as_deref() == Some("SÃO João")),
    ("owner:=norte", |m| m.human.asset.owner.as_deref() == Some("Norte")),
    ("lifecycle:stock,retired", |m| {
        matches!(m.human.asset.lifecycle, Lifecycle::Stock | Lifecycle::Retired)
    }),
    ("proof:legacy,signature", |m| {
        m.proof != Proof::Token && !["manual", "retired"].contains(&status_name(m))
    }),
    ("status:retired", |m| m.human.asset.lifecycle == Lifecycle::Retired),
    ("\"7 loud\"", |m| m.human.asset.notes.as_deref() == Some("fan 7\nloud")),
    ("has:notes", |m| m.human.asset.notes.is_some()),
    ("warranty:expired", |m| days_left(m).is_some_and(|days| days < 0)),
    ("warranty:<90d", |m| days_left(m).is_some_and(|days| (0..90).contains(&days))),
    ("warranty:>=2027", |m| days_left(m).is_some_and(|days| days >= 39)),
    ("custom.rack:3,=r-5", |m| {
        [CustomValue::Text("R-3".into()), CustomValue::Text("R-5".into())]
            .iter()
            .any(|value| m.human.asset.custom.get("rack") == Some(value))
    }),
    ("custom.watts:>=1.5", |m| match m.human.asset.custom.get("watts") {
        Some(CustomValue::Number(watts)) => *watts >= 1.5,
        _ => false,
    }),
    ("no:custom.rack", |m| m.human.asset.custom.get("rack").is_none()),
    ("activated:>2026-11-13", |m| age_days(m).is_some_and(|days| days < 10)),
];

fn days_left(machine: &Machine) -> Option<i64> {
    let end = machine.human.asset.warranty_end_date;
    end.map(|end| (end - noon().date_naive()).num_days())
}

/// The fields that [`CONDITIONS`] name.
pub(super) fn custom_fields() -> Vec<Arc<CustomField>> {
    [("rack", CustomKind::Text), ("watts", CustomKind::Number)]
        .map(|(key, kind)| (key.into(), kind))
        .map(|(key, kind)| Arc::new(CustomField { key, kind, labels: Labels::default(), order: 0 }))
        .into()
}

fn anywhere(machine: &Machine, part: &str) -> bool {
    let kept = &machine.human.asset;
    let custom = kept.custom.iter().map(|(_, value)| match value {
        CustomValue::Text(text) => text.to_string(),
        CustomValue::Number(number) => number.to_string(),
        _ => String::new(),
    });
    let hardware = &machine.hardware;
    let optional = [&kept.site, &kept.owner, &kept.notes, &hardware.manufacturer, &hardware.serial];
    let others = [&hardware.uuid, &hardware.agent_version, &hardware.last_user];
    let texts = [&machine.hostname, &machine.ip, &machine.os, &machine.os_version];
    texts
        .into_iter()
        .chain(optional.into_iter().chain(others).flatten())
        .chain(kept.tags.iter().chain(&hardware.macs).chain(&hardware.logged_in))
        .map(ToString::to_string)
        .chain(model(machine).map(ToString::to_string))
        .chain([machine.id.to_string()])
        .chain(custom)
        .any(|text| text.to_lowercase().contains(part))
}

/// A search: conditions by number, and whether each is negated.
#[derive(Debug, Clone)]
pub(super) struct Search(Vec<(usize, bool)>);

pub(super) fn any_search() -> impl Strategy<Value = Search> {
    let condition = (0..CONDITIONS.len(), prop::bool::weighted(0.3));
    prop::collection::vec(condition, 0..4).prop_map(Search)
}

impl Search {
    pub(super) fn is_met(&self, machine: &Machine) -> bool {
        self.0.iter().all(|&(number, is_negated)| CONDITIONS[number].1(machine) != is_negated)
    }
}

impl std::fmt::Display for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|&(number, is_negated)| {
            write!(f, " {}{}", if is_negated { "-" } else { "" }, CONDITIONS[number].0)
        })
    }
}
