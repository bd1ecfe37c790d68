//! The embedded store: a redb database and a journal beside it, every machine also in memory.
//!
//! A batch is durable when its record is in the **journal**, two plain files that are only ever
//! appended to: one write and one `fdatasync`, whichever machines it touches. Once a minute the
//! journal's latest state of each machine is **folded** into the database, on a thread of its own.
//! Reads come from memory and never wait for the disk.
//!
//! A commit of the database costs about 30 kB and each leaf it touches 4 kB, and machines report in
//! random order: written one by one they would cost 32 kB a report; journal and fold cost about
//! 1 kB.

mod audit;
mod backend;
mod backup;
mod compact;
mod failure;
mod file;
mod fold;
mod folder;
mod handle;
mod journal;
mod load;
mod medium;
mod readonly;
mod restore;
mod scratch;
mod sections;
mod segment;
mod tables;
mod writer;

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;

pub use backend::{AnyBackend, Medium, Part};
pub use backup::{Backup, BackupWriter, Summary};
pub use compact::compact;
use fold::{Job, Position, States};
use folder::Folder;
use handle::Handle;
use journal::Journal;
use load::Contents;
pub use restore::{StoreLock, files_of, replace_store};
pub use writer::FoldPace;
use writer::RedbWriter;

use super::engine::{Engine, Reader, SharedMemory};
use super::health::Health;
use super::stats::Counters;
use super::{OpenError, Section, Snapshot, StoreError};
use crate::model::access::{AuditEntry, AuditPage, AuditQuery};
use crate::model::{Machine, MachineId};

/// How long a write may take: a disk that hangs may come back.
const PATIENCE: Duration = Duration::from_secs(8);

/// The embedded store.
pub type RedbStore = Engine<RedbReader>;

/// What reading needs beside the memory.
pub struct RedbReader {
    folding: Arc<Health>,
    database: Arc<Handle>,
}

#[async_trait]
impl Reader for RedbReader {
    async fn catch_up(&self, _: &SharedMemory) -> Result<(), StoreError> {
        Ok(())
    }

    async fn audit(
        &self,
        memory: &SharedMemory,
        query: &AuditQuery,
    ) -> Result<AuditPage, StoreError> {
        // The newest first: what moves from here to there meanwhile is then found twice, not never.
        let newest = memory.read().unwrap_or_else(PoisonError::into_inner).audit();
        let (database, asked) = (Arc::clone(&self.database), query.clone());
        let older = tokio::task::spawn_blocking(move || audit::read(&database, &asked));
        let older = match tokio::time::timeout(PATIENCE, older).await {
            Ok(Ok(older)) => older?,
            Ok(Err(_)) => return Err(StoreError::Backend("its audit log is damaged".into())),
            Err(_) => return Err(StoreError::Unavailable("it does not answer".into())),
        };
        let newest = newest.into_iter().map(|(number, entry)| (number, (*entry).clone()));
        let newest = newest.filter(|(number, entry)| query.admits(*number, entry));
        let all: BTreeMap<u64, AuditEntry> = older.into_iter().chain(newest).collect();
        Ok(AuditPage { entries: all.into_iter().rev().take(query.limit).collect() })
    }

    async fn forget_audit(&self, before: u64) -> Result<(), StoreError> {
        let database = Arc::clone(&self.database);
        let forgotten = tokio::task::spawn_blocking(move || audit::forget(&database, before));
        let broke = |_| Err(StoreError::Backend("its audit log is damaged".into()));
        forgotten.await.unwrap_or_else(broke)
    }

    async fn sections(
        &self,
        memory: &SharedMemory,
        ids: &[MachineId],
    ) -> Result<Vec<(MachineId, Arc<Section>)>, StoreError> {
        // As with the audit log, the newest first.
        let wanted = {
            let memory = memory.read().unwrap_or_else(PoisonError::into_inner);
            sections::wanted(&memory, ids)
        };
        let database = Arc::clone(&self.database);
        let read = tokio::task::spawn_blocking(move || database.sections(wanted));
        match tokio::time::timeout(PATIENCE, read).await {
            Ok(Ok(read)) => read,
            Ok(Err(_)) => Err(StoreError::Backend("a section in it is damaged".into())),
            Err(_) => Err(StoreError::Unavailable("it does not answer".into())),
        }
    }

    async fn snapshot(&self, memory: &SharedMemory) -> Result<Snapshot, StoreError> {
        // Batches come into the memory as wholes.
        Ok(memory.read().unwrap_or_else(PoisonError::into_inner).snapshot())
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.folding.check()?;
        let database = Arc::clone(&self.database);
        let checked = tokio::task::spawn_blocking(move || database.check());
        match tokio::time::timeout(PATIENCE, checked).await {
            Ok(Ok(checked)) => checked,
            Ok(Err(_)) => Err(StoreError::Backend("its file is damaged".into())),
            Err(_) => Err(StoreError::Unavailable("it does not answer".into())),
        }
    }
}

impl RedbStore {
    /// Opens the store in the file `path`, or creates it when its directory never held one.
    ///
    /// # Errors
    /// [`OpenError`] when the file is locked, missing against the instance marker, of another
    /// format, damaged or newer than this program; the file is then as it was.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, FoldPace::default())
    }

    /// As [`RedbStore::open`], with another pace of folding.
    ///
    /// # Errors
    /// As [`RedbStore::open`].
    pub fn open_with(path: &Path, pace: FoldPace) -> Result<Self, OpenError> {
        let lock = file::prepare(path)?;
        Self::open_medium(Arc::new(medium::FileMedium::new(path, Some(lock))), path, pace)
    }

    /// Opens a store that was prepared on `medium`; `path` names it in messages.
    ///
    /// # Errors
    /// As [`RedbStore::open`].
    pub fn open_medium(
        medium: Arc<dyn Medium>,
        path: &Path,
        pace: FoldPace,
    ) -> Result<Self, OpenError> {
        let Contents { memory, states, last, position } = load::verified(&*medium, path)?;
        let database = file::open_database(&*medium, path)?;
        if Position::of(&database).ok() != Some(position) {
            return Err(OpenError::Locked(path.to_owned()));
        }
        let io = |error| OpenError::io("write", path, error);
        let next_key = memory.next_key();
        let settle = |states, journal| {
            let job = Job { watermark: last, next_key, states, journal };
            fold::write(&database, &job).map_err(|error| io(file::io_error(error)))
        };
        if position.journal != 0 {
            settle(states, 0)?;
        }
        backup::unmark(&database).map_err(|error| io(file::io_error(error)))?;
        // A journal of its own for each opening: nothing that an older one left can be taken for a
        // record of this one.
        let journal_id = RandomState::new().hash_one(path) | 1;
        let journal = Journal::create(&*medium, journal_id, last).map_err(io)?;
        settle(States::default(), journal_id)?;
        let position = Position { folded: last, journal: journal_id };

        let memory = Arc::new(RwLock::new(memory));
        let counters = Arc::new(Counters::default());
        let health = Arc::new(Health::new(Arc::clone(&counters)));
        let folding = Arc::new(Health::new(Arc::clone(&counters)));
        let database = Arc::new(Handle::new(Arc::clone(&medium), database, position));
        let folder = Folder::new(
            Arc::clone(&medium),
            Arc::clone(&database),
            Arc::clone(&memory),
            Arc::clone(&folding),
            Arc::clone(&counters),
        );
        let threads = || {
            let folder = folder.spawn()?;
            let writer = RedbWriter::new(medium, journal, journal_id, next_key, folder, pace);
            let reader = RedbReader { folding, database };
            Engine::start(memory, health, counters, writer, reader, PATIENCE)
        };
        threads().map_err(|error| OpenError::io("start the threads of", path, error))
    }

    /// Makes an empty store on `medium`, which must hold nothing.
    ///
    /// # Errors
    /// [`OpenError::Io`] when the medium cannot be written.
    pub fn create_medium(medium: &dyn Medium, path: &Path) -> Result<(), OpenError> {
        file::create_database(medium, path, &[])
    }

    /// Everything in the store in the file `path`, which nobody may use meanwhile. The store is left as
    /// it is.
    ///
    /// # Errors
    /// As [`RedbStore::open`].
    pub fn read(path: &Path) -> Result<Backup, OpenError> {
        Backup::of_medium(&medium::FileMedium::new(path, None), path)
    }

    /// Makes a store that holds these machines in the file `path`, as one: after a crash there is
    /// none or a whole one.
    ///
    /// # Errors
    /// [`OpenError`] when there is, or should be, a store already.
    pub fn create_with(path: &Path, machines: &[Machine]) -> Result<(), OpenError> {
        file::create_with(path, machines)
    }
}
