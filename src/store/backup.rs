//! Backups: everything that is kept, as it was at one moment, in one file that every store can be
//! restored from, and that a server can be started on.

use std::fs::File;
use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use super::redb::{Backup, BackupWriter, Summary};
use super::{Section, Snapshot, Store, StoreError};
use crate::model::access::{AuditQuery, Kind, Record};
use crate::model::{Machine, MachineId};

/// Machines, records or entries written at once.
const PIECE: usize = 4_096;
/// Machines whose sections are read at once: each may have megabytes of them.
const SECTION_PIECE: usize = 16;

/// Those of the machines that have sections, in pieces whose sections may be in memory at once.
#[must_use]
pub fn section_pieces<'a>(
    machines: impl IntoIterator<Item = &'a Arc<Machine>>,
) -> Vec<Vec<MachineId>> {
    let machines = machines.into_iter();
    let with = machines.filter(|machine| !machine.hardware.sections.is_empty());
    let with: Vec<_> = with.map(|machine| machine.id.clone()).collect();
    with.chunks(SECTION_PIECE).map(<[MachineId]>::to_vec).collect()
}

/// Whether a record is part of backups. What lets somebody in for a while is not: a person who was
/// logged out must not be back after a restore, nor a link that was used.
#[must_use]
pub fn is_kept(record: &Record) -> bool {
    match record.kind() {
        Kind::Session | Kind::SetupLink | Kind::Browser | Kind::Failures => false,
        // Of a restored inventory none was taken yet.
        Kind::BackupRun => false,
        Kind::User
        | Kind::Token
        | Kind::MachineKey
        | Kind::RemovedMachine
        | Kind::Founding
        | Kind::RefusedSource
        | Kind::CustomField
        | Kind::View
        | Kind::MergedMachine
        | Kind::Distinct => true,
    }
}

/// How many records hold something that somebody may need: how a store came to be says nothing of
/// what is in it.
#[must_use]
pub fn content(records: &[Record]) -> usize {
    let kept = records.iter().filter(|record| is_kept(record));
    kept.filter(|record| record.kind() != Kind::Founding).count()
}

/// Writes everything that a store holds at one moment from now on into an empty file. A section that
/// is replaced meanwhile is in it as it was or as it is then.
///
/// # Errors
/// [`StoreError`] of the store, or of the file; what is in the file is then no backup.
pub async fn take(
    store: &dyn Store,
    file: File,
    taken_at: DateTime<Utc>,
) -> Result<Summary, StoreError> {
    let snapshot = store.snapshot().await?;
    let audit_end = snapshot.audit_end();
    let Snapshot { machines, mut records, version } = snapshot;
    records.retain(is_kept);
    let with_sections = section_pieces(&machines);
    let mut writer = aside(move || BackupWriter::create(file)).await?;
    for piece in pieces(machines) {
        writer = aside(move || writer.add_machines(&piece).map(|()| writer)).await?;
    }
    for ids in with_sections {
        let piece = store.sections(&ids).await?;
        writer = aside(move || writer.add_sections(&piece).map(|()| writer)).await?;
    }
    for piece in pieces(records) {
        writer = aside(move || writer.add_records(&piece).map(|()| writer)).await?;
    }
    let mut before = audit_end;
    loop {
        let (subject, action, until) = (None, None, None);
        let query = AuditQuery { before: Some(before), subject, action, until, limit: PIECE };
        let mut entries = store.audit(&query).await?.entries;
        let Some((oldest, _)) = entries.last() else { break };
        before = *oldest;
        entries.reverse();
        writer = aside(move || writer.add_audit(&entries).map(|()| writer)).await?;
    }
    aside(move || writer.finish(version, taken_at)).await
}

/// Writes what a backup holds into an empty file, as a backup of its own: without a journal, as this
/// version writes it.
///
/// # Errors
/// [`StoreError`] of either file.
pub fn copy(backup: &Backup, file: File) -> Result<Summary, StoreError> {
    let Snapshot { machines, mut records, version } = backup.snapshot();
    records.retain(is_kept);
    let mut writer = BackupWriter::create(file)?;
    machines.chunks(PIECE).try_for_each(|piece| writer.add_machines(piece))?;
    for ids in section_pieces(&machines) {
        writer.add_sections(&backup.sections(&ids)?)?;
    }
    records.chunks(PIECE).try_for_each(|piece| writer.add_records(piece))?;
    let mut from = 0;
    loop {
        let entries = backup.audit(from, PIECE)?;
        let Some((last, _)) = entries.last() else { break };
        from = last + 1;
        writer.add_audit(&entries)?;
    }
    writer.finish(version, backup.summary().taken_at)
}

/// Items in pieces, without a copy of any.
fn pieces<T>(items: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let mut items = items.into_iter();
    std::iter::from_fn(move || {
        let piece: Vec<T> = items.by_ref().take(PIECE).collect();
        (!piece.is_empty()).then_some(piece)
    })
}

/// Does what waits for a disk on a thread that may.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(StoreError::Backend("a backup broke while it was written".into())))
}

/// How much there is, and a checksum of it as this version keeps it, whichever order it comes in: to
/// compare two stores.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Machines.
    pub machines: u64,
    /// Records.
    pub records: u64,
    /// Inventory sections.
    pub sections: u64,
    /// The sum of all checksums.
    pub checksum: u64,
}

impl Tally {
    /// Counts machines and those of the records that backups have.
    #[must_use]
    pub fn of(machines: &[Arc<Machine>], records: &[Record]) -> Self {
        let mut tally = Self::default();
        for machine in machines {
            tally.machines += 1;
            tally.add(&super::codec::encode_machine(0, machine));
        }
        for record in records.iter().filter(|record| is_kept(record)) {
            tally.records += 1;
            tally.add(super::records::to_json(record).as_bytes());
        }
        tally
    }

    /// Counts sections too.
    pub fn add_sections(&mut self, sections: &[(MachineId, Arc<Section>)]) {
        for (id, section) in sections {
            self.sections += 1;
            let value = super::codec::encode_section(0, section);
            self.add(&[id.as_str().as_bytes(), &[0], &value].concat());
        }
    }

    fn add(&mut self, value: &[u8]) {
        use sha2::{Digest as _, Sha256};
        let mut first = [0; 8];
        first.copy_from_slice(&Sha256::digest(value)[..8]);
        self.checksum = self.checksum.wrapping_add(u64::from_le_bytes(first));
    }
}
