//! Machines as they are kept.

use bincode::{BorrowDecode, Encode};
use chrono::{DateTime, Utc};

use super::seal::{BadValue, FIRST, WITH_ASSET, WITH_HARDWARE, WITH_PROOF, open, seal};
use crate::model::{Asset, Hardware, HumanFields, Machine, MachineId, Proof};
use crate::store::{asset, hardware};

/// A machine as it is kept. Times are microseconds since 1970.
#[derive(Debug, Encode, BorrowDecode)]
pub(super) struct MachineRow<'a> {
    id: &'a str,
    hostname: &'a str,
    ip: &'a str,
    os: &'a str,
    os_version: &'a str,
    cpu_percent: f64,
    memory_total_mb: i64,
    memory_used_mb: i64,
    interval_s: Option<u32>,
    computer_model: Option<&'a str>,
    computer_activation_us: Option<i64>,
    activation_days: Option<i32>,
    created_us: i64,
    updated_us: Option<i64>,
}

impl<'a> From<&'a Machine> for MachineRow<'a> {
    fn from(machine: &'a Machine) -> Self {
        Self {
            id: machine.id.as_str(),
            hostname: &machine.hostname,
            ip: &machine.ip,
            os: &machine.os,
            os_version: &machine.os_version,
            cpu_percent: machine.cpu_percent,
            memory_total_mb: machine.memory_total_mb,
            memory_used_mb: machine.memory_used_mb,
            interval_s: machine.interval_s,
            computer_model: machine.human.computer_model.as_deref(),
            computer_activation_us: machine
                .human
                .computer_activation
                .map(|at| at.timestamp_micros()),
            activation_days: machine.human.activation_days,
            created_us: machine.created_at.timestamp_micros(),
            updated_us: machine.updated_at.map(|at| at.timestamp_micros()),
        }
    }
}

impl MachineRow<'_> {
    /// The machine with its asset, as JSON or empty, the code of its proof, and its hardware, as JSON
    /// or empty; `None` when one of them cannot be read.
    pub(super) fn with(&self, asset: &str, proof: u8, hardware: &str) -> Option<Machine> {
        let asset = if asset.is_empty() { Asset::default() } else { asset::from_text(asset)? };
        let hardware =
            if hardware.is_empty() { Hardware::default() } else { hardware::from_text(hardware)? };
        self.machine(asset, proof_of(proof)?, hardware)
    }

    /// The machine; `None` when a time is outside what can be written as a date.
    pub(super) fn machine(
        &self,
        asset: Asset,
        proof: Proof,
        hardware: Hardware,
    ) -> Option<Machine> {
        let optional_time = |us: Option<i64>| us.map(time).map_or(Some(None), |at| at.map(Some));
        Some(Machine {
            id: MachineId::stored(self.id),
            hostname: self.hostname.into(),
            ip: self.ip.into(),
            os: self.os.into(),
            os_version: self.os_version.into(),
            cpu_percent: self.cpu_percent,
            memory_total_mb: self.memory_total_mb,
            memory_used_mb: self.memory_used_mb,
            interval_s: self.interval_s,
            proof,
            human: HumanFields {
                computer_model: self.computer_model.map(Into::into),
                computer_activation: optional_time(self.computer_activation_us)?,
                activation_days: self.activation_days,
                asset,
            },
            hardware,
            created_at: time(self.created_us)?,
            updated_at: optional_time(self.updated_us)?,
        })
    }
}

fn time(micros: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros)
}

/// Encodes the machine kept under `key`.
pub(in crate::store) fn encode_machine(key: u32, machine: &Machine) -> Vec<u8> {
    let row = MachineRow::from(machine);
    let asset = asset::to_text(&machine.human.asset).unwrap_or_default();
    let (key, proof) = (u64::from(key), proof_code(machine.proof));
    match version_of(machine) {
        FIRST => seal(FIRST, key, row),
        WITH_ASSET => seal(WITH_ASSET, key, (row, asset)),
        WITH_PROOF => seal(WITH_PROOF, key, (row, asset, proof)),
        version => {
            let hardware = hardware::to_text(&machine.hardware).unwrap_or_default();
            seal(version, key, (row, asset, proof, hardware))
        }
    }
}

/// The first version that knows all that is kept of a machine.
pub(super) fn version_of(machine: &Machine) -> u8 {
    if hardware::to_text(&machine.hardware).is_some() {
        WITH_HARDWARE
    } else if machine.proof != Proof::default() {
        WITH_PROOF
    } else if machine.human.asset.is_empty() {
        FIRST
    } else {
        WITH_ASSET
    }
}

pub(super) fn proof_code(proof: Proof) -> u8 {
    match proof {
        Proof::Legacy => 0,
        Proof::Token => 1,
        Proof::Signature => 2,
    }
}

fn proof_of(code: u8) -> Option<Proof> {
    Proof::ALL.into_iter().find(|proof| proof_code(*proof) == code)
}

/// Reads the machine kept under `key`.
pub(in crate::store) fn decode_machine(key: u32, value: &[u8]) -> Result<Machine, BadValue> {
    let key = u64::from(key);
    let (row, asset, proof, hardware): (MachineRow<'_>, &str, u8, &str) = match value.first() {
        Some(&FIRST) => (open(key, value)?, "", 0, ""),
        Some(&WITH_ASSET) => {
            let (row, asset) = open(key, value)?;
            (row, asset, 0, "")
        }
        Some(&WITH_PROOF) => {
            let (row, asset, proof) = open(key, value)?;
            (row, asset, proof, "")
        }
        _ => open(key, value)?,
    };
    row.with(asset, proof, hardware).ok_or(BadValue::Damaged)
}
