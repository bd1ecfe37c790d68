//! Records and entries of the audit log as they are kept: JSON under a seal.

use super::machine::version_of;
use super::seal::{BadValue, FIRST, WITH_ASSET, WITH_PROOF, open, seal};
use crate::model::access::{AuditEntry, Kind, Record};
use crate::store::records::{entry_from_json, entry_to_json, from_json, to_json};

/// Encodes a record, to be kept as `name`.
pub(in crate::store) fn encode_record(name: &str, record: &Record) -> Vec<u8> {
    seal(version_of_record(record), named(name), to_json(record))
}

/// The first version that knows all that is kept in a record.
pub(super) fn version_of_record(record: &Record) -> u8 {
    match record {
        Record::RemovedMachine(removed) => version_of(&removed.machine),
        Record::CustomField(_) => WITH_ASSET,
        // A version that does not know the kind could not read it.
        Record::View(_) | Record::MergedMachine(_) | Record::Distinct(_) => WITH_PROOF,
        _ => FIRST,
    }
}

/// Reads the record of a kind that is kept as `name`.
pub(in crate::store) fn decode_record(
    name: &str,
    kind: Kind,
    value: &[u8],
) -> Result<Record, BadValue> {
    let json: &str = open(named(name), value)?;
    from_json(kind, json).ok_or(BadValue::Damaged)
}

/// Encodes an entry of the audit log, to be kept under `number`.
pub(in crate::store) fn encode_entry(number: u64, entry: &AuditEntry) -> Vec<u8> {
    seal(FIRST, number, entry_to_json(entry))
}

/// Reads the entry of the audit log that is kept under `number`.
pub(in crate::store) fn decode_entry(number: u64, value: &[u8]) -> Result<AuditEntry, BadValue> {
    let json: &str = open(number, value)?;
    entry_from_json(json).ok_or(BadValue::Damaged)
}

/// What a checksum knows a name by.
pub(super) fn named(name: &str) -> u64 {
    u64::from(crc32fast::hash(name.as_bytes()))
}
