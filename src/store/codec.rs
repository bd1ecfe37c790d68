//! How the stores keep values of their own: a version byte, a checksum over key and payload, and the payload in
//! bincode, which nothing outside this file knows.
//!
//! The checksum tells a damaged value from a good one whatever the file's own checks say.

use std::borrow::Cow;
use std::sync::Arc;

use bincode::config::{Configuration, standard};
use bincode::{BorrowDecode, Encode};
use chrono::{DateTime, Utc};

use super::asset;
use super::records::{entry_from_json, entry_to_json, from_json, kind_name, kind_of, to_json};
use super::transaction::{Change, Changes, RecordChange};
use crate::model::access::{AuditEntry, Kind, Record};
use crate::model::{Asset, HumanFields, Machine, MachineId, Proof};

/// Values in which nothing is kept of what a version adds are written as the version before wrote
/// them.
const FIRST: u8 = 1;
/// Machines have an asset.
const WITH_ASSET: u8 = 2;
/// Machines have what their last report proved.
const WITH_PROOF: u8 = 3;
const VERSION: u8 = WITH_PROOF;
const HEADER_BYTES: usize = 5;
const CONFIG: Configuration = standard();

/// One of [`Changes`] as the journal keeps it.
#[derive(Debug, Encode, BorrowDecode)]
enum ChangeRow<'a> {
    /// The machine with this key is now so.
    Put(u32, MachineRow<'a>),
    /// The machine with this key and id is gone.
    Removed(u32, &'a str),
    /// The record of this kind and id is now so, as JSON.
    PutRecord(&'a str, &'a str, Cow<'a, str>),
    /// The record of this kind and id is gone.
    RemovedRecord(&'a str, &'a str),
    /// Add this to the audit log, as JSON.
    Audit(Cow<'a, str>),
    /// The machine with this key is now so, with this asset, as JSON.
    PutWithAsset(u32, MachineRow<'a>, Cow<'a, str>),
    /// The machine with this key is now so, with this asset, as JSON or empty, and this proof.
    PutWithProof(u32, MachineRow<'a>, Cow<'a, str>, u8),
}

/// A machine as it is kept. Times are microseconds since 1970.
#[derive(Debug, Encode, BorrowDecode)]
struct MachineRow<'a> {
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
    /// The machine with its asset, as JSON or empty, and the code of its proof; `None` when one of
    /// them cannot be read.
    fn with(&self, asset: &str, proof: u8) -> Option<Machine> {
        let asset = if asset.is_empty() { Asset::default() } else { asset::from_text(asset)? };
        self.machine(asset, proof_of(proof)?)
    }

    /// The machine; `None` when a time is outside what can be written as a date.
    fn machine(&self, asset: Asset, proof: Proof) -> Option<Machine> {
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
            created_at: time(self.created_us)?,
            updated_at: optional_time(self.updated_us)?,
        })
    }
}

fn time(micros: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros)
}

/// Why a stored value could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadValue {
    /// Written by a later version of this program.
    Newer,
    /// Damaged.
    Damaged,
}

/// Encodes the machine kept under `key`.
pub(super) fn encode_machine(key: u32, machine: &Machine) -> Vec<u8> {
    let row = MachineRow::from(machine);
    let asset = asset::to_text(&machine.human.asset);
    let key = u64::from(key);
    match (version_of(machine), asset) {
        (FIRST, _) => seal(FIRST, key, row),
        (WITH_ASSET, asset) => seal(WITH_ASSET, key, (row, asset.unwrap_or_default())),
        (version, asset) => {
            seal(version, key, (row, asset.unwrap_or_default(), proof_code(machine.proof)))
        }
    }
}

/// The first version that knows all that is kept of a machine.
fn version_of(machine: &Machine) -> u8 {
    if machine.proof != Proof::default() {
        WITH_PROOF
    } else if machine.human.asset.is_empty() {
        FIRST
    } else {
        WITH_ASSET
    }
}

fn proof_code(proof: Proof) -> u8 {
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
pub(super) fn decode_machine(key: u32, value: &[u8]) -> Result<Machine, BadValue> {
    let key = u64::from(key);
    let (row, asset, proof) = match value.first() {
        Some(&FIRST) => (open(key, value)?, "", 0),
        Some(&WITH_ASSET) => {
            let (row, asset): (MachineRow<'_>, &str) = open(key, value)?;
            (row, asset, 0)
        }
        _ => open(key, value)?,
    };
    row.with(asset, proof).ok_or(BadValue::Damaged)
}

/// Encodes the changes of a batch, to be kept under `key`.
pub(super) fn encode_changes(key: u64, changes: &Changes) -> Vec<u8> {
    let machines = changes.machines.iter().map(ChangeRow::from);
    let records = changes.records.iter().map(ChangeRow::from);
    let audit = changes.audit.iter().map(|entry| ChangeRow::Audit(entry_to_json(entry).into()));
    let rows: Vec<ChangeRow<'_>> = machines.chain(records).chain(audit).collect();
    let machines = changes.machines.iter().filter_map(|change| change.after.as_deref());
    let records = changes.records.iter().filter_map(|change| change.after.as_ref());
    let versions = machines.map(version_of).chain(records.map(version_of_record));
    seal(versions.max().unwrap_or(FIRST), key, rows)
}

/// Reads the changes of a batch.
pub(super) fn decode_changes(key: u64, value: &[u8]) -> Result<Changes, BadValue> {
    let rows: Vec<ChangeRow<'_>> = open(key, value)?;
    let mut changes = Changes::default();
    let put = |key, machine: Option<Machine>| {
        let machine = Arc::new(machine.ok_or(BadValue::Damaged)?);
        Ok(Change { key, id: machine.id.clone(), before: None, after: Some(machine) })
    };
    for row in rows {
        match row {
            ChangeRow::Put(key, row) => {
                changes.machines.push(put(key, row.with("", 0))?);
            }
            ChangeRow::PutWithAsset(key, row, asset) => {
                changes.machines.push(put(key, row.with(&asset, 0))?);
            }
            ChangeRow::PutWithProof(key, row, asset, proof) => {
                changes.machines.push(put(key, row.with(&asset, proof))?);
            }
            ChangeRow::Removed(key, id) => {
                let id = MachineId::stored(id);
                changes.machines.push(Change { key, id, before: None, after: None });
            }
            ChangeRow::PutRecord(kind, id, json) => {
                let kind = kind_of(kind).ok_or(BadValue::Newer)?;
                let after = Some(from_json(kind, &json).ok_or(BadValue::Damaged)?);
                changes.records.push(RecordChange { kind, id: id.to_owned(), after });
            }
            ChangeRow::RemovedRecord(kind, id) => {
                let kind = kind_of(kind).ok_or(BadValue::Newer)?;
                changes.records.push(RecordChange { kind, id: id.to_owned(), after: None });
            }
            ChangeRow::Audit(json) => {
                changes.audit.push(entry_from_json(&json).ok_or(BadValue::Damaged)?);
            }
        }
    }
    Ok(changes)
}

/// Encodes a record, to be kept as `name`.
pub(super) fn encode_record(name: &str, record: &Record) -> Vec<u8> {
    seal(version_of_record(record), named(name), to_json(record))
}

/// The first version that knows all that is kept in a record.
fn version_of_record(record: &Record) -> u8 {
    match record {
        Record::RemovedMachine(removed) => version_of(&removed.machine),
        Record::CustomField(_) => WITH_ASSET,
        // A version that does not know the kind could not read it.
        Record::View(_) | Record::MergedMachine(_) | Record::Distinct(_) => WITH_PROOF,
        _ => FIRST,
    }
}

/// Reads the record of a kind that is kept as `name`.
pub(super) fn decode_record(name: &str, kind: Kind, value: &[u8]) -> Result<Record, BadValue> {
    let json: &str = open(named(name), value)?;
    from_json(kind, json).ok_or(BadValue::Damaged)
}

/// Encodes an entry of the audit log, to be kept under `number`.
pub(super) fn encode_entry(number: u64, entry: &AuditEntry) -> Vec<u8> {
    seal(FIRST, number, entry_to_json(entry))
}

/// Reads the entry of the audit log that is kept under `number`.
pub(super) fn decode_entry(number: u64, value: &[u8]) -> Result<AuditEntry, BadValue> {
    let json: &str = open(number, value)?;
    entry_from_json(json).ok_or(BadValue::Damaged)
}

/// What a checksum knows a name by.
fn named(name: &str) -> u64 {
    u64::from(crc32fast::hash(name.as_bytes()))
}

impl<'a> From<&'a Change> for ChangeRow<'a> {
    fn from(change: &'a Change) -> Self {
        match &change.after {
            Some(machine) => {
                let (key, row) = (change.key, machine.as_ref().into());
                let asset = asset::to_text(&machine.human.asset).unwrap_or_default().into();
                match version_of(machine) {
                    FIRST => Self::Put(key, row),
                    WITH_ASSET => Self::PutWithAsset(key, row, asset),
                    _ => Self::PutWithProof(key, row, asset, proof_code(machine.proof)),
                }
            }
            None => Self::Removed(change.key, change.id.as_str()),
        }
    }
}

impl<'a> From<&'a RecordChange> for ChangeRow<'a> {
    fn from(change: &'a RecordChange) -> Self {
        let (kind, id) = (kind_name(change.kind), change.id.as_str());
        match &change.after {
            Some(record) => Self::PutRecord(kind, id, to_json(record).into()),
            None => Self::RemovedRecord(kind, id),
        }
    }
}

fn seal(version: u8, key: u64, payload: impl Encode) -> Vec<u8> {
    let mut value = vec![version, 0, 0, 0, 0];
    let encoded = bincode::encode_into_std_write(payload, &mut value, CONFIG);
    debug_assert!(encoded.is_ok(), "encoding into memory cannot fail: {encoded:?}");
    let checksum = checksum(key, &value[HEADER_BYTES..]);
    value[1..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
    value
}

/// Whether a value is what was written under `key`.
pub(super) fn is_intact(key: u64, value: &[u8]) -> bool {
    value
        .split_at_checked(HEADER_BYTES)
        .is_some_and(|(header, payload)| header[1..] == checksum(key, payload).to_le_bytes())
}

fn open<'a, T: BorrowDecode<'a, ()>>(key: u64, value: &'a [u8]) -> Result<T, BadValue> {
    if !is_intact(key, value) {
        return Err(BadValue::Damaged);
    }
    let (header, payload) = value.split_at(HEADER_BYTES);
    if header[0] > VERSION {
        return Err(BadValue::Newer);
    }
    match bincode::borrow_decode_from_slice(payload, CONFIG) {
        Ok((decoded, read)) if read == payload.len() => Ok(decoded),
        _ => Err(BadValue::Damaged),
    }
}

fn checksum(key: u64, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&key.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}
