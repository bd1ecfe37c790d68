//! A machine as rows: the original's thirteen columns, and what we add as JSON.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value as Json;

use super::dialect::Dialect;
use super::value::{Row, Value};
use crate::model::{Asset, Hardware, HumanFields, Machine, MachineId, Proof, Text, clean};
use crate::store::precision::Precision;
use crate::store::{asset, hardware};

/// The columns of the original's table.
pub(super) const COLUMNS: [&str; 13] = [
    "machine_id",
    "hostname",
    "ip",
    "os",
    "os_version",
    "cpu_percent",
    "memory_total_mb",
    "memory_used_mb",
    "updated_at",
    "created_at",
    "computer_model",
    "computer_activation",
    "activation_days",
];
/// Of these, the ones that a report sets.
pub(super) const REPORTED: &[&str] = {
    let (reported, _) = COLUMNS.split_at(9);
    let (_, reported) = reported.split_at(1);
    reported
};

/// What is known of a machine beyond the original's columns.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Details {
    interval_s: Option<u32>,
    proof: Proof,
    asset: Asset,
    /// Without the sections, which are in a table of their own.
    hardware: Hardware,
}

/// The values of [`COLUMNS`].
pub(super) fn values(machine: &Machine, dialect: Dialect, zone: Tz) -> [Value; 13] {
    let time = |at: Option<DateTime<Utc>>| dialect.time(at, zone);
    let [model, activation, days] = human_values(&machine.human, dialect, zone);
    [
        Value::text(machine.id.as_str()),
        Value::text(&machine.hostname),
        Value::text(&machine.ip),
        Value::text(&machine.os),
        Value::text(&machine.os_version),
        Value::Real(Some(machine.cpu_percent)),
        Value::Integer(Some(machine.memory_total_mb)),
        Value::Integer(Some(machine.memory_used_mb)),
        time(machine.updated_at),
        time(Some(machine.created_at)),
        model,
        activation,
        days,
    ]
}

/// The values of the last three of [`COLUMNS`].
pub(super) fn human_values(human: &HumanFields, dialect: Dialect, zone: Tz) -> [Value; 3] {
    [
        Value::Text(human.computer_model.as_ref().map(ToString::to_string)),
        dialect.time(human.computer_activation, zone),
        // The column is a 32-bit one: PostgreSQL takes the wider number as an expression.
        Value::Integer(human.activation_days.map(i64::from)),
    ]
}

/// Whether the last three of [`COLUMNS`] differ.
pub(super) fn human_differs(before: &HumanFields, after: &HumanFields) -> bool {
    let columns = |human: &HumanFields| HumanFields { asset: Asset::default(), ..human.clone() };
    columns(before) != columns(after)
}

/// The machine of a row of [`COLUMNS`]. Whatever the original let in is taken as it is, without
/// what could do harm where it is shown.
pub(super) fn machine(row: Row, zone: Tz, precision: Precision) -> Option<Machine> {
    let [
        id,
        hostname,
        ip,
        os,
        version,
        cpu,
        total,
        used,
        updated,
        created,
        model,
        activation,
        days,
    ] = <[Value; 13]>::try_from(row).ok()?;
    let text = |value: Value| clean(&value.into_text().unwrap_or_default(), usize::MAX);
    let time = |value: Value| Dialect::into_time(value, zone);
    let updated_at = time(updated);
    Some(Machine {
        id: MachineId::stored(&id.into_text()?),
        hostname: text(hostname),
        ip: text(ip),
        os: text(os),
        os_version: text(version),
        cpu_percent: precision.load(cpu.into_real().unwrap_or(f64::NAN)),
        memory_total_mb: total.into_integer().unwrap_or(0),
        memory_used_mb: used.into_integer().unwrap_or(0),
        interval_s: None,
        proof: Proof::default(),
        human: HumanFields {
            computer_model: Some(text(model)).filter(|model: &Text| !model.is_empty()),
            computer_activation: time(activation),
            activation_days: days.into_integer().and_then(|days| i32::try_from(days).ok()),
            asset: Asset::default(),
        },
        hardware: Hardware::default(),
        created_at: time(created).or(updated_at).unwrap_or(DateTime::UNIX_EPOCH),
        updated_at,
    })
}

impl Details {
    pub(super) fn of(machine: &Machine) -> Self {
        let asset = machine.human.asset.clone();
        let hardware = machine.hardware.with_sections(&[]);
        Self { interval_s: machine.interval_s, proof: machine.proof, asset, hardware }
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn to_json(&self) -> String {
        let mut map = asset::to_map(&self.asset);
        if let Some(seconds) = self.interval_s {
            map.insert("interval_s".into(), seconds.into());
        }
        if self.proof != Proof::default() {
            map.insert("proof".into(), self.proof.name().into());
        }
        if let Some(hardware) = hardware::to_map(&self.hardware) {
            map.insert("hardware".into(), Json::Object(hardware));
        }
        Json::Object(map).to_string()
    }

    /// What cannot be read is not known.
    pub(super) fn from_json(text: &str) -> Self {
        let mut map = asset::object(text).unwrap_or_default();
        let interval = map.remove("interval_s").as_ref().and_then(Json::as_u64);
        let interval_s = interval.and_then(|seconds| u32::try_from(seconds).ok());
        let proof = map.remove("proof").as_ref().and_then(Json::as_str).and_then(Proof::of);
        let hardware = map.remove("hardware");
        Self {
            interval_s,
            proof: proof.unwrap_or_default(),
            hardware: hardware.as_ref().map(hardware::from_value).unwrap_or_default(),
            asset: asset::from_map(map),
        }
    }

    pub(super) fn complete(self, machine: &mut Machine) {
        machine.interval_s = self.interval_s;
        machine.proof = self.proof;
        machine.human.asset = self.asset;
        machine.hardware = self.hardware;
    }
}
