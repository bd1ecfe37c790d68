//! What the targets have in common: a moment, fields, machines, and what no text may have in it.

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use tatuscan::model::{
    Asked, AssetEdit, CustomField, CustomKind, HumanEdit, Labels, Machine, StatusRules,
};
use tatuscan::wire::{Presenter, parse_report};

/// The zone of every target. Its clocks went forwards and backwards.
pub const ZONE: Tz = Tz::America__Cuiaba;

/// When it is, always.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

/// A field of each kind.
pub static FIELDS: LazyLock<Vec<Arc<CustomField>>> = LazyLock::new(|| {
    let choices = ["R1", "R2", "a, b"].map(Into::into).to_vec();
    let kinds = [
        ("text", CustomKind::Text),
        ("number", CustomKind::Number),
        ("date", CustomKind::Date),
        ("yes", CustomKind::YesNo),
        ("rack", CustomKind::Choice(choices)),
    ];
    let field = |(order, (key, kind)): (i32, (&str, CustomKind))| {
        let labels = Labels { en: Some(format!("My {key}").into()), ..Labels::default() };
        Arc::new(CustomField { key: key.into(), kind, labels, order })
    };
    (0..).zip(kinds).map(field).collect()
});

/// What words mean then and there.
pub fn asked() -> Asked<'static> {
    Asked { now: now(), zone: ZONE, rules: StatusRules::default(), fields: &FIELDS }
}

/// Shows machines then and there.
pub fn presenter() -> Presenter {
    Presenter { zone: ZONE, now: now(), rules: StatusRules::default() }
}

/// The machine of a plain report.
pub fn machine() -> Machine {
    let body = br#"{"machine_id":"lab-01","hostname":"lab-01-pc07","ip":"10.1.7.7","os":"linux",
        "os_version":"Debian 12","cpu_percent":12.5,"memory_total_mb":16068,"memory_used_mb":4211,
        "interval_s":60,"agent_version":"0.2.0"}"#;
    Machine::first_seen(parse_report(body, ZONE, now()).unwrap())
}

/// Machines of which more and more is known.
pub static MACHINES: LazyLock<Vec<Machine>> = LazyLock::new(|| {
    let body = br#"{"computer_model":"Dell OptiPlex 7090","computer_activation":"2024-02-20",
        "activation_days":3,"tags":["lab","-x"],"notes":"a\nb","site":"Campus Norte","owner":"Ana",
        "building":"B","room":"1","asset_number":"004512","lifecycle":"stock",
        "purchase_date":"2024-01-08","warranty_end_date":"2027-01-07",
        "custom":{"text":"x","number":1.5,"date":"2024-01-08","yes":true,"rack":"R1"}}"#;
    let edit = tatuscan::wire::parse_edit(body, ZONE, &FIELDS).unwrap();
    let asset = AssetEdit { lifecycle: Some(Default::default()), ..AssetEdit::default() };
    let retired = HumanEdit { asset, ..HumanEdit::default() };
    let mut elsewhere = machine().edited(&edit).edited(&retired);
    elsewhere.ip = "fe80::1%eth0".into();
    elsewhere.updated_at = Some(now());
    vec![machine(), machine().edited(&edit), elsewhere]
});

/// Fails for a text with a character that could forge a line, steer a terminal or turn a name around.
/// Lines may end where `has_lines`.
#[track_caller]
pub fn assert_harmless(text: &str, has_lines: bool) {
    let is_harmful = |c: char| {
        let is_end = has_lines && matches!(c, '\n' | '\t');
        !is_end && c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    assert!(!text.contains(is_harmful), "{text:?}");
}
