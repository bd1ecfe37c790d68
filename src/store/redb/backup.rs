//! Backups: a store of its own in one file, without a journal, that says what must be in it.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use redb::backends::FileBackend;
use redb::{Database, Durability, ReadableDatabase as _, ReadableTable as _, TableError};
use sha2::{Digest as _, Sha256};

use super::backend::Medium;
use super::failure::failure;
use super::file::{self, io_error};
use super::load::{self, Contents};
use super::readonly::ReadOnlyMedium;
use super::sections;
use super::tables::{
    AUDIT, BACKUP, MACHINES, META, META_FOLDED, META_JOURNAL, META_NEXT_KEY, META_SCHEMA, RECORDS,
    SCHEMA, SECTIONS, record_name, section_key,
};
use crate::model::access::{AuditEntry, Record};
use crate::model::{Machine, MachineId};
use crate::store::codec::{
    decode_entry, encode_entry, encode_machine, encode_record, encode_section,
};
use crate::store::{OpenError, Section, Snapshot, StoreError};

const TAKEN_US: &str = "taken_us";
const MACHINE_ROWS: &str = "machines";
const RECORD_ROWS: &str = "records";
const AUDIT_ROWS: &str = "audit";
const SECTION_ROWS: &str = "sections";
const CHECKSUM: &str = "checksum";

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// When it was taken.
    pub taken_at: DateTime<Utc>,
    /// Machines.
    pub machines: u64,
    /// Users, tokens and such.
    pub records: u64,
    /// Entries of the audit log.
    pub audit: u64,
    /// Inventory sections.
    pub sections: u64,
    /// Of every row as it is kept, in whichever order they come.
    pub checksum: u64,
}

/// Rows, counted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Rows {
    machines: u64,
    records: u64,
    audit: u64,
    sections: u64,
    checksum: u64,
}

impl Rows {
    fn add(&mut self, table: &str, key: &[u8], value: &[u8]) {
        let mut digest = Sha256::new();
        for part in [table.as_bytes(), key, value] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        let mut first = [0; 8];
        first.copy_from_slice(&digest.finalize()[..8]);
        self.checksum = self.checksum.wrapping_add(u64::from_le_bytes(first));
        match table {
            MACHINE_ROWS => self.machines += 1,
            RECORD_ROWS => self.records += 1,
            SECTION_ROWS => self.sections += 1,
            _ => self.audit += 1,
        }
    }

    fn summary(self, taken_at: DateTime<Utc>) -> Summary {
        let Self { machines, records, audit, sections, checksum } = self;
        Summary { taken_at, machines, records, audit, sections, checksum }
    }
}

/// A backup that is being written.
pub struct BackupWriter {
    database: Database,
    rows: Rows,
    /// The machines that have sections.
    keys: HashMap<MachineId, u32>,
}

impl BackupWriter {
    /// Begins one in an empty file.
    ///
    /// # Errors
    /// [`StoreError::Full`] and [`StoreError::Unavailable`].
    pub fn create(file: File) -> Result<Self, StoreError> {
        let made = || -> Result<Database, redb::Error> {
            Ok(file::builder().create_with_backend(FileBackend::new(file)?)?)
        };
        let database = made().map_err(|error| failure(&error))?;
        Ok(Self { database, rows: Rows::default(), keys: HashMap::new() })
    }

    /// Adds machines.
    ///
    /// # Errors
    /// As [`BackupWriter::create`].
    pub fn add_machines(&mut self, machines: &[Arc<Machine>]) -> Result<(), StoreError> {
        let first = u32::try_from(self.rows.machines).unwrap_or(u32::MAX);
        for (key, machine) in (first..).zip(machines) {
            if !machine.hardware.sections.is_empty() {
                self.keys.insert(machine.id.clone(), key);
            }
        }
        self.write(|transaction, rows| {
            let mut table = transaction.open_table(MACHINES)?;
            for machine in machines {
                let key = u32::try_from(rows.machines).unwrap_or(u32::MAX);
                let value = encode_machine(key, machine);
                rows.add(MACHINE_ROWS, &key.to_le_bytes(), &value);
                table.insert(key, value.as_slice())?;
            }
            Ok(())
        })
    }

    /// Adds records.
    ///
    /// # Errors
    /// As [`BackupWriter::create`].
    pub fn add_records(&mut self, records: &[Record]) -> Result<(), StoreError> {
        self.write(|transaction, rows| {
            let mut table = transaction.open_table(RECORDS)?;
            for record in records {
                let name = record_name(record.kind(), &record.id());
                let value = encode_record(&name, record);
                rows.add(RECORD_ROWS, name.as_bytes(), &value);
                table.insert(name.as_str(), value.as_slice())?;
            }
            Ok(())
        })
    }

    /// Adds entries of the audit log with their numbers.
    ///
    /// # Errors
    /// As [`BackupWriter::create`].
    pub fn add_audit(&mut self, entries: &[(u64, AuditEntry)]) -> Result<(), StoreError> {
        self.write(|transaction, rows| {
            let mut table = transaction.open_table(AUDIT)?;
            for (number, entry) in entries {
                let value = encode_entry(*number, entry);
                rows.add(AUDIT_ROWS, &number.to_le_bytes(), &value);
                table.insert(number, value.as_slice())?;
            }
            Ok(())
        })
    }

    /// Adds sections of machines that were added; those of others are no part of it.
    ///
    /// # Errors
    /// As [`BackupWriter::create`].
    pub fn add_sections(
        &mut self,
        sections: &[(MachineId, Arc<Section>)],
    ) -> Result<(), StoreError> {
        let keys = std::mem::take(&mut self.keys);
        let written = self.write(|transaction, rows| {
            let mut table = transaction.open_table(SECTIONS)?;
            for (id, section) in sections {
                let Some(key) = keys.get(id) else { continue };
                let kept_as = section_key(*key, section.received().name);
                let value = encode_section(*key, section);
                rows.add(SECTION_ROWS, &kept_as, &value);
                table.insert(kept_as.as_slice(), value.as_slice())?;
            }
            Ok(())
        });
        self.keys = keys;
        written
    }

    /// Says what must be in it, and makes it durable. `version` is the last batch that is in it.
    ///
    /// # Errors
    /// As [`BackupWriter::create`].
    pub fn finish(mut self, version: u64, taken_at: DateTime<Utc>) -> Result<Summary, StoreError> {
        let summary = self.rows.summary(taken_at);
        self.write(|transaction, rows| {
            transaction.open_table(MACHINES)?;
            transaction.open_table(RECORDS)?;
            transaction.open_table(AUDIT)?;
            let mut backup = transaction.open_table(BACKUP)?;
            backup.insert(TAKEN_US, taken_at.timestamp_micros().unsigned_abs())?;
            backup.insert(MACHINE_ROWS, rows.machines)?;
            backup.insert(RECORD_ROWS, rows.records)?;
            backup.insert(AUDIT_ROWS, rows.audit)?;
            backup.insert(SECTION_ROWS, rows.sections)?;
            backup.insert(CHECKSUM, rows.checksum)?;
            let mut meta = transaction.open_table(META)?;
            meta.insert(META_SCHEMA, SCHEMA)?;
            meta.insert(META_FOLDED, version)?;
            meta.insert(META_NEXT_KEY, rows.machines)?;
            meta.insert(META_JOURNAL, 0)?;
            Ok(())
        })?;
        let end = || -> Result<(), redb::Error> {
            let mut last = self.database.begin_write()?;
            last.set_quick_repair(true);
            last.commit()?;
            Ok(self.database.close()?)
        };
        end().map_err(|error| failure(&error))?;
        Ok(summary)
    }

    /// One piece. It need not be durable: only a finished backup counts.
    fn write(
        &mut self,
        work: impl FnOnce(&redb::WriteTransaction, &mut Rows) -> Result<(), redb::Error>,
    ) -> Result<(), StoreError> {
        let rows = &mut self.rows;
        let written = || -> Result<(), redb::Error> {
            let mut transaction = self.database.begin_write()?;
            transaction.set_durability(Durability::None)?;
            work(&transaction, rows)?;
            Ok(transaction.commit()?)
        };
        written().map_err(|error| failure(&error))
    }
}

/// A backup, or the file of a stopped store, whose every value was read and checked. The file is
/// left as it is.
pub struct Backup {
    database: Database,
    contents: Contents,
    summary: Summary,
    is_marked: bool,
}

impl Backup {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// [`OpenError`] when it is no such file, is damaged, was written by a newer version, or lacks
    /// something.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::of_store(path).map_err(as_backup)
    }

    /// As [`Backup::open`], of the file of a store: what is wrong with it is said as of a store.
    ///
    /// # Errors
    /// As [`Backup::open`].
    pub fn of_store(path: &Path) -> Result<Self, OpenError> {
        let metadata =
            std::fs::metadata(path).map_err(|error| OpenError::io("read", path, error))?;
        file::check_format(path, &metadata)?;
        Self::of_medium(&ReadOnlyMedium::new(path), path)
    }

    /// As [`Backup::of_store`], wherever it is; `path` names it in messages.
    pub(super) fn of_medium(medium: &dyn Medium, path: &Path) -> Result<Self, OpenError> {
        let (database, contents) = load::verified_database(medium, path)?;
        let read = rows(&database).and_then(|rows| Ok((rows, mark(&database)?)));
        let (rows, mark) = read.map_err(|error| OpenError::io("read", path, io_error(error)))?;
        let mut summary = rows.summary(mark.map_or(DateTime::UNIX_EPOCH, |mark| mark.taken_at));
        if mark.is_some_and(|mark| mark != summary) {
            let what = format!(
                "holds {} machines, {} records, {} entries of the audit log and {} sections, but they \
                 are not those that were written to it",
                rows.machines, rows.records, rows.audit, rows.sections
            );
            return Err(OpenError::Refused { path: path.to_owned(), what, advice: ANOTHER });
        }
        if mark.is_none() {
            // A journal may have changed what the tables hold.
            let snapshot = contents.memory.snapshot();
            summary.machines = snapshot.machines.len() as u64;
            summary.records = snapshot.records.len() as u64;
            summary.audit += contents.memory.audit().len() as u64;
            let sections = |machine: &Arc<Machine>| machine.hardware.sections.len() as u64;
            summary.sections = snapshot.machines.iter().map(sections).sum();
        }
        Ok(Self { database, contents, summary, is_marked: mark.is_some() })
    }

    /// What is in it; `taken_at` is meaningless unless [`Backup::is_marked`].
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.summary
    }

    /// Whether it says itself what must be in it; otherwise it is the file of a store, copied while
    /// that was stopped, or used since.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.is_marked
    }

    /// Whether its newest batches are in a journal beside it: it was in use, and not closed.
    #[must_use]
    pub fn has_journal(&self) -> bool {
        self.contents.position.journal != 0
    }

    /// Everything but the audit log.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let version = self.contents.last;
        Snapshot { version, ..self.contents.memory.snapshot() }
    }

    /// Every section of these machines.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file cannot be read.
    pub fn sections(
        &self,
        ids: &[MachineId],
    ) -> Result<Vec<(MachineId, Arc<Section>)>, StoreError> {
        Ok(sections::read(&self.database, sections::wanted(&self.contents.memory, ids))?)
    }

    /// At most `limit` entries of the audit log from the number `from` on, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file cannot be read.
    pub fn audit(&self, from: u64, limit: usize) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
        let damaged = || StoreError::Backend("the backup's audit log is damaged".into());
        let read = || -> Result<Vec<_>, redb::Error> {
            let table = self.database.begin_read()?.open_table(AUDIT)?;
            let rows = table.range(from..)?.take(limit);
            rows.map(|row| {
                let (number, value) = row?;
                let number = number.value();
                Ok(decode_entry(number, value.value()).map(|entry| (number, entry)))
            })
            .collect()
        };
        let rows = read().map_err(|error| failure(&error))?;
        let rows: Result<Vec<_>, StoreError> =
            rows.into_iter().map(|row| row.map_err(|_| damaged())).collect();
        let mut entries = rows?;
        // Those of a journal are newer than all in the table.
        let newest = self.contents.memory.audit().into_iter();
        let newest = newest.filter(|(number, _)| *number >= from);
        let left = limit - entries.len();
        entries.extend(newest.take(left).map(|(number, entry)| (number, (*entry).clone())));
        Ok(entries)
    }
}

const ANOTHER: &str = "Take another backup";

/// What was said of a store, said of a backup.
fn as_backup(error: OpenError) -> OpenError {
    match error {
        OpenError::Refused { path, what, advice } => {
            let advice = match advice {
                load::NEWER => "Restore it with the newer version",
                load::TOGETHER => advice,
                _ if advice.starts_with("Name another file") => "Name the file of a backup",
                _ => ANOTHER,
            };
            OpenError::Refused { path, what, advice }
        }
        error => error,
    }
}

/// Counts what is in the tables.
fn rows(database: &Database) -> Result<Rows, redb::Error> {
    let transaction = database.begin_read()?;
    let mut rows = Rows::default();
    for row in transaction.open_table(MACHINES)?.iter()? {
        let (key, value) = row?;
        rows.add(MACHINE_ROWS, &key.value().to_le_bytes(), value.value());
    }
    for row in transaction.open_table(RECORDS)?.iter()? {
        let (name, value) = row?;
        rows.add(RECORD_ROWS, name.value().as_bytes(), value.value());
    }
    for row in transaction.open_table(AUDIT)?.iter()? {
        let (number, value) = row?;
        rows.add(AUDIT_ROWS, &number.value().to_le_bytes(), value.value());
    }
    sections::each(&transaction, |kept_as, value| {
        rows.add(SECTION_ROWS, kept_as, value);
        Ok::<_, redb::Error>(())
    })?;
    Ok(rows)
}

/// What must be in it; `None` when it does not say.
fn mark(database: &Database) -> Result<Option<Summary>, redb::Error> {
    let table = match database.begin_read()?.open_table(BACKUP) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(None),
        table => table?,
    };
    let number = |name| Ok::<_, redb::Error>(table.get(name)?.map_or(0, |value| value.value()));
    let taken_us = i64::try_from(number(TAKEN_US)?).unwrap_or(0);
    Ok(Some(Summary {
        taken_at: DateTime::from_timestamp_micros(taken_us).unwrap_or_default(),
        machines: number(MACHINE_ROWS)?,
        records: number(RECORD_ROWS)?,
        audit: number(AUDIT_ROWS)?,
        sections: number(SECTION_ROWS)?,
        checksum: number(CHECKSUM)?,
    }))
}

/// Makes a backup a store that is used: what was in it is no longer what must be.
pub(super) fn unmark(database: &Database) -> Result<(), redb::Error> {
    if mark(database)?.is_none() {
        return Ok(());
    }
    let transaction = database.begin_write()?;
    transaction.delete_table(BACKUP)?;
    Ok(transaction.commit()?)
}
