//! How the stores keep values of their own: a version byte, a checksum over key and payload, and the payload in
//! bincode, which nothing outside this module knows.
//!
//! The checksum tells a damaged value from a good one whatever the file's own checks say.

mod changes;

use bincode::config::{Configuration, standard};
use bincode::{BorrowDecode, Encode};
use chrono::{DateTime, Utc};

pub(super) use changes::{Contents, decode_changes, encode_changes};

use super::records::{entry_from_json, entry_to_json, from_json, to_json};
use super::{Section, asset, hardware};
use crate::model::access::{AuditEntry, Kind, Record};
use crate::model::{Asset, Hardware, HumanFields, Machine, MachineId, Proof, SectionName};

/// Values in which nothing is kept of what a version adds are written as the version before wrote
/// them.
const FIRST: u8 = 1;
/// Machines have an asset.
const WITH_ASSET: u8 = 2;
/// Machines have what their last report proved.
const WITH_PROOF: u8 = 3;
/// Machines have what their agents found out, and sections.
const WITH_HARDWARE: u8 = 4;
const VERSION: u8 = WITH_HARDWARE;
const HEADER_BYTES: usize = 5;
const CONFIG: Configuration = standard();

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
    /// The machine with its asset, as JSON or empty, the code of its proof, and its hardware, as JSON
    /// or empty; `None` when one of them cannot be read.
    fn with(&self, asset: &str, proof: u8, hardware: &str) -> Option<Machine> {
        let asset = if asset.is_empty() { Asset::default() } else { asset::from_text(asset)? };
        let hardware =
            if hardware.is_empty() { Hardware::default() } else { hardware::from_text(hardware)? };
        self.machine(asset, proof_of(proof)?, hardware)
    }

    /// The machine; `None` when a time is outside what can be written as a date.
    fn machine(&self, asset: Asset, proof: Proof, hardware: Hardware) -> Option<Machine> {
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
fn version_of(machine: &Machine) -> u8 {
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

/// Encodes a section, to be kept under `name` for the machine with this key.
pub(super) fn encode_section(key: u32, section: &Section) -> Vec<u8> {
    let received = section.received();
    let hash = received.hash.to_string();
    let payload = (hash.as_str(), section.received_us(), section.as_packed());
    seal(WITH_HARDWARE, of_section(key, received.name), payload)
}

/// Reads the section that is kept under `name` for the machine with this key.
pub(super) fn decode_section(
    key: u32,
    name: SectionName,
    value: &[u8],
) -> Result<Section, BadValue> {
    let (hash, at, content): (&str, i64, &[u8]) = open(of_section(key, name), value)?;
    Section::kept(name, hash, at, content).ok_or(BadValue::Damaged)
}

/// What a checksum knows a section by.
fn of_section(key: u32, name: SectionName) -> u64 {
    u64::from(key) << 32 | named(name.name())
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{AssetFields, HardwareFields, Report, SectionHash};
    use crate::store::transaction::{Change, Changes, SectionChange};

    fn machine() -> Machine {
        Machine::first_seen(Report {
            id: MachineId::stored("m"),
            hostname: "pc".into(),
            ip: "10.0.0.1".into(),
            os: "linux".into(),
            os_version: None,
            cpu_percent: 1.5,
            memory_total_mb: 1,
            memory_used_mb: None,
            interval_s: None,
            proof: Proof::Legacy,
            human: HumanFields::default(),
            agent_version: None,
            sections: Vec::new(),
            received_at: DateTime::UNIX_EPOCH,
        })
    }

    fn changes(machine: &Machine) -> Changes {
        let (key, id, after) = (7, machine.id.clone(), Some(Arc::new(machine.clone())));
        let machines = vec![Change { key, id, before: None, after }];
        Changes { machines, ..Changes::default() }
    }

    /// A version is used only where something is kept that needs it.
    #[test]
    fn each_machine_is_written_as_the_first_version_that_knows_all_of_it_and_comes_back() {
        let mut machine = machine();
        type Add = fn(&mut Machine);
        let add: [(u8, Add); 4] = [
            (FIRST, |_| {}),
            (WITH_ASSET, |machine| {
                let room = Some("12".into());
                machine.human.asset = AssetFields { room, ..AssetFields::default() }.into();
            }),
            (WITH_PROOF, |machine| machine.proof = Proof::Token),
            (WITH_HARDWARE, |machine| {
                let serial = Some("S1".into());
                machine.hardware = HardwareFields { serial, ..HardwareFields::default() }.into();
            }),
        ];
        for (version, add) in add {
            add(&mut machine);
            let value = encode_machine(7, &machine);
            assert_eq!((value[0], decode_machine(7, &value)), (version, Ok(machine.clone())));
            let value = encode_changes(9, &changes(&machine), Contents::Whole);
            assert_eq!(value[0], version);
            let read = decode_changes(9, &value).unwrap();
            assert_eq!(read.machines[0].after.as_deref(), Some(&machine));
        }
    }

    #[test]
    fn sections_are_kept_under_their_machine_and_name_and_not_in_the_machine() {
        let at = DateTime::UNIX_EPOCH;
        let hash = SectionHash::parse("3").unwrap();
        let section = Section::new(SectionName::Cpu, hash, at, "[1]").unwrap();
        let mut machine = machine();
        machine.hardware = machine.hardware.with_sections(&[*section.received()]);
        assert_eq!(encode_machine(7, &machine)[0], FIRST);
        let value = encode_section(7, &section);
        assert_eq!(decode_section(7, SectionName::Cpu, &value), Ok(section.clone()));
        for (key, name) in [(8, SectionName::Cpu), (7, SectionName::Os)] {
            assert_eq!(decode_section(key, name, &value), Err(BadValue::Damaged));
        }
        let put = SectionChange { key: 7, section: Arc::new(section) };
        let changes = Changes { sections: vec![put], ..changes(&machine) };
        for (contents, packed) in [(Contents::Whole, true), (Contents::Apart, false)] {
            let value = encode_changes(9, &changes, contents);
            let read = decode_changes(9, &value).unwrap().sections;
            assert_eq!((value[0], read[0].key), (WITH_HARDWARE, 7));
            assert_eq!(read[0].section.received(), changes.sections[0].section.received());
            assert_eq!(!read[0].section.as_packed().is_empty(), packed);
        }
    }
}
