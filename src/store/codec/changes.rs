//! The changes of a batch, as journals keep them.

use std::borrow::Cow;
use std::sync::Arc;

use bincode::de::BorrowDecoder;
use bincode::error::DecodeError;
use bincode::{BorrowDecode, Encode};

use super::machine::{MachineRow, proof_code, version_of};
use super::record::version_of_record;
use super::seal::{BadValue, FIRST, WITH_ASSET, WITH_HARDWARE, WITH_PROOF, open, seal};
use crate::model::{Machine, MachineId, SectionName};
use crate::store::change::{Change, Changes, RecordChange, SectionChange};
use crate::store::records::{
    entry_from_json, entry_to_json, from_json, kind_name, kind_of, to_json,
};
use crate::store::{Section, asset, hardware};

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
    /// As before, with what its agent found out, as JSON or empty. None of these says anything of the
    /// machine's sections: they are as they were.
    PutWithHardware(u32, MachineRow<'a>, Cow<'a, str>, u8, Cow<'a, str>),
    /// The machine with this key has this section now: its name, its hash, when it came in microseconds
    /// since 1970, and its content, or none where that is kept at once elsewhere.
    PutSection(u32, &'a str, Cow<'a, str>, i64, &'a [u8]),
}

/// The changes of a batch, read one by one: a count that is damaged asks for no memory.
struct Rows<'a>(Vec<ChangeRow<'a>>);

impl<'a> BorrowDecode<'a, ()> for Rows<'a> {
    fn borrow_decode<D: BorrowDecoder<'a, Context = ()>>(
        decoder: &mut D,
    ) -> Result<Self, DecodeError> {
        let mut left = u64::borrow_decode(decoder)?;
        let mut rows = Vec::new();
        while left > 0 {
            rows.push(ChangeRow::borrow_decode(decoder)?);
            left -= 1;
        }
        Ok(Self(rows))
    }
}

/// Whether the content of sections is part of what is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Contents {
    /// It is.
    Whole,
    /// It is kept elsewhere.
    Apart,
}

/// Encodes the changes of a batch, to be kept under `key`.
pub(in crate::store) fn encode_changes(key: u64, changes: &Changes, contents: Contents) -> Vec<u8> {
    let machines = changes.machines.iter().map(ChangeRow::from);
    let records = changes.records.iter().map(ChangeRow::from);
    let audit = changes.audit.iter().map(|entry| ChangeRow::Audit(entry_to_json(entry).into()));
    let sections = changes.sections.iter().map(|SectionChange { key, section }| {
        let received = section.received();
        let content = if contents == Contents::Whole { section.as_packed() } else { &[] };
        let name = received.name.name();
        let hash = received.hash.to_string().into();
        ChangeRow::PutSection(*key, name, hash, section.received_us(), content)
    });
    let rows: Vec<ChangeRow<'_>> = machines.chain(records).chain(audit).chain(sections).collect();
    let machines = changes.machines.iter().filter_map(|change| change.after.as_deref());
    let records = changes.records.iter().filter_map(|change| change.after.as_ref());
    let versions = machines.map(version_of).chain(records.map(version_of_record));
    let versions = versions.chain(changes.sections.iter().map(|_| WITH_HARDWARE));
    seal(versions.max().unwrap_or(FIRST), key, rows)
}

/// Reads the changes of a batch. Its machines are without the sections that they have.
pub(in crate::store) fn decode_changes(key: u64, value: &[u8]) -> Result<Changes, BadValue> {
    let Rows(rows) = open(key, value)?;
    let mut changes = Changes::default();
    let put = |key, machine: Option<Machine>| {
        let machine = Arc::new(machine.ok_or(BadValue::Damaged)?);
        Ok(Change { key, id: machine.id.clone(), before: None, after: Some(machine) })
    };
    for row in rows {
        match row {
            ChangeRow::Put(key, row) => {
                changes.machines.push(put(key, row.with("", 0, ""))?);
            }
            ChangeRow::PutWithAsset(key, row, asset) => {
                changes.machines.push(put(key, row.with(&asset, 0, ""))?);
            }
            ChangeRow::PutWithProof(key, row, asset, proof) => {
                changes.machines.push(put(key, row.with(&asset, proof, ""))?);
            }
            ChangeRow::PutWithHardware(key, row, asset, proof, hardware) => {
                changes.machines.push(put(key, row.with(&asset, proof, &hardware))?);
            }
            ChangeRow::PutSection(key, name, hash, at, content) => {
                let name = SectionName::of(name).ok_or(BadValue::Newer)?;
                let section = Section::kept(name, &hash, at, content).ok_or(BadValue::Damaged)?;
                changes.sections.push(SectionChange { key, section: Arc::new(section) });
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

impl<'a> From<&'a Change> for ChangeRow<'a> {
    fn from(change: &'a Change) -> Self {
        match &change.after {
            Some(machine) => {
                let (key, row) = (change.key, machine.as_ref().into());
                let asset = asset::to_text(&machine.human.asset).unwrap_or_default().into();
                match version_of(machine) {
                    FIRST => Self::Put(key, row),
                    WITH_ASSET => Self::PutWithAsset(key, row, asset),
                    WITH_PROOF => Self::PutWithProof(key, row, asset, proof_code(machine.proof)),
                    _ => {
                        let hardware = hardware::to_text(&machine.hardware).unwrap_or_default();
                        let proof = proof_code(machine.proof);
                        Self::PutWithHardware(key, row, asset, proof, hardware.into())
                    }
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
