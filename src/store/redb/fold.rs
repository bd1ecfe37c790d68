//! Folding: the newest state of every machine that the journal names goes into the database.

use std::collections::BTreeMap;
use std::sync::Arc;

use redb::Database;

use super::sections;
use super::tables::{
    AUDIT, MACHINES, META, META_FOLDED, META_JOURNAL, META_NEXT_KEY, RECORDS, record_name,
};
use crate::model::access::{AuditEntry, Record};
use crate::model::{Machine, SectionName};
use crate::store::Section;
use crate::store::change::{Changes, SectionChange};
use crate::store::codec::{encode_entry, encode_machine, encode_record};
use crate::store::memory::audit_numbers;

/// What batches come to: the newest states, `None` for what is gone, and what is to be added.
#[derive(Debug, Clone, Default)]
pub(super) struct States {
    /// By key.
    machines: BTreeMap<u32, Option<Arc<Machine>>>,
    /// By name.
    records: BTreeMap<String, Option<Record>>,
    /// By number.
    audit: Vec<(u64, AuditEntry)>,
    /// By their machine's key and their name.
    sections: BTreeMap<(u32, SectionName), Arc<Section>>,
}

/// What is to be folded.
#[derive(Debug)]
pub(super) struct Job {
    /// The last record of the journal that is in it.
    pub(super) watermark: u64,
    pub(super) next_key: u32,
    pub(super) states: States,
    /// The journal's id from then on; 0 when it ends with this.
    pub(super) journal: u64,
}

/// What a database says of the journal beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// The last record that is in the tables.
    pub(super) folded: u64,
    /// The journal's id; 0 for none.
    pub(super) journal: u64,
}

impl States {
    pub(super) fn is_empty(&self) -> bool {
        let Self { machines, records, audit, sections } = self;
        machines.is_empty() && records.is_empty() && audit.is_empty() && sections.is_empty()
    }

    /// Takes what the batch `version` changed.
    pub(super) fn note(&mut self, version: u64, changes: &Changes) {
        for change in &changes.machines {
            self.machines.insert(change.key, change.after.clone());
        }
        for change in &changes.records {
            self.records.insert(record_name(change.kind, &change.id), change.after.clone());
        }
        self.audit.extend(audit_numbers(version).zip(changes.audit.iter().cloned()));
        for SectionChange { key, section } in &changes.sections {
            self.sections.insert((*key, section.received().name), Arc::clone(section));
        }
        // Keys are never given again: what is gone stays gone.
        for change in changes.machines.iter().filter(|change| change.after.is_none()) {
            for name in SectionName::ALL {
                self.sections.remove(&(change.key, name));
            }
        }
    }
}

impl Position {
    pub(super) fn of(database: &Database) -> Result<Self, redb::Error> {
        use redb::ReadableDatabase as _;
        let meta = database.begin_read()?.open_table(META)?;
        let number = |name| Ok::<_, redb::Error>(meta.get(name)?.map_or(0, |value| value.value()));
        Ok(Self { folded: number(META_FOLDED)?, journal: number(META_JOURNAL)? })
    }
}

/// Writes the states and what they mean for the journal, as one.
pub(super) fn write(database: &Database, job: &Job) -> Result<(), redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    {
        let mut machines = transaction.open_table(MACHINES)?;
        for (key, machine) in &job.states.machines {
            match machine {
                Some(machine) => {
                    machines.insert(key, encode_machine(*key, machine).as_slice())?;
                }
                None => {
                    machines.remove(key)?;
                    sections::remove(&transaction, *key)?;
                }
            }
        }
        sections::write(&transaction, &job.states.sections)?;
        let mut records = transaction.open_table(RECORDS)?;
        for (name, record) in &job.states.records {
            match record {
                Some(record) => {
                    records.insert(name.as_str(), encode_record(name, record).as_slice())?;
                }
                None => {
                    records.remove(name.as_str())?;
                }
            }
        }
        let mut audit = transaction.open_table(AUDIT)?;
        for (number, entry) in &job.states.audit {
            audit.insert(number, encode_entry(*number, entry).as_slice())?;
        }
        let mut meta = transaction.open_table(META)?;
        meta.insert(META_FOLDED, job.watermark)?;
        meta.insert(META_NEXT_KEY, u64::from(job.next_key))?;
        meta.insert(META_JOURNAL, job.journal)?;
    }
    Ok(transaction.commit()?)
}
