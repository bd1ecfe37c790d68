//! Folding: the newest state of every machine that the journal names goes into the database, on a
//! thread of its own, so that no report waits for it.

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use redb::Database;

use super::backend::Medium;
use super::database::{SharedDatabase, changed_by_another, failure, meddled};
use super::tables::{
    AUDIT, MACHINES, META, META_FOLDED, META_JOURNAL, META_NEXT_KEY, RECORDS, record_name,
};
use super::{file, sections};
use crate::model::access::{AuditEntry, Record};
use crate::model::{Machine, SectionName};
use crate::store::change::{Changes, SectionChange};
use crate::store::codec::{encode_entry, encode_machine, encode_record};
use crate::store::engine::SharedMemory;
use crate::store::health::Health;
use crate::store::memory::audit_numbers;
use crate::store::stats::Counters;
use crate::store::{Section, StoreError};

/// Time between two attempts to fold.
const RETRY_EVERY: Duration = Duration::from_secs(1);

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

/// What the thread owns.
pub(super) struct Folder {
    medium: Arc<dyn Medium>,
    database: SharedDatabase,
    position: Position,
    memory: SharedMemory,
    health: Arc<Health>,
    counters: Arc<Counters>,
    is_closing: Arc<AtomicBool>,
}

/// The running thread.
#[derive(Debug)]
pub(super) struct FolderThread {
    /// `None` when there are no more.
    jobs: Option<SyncSender<Job>>,
    /// Disconnected when the thread has let go of the database.
    done: Receiver<()>,
    is_busy: bool,
    is_closing: Arc<AtomicBool>,
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

impl Folder {
    pub(super) fn new(
        medium: Arc<dyn Medium>,
        database: SharedDatabase,
        position: Position,
        memory: SharedMemory,
        health: Arc<Health>,
        counters: Arc<Counters>,
    ) -> Self {
        let is_closing = Arc::default();
        Self { medium, database, position, memory, health, counters, is_closing }
    }

    pub(super) fn spawn(mut self) -> io::Result<FolderThread> {
        let (jobs, received) = sync_channel(1);
        let (finished, done) = sync_channel(2);
        let is_closing = Arc::clone(&self.is_closing);
        thread::Builder::new().name("fold".into()).spawn(move || {
            for job in received {
                self.fold(&job);
                // Nobody waits any more when the store was left.
                if finished.send(()).is_err() {
                    return;
                }
            }
            // Readers have a part in the database, but not in its end.
            drop(self.database.lock().unwrap_or_else(PoisonError::into_inner).take());
            drop((self, finished));
        })?;
        Ok(FolderThread { jobs: Some(jobs), done, is_busy: false, is_closing })
    }

    /// Folds, again and again until it is done or the store closes.
    fn fold(&mut self, job: &Job) {
        let started = Instant::now();
        while let Err(error) = self.attempt(job) {
            self.health.set(&Err(error));
            if self.is_closing.load(Relaxed) {
                return;
            }
            thread::sleep(RETRY_EVERY);
        }
        self.memory.write().unwrap_or_else(PoisonError::into_inner).folded(job.watermark);
        self.health.set(&Ok(()));
        self.counters.folded(started.elapsed());
    }

    /// A damaged page makes redb panic; that too is a failure, not the end of the thread.
    fn attempt(&mut self, job: &Job) -> Result<(), StoreError> {
        let busy = self.health.busy();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            self.medium.check().map_err(meddled)?;
            let mut handle = self.database.lock().unwrap_or_else(PoisonError::into_inner);
            let database = match handle.take() {
                Some(database) => database,
                None => self.reopen(job)?,
            };
            write(&database, job).map_err(|error| failure(&error))?;
            *handle = Some(database);
            drop(handle);
            self.position = Position { folded: job.watermark, journal: job.journal };
            Ok(())
        }));
        drop(busy);
        outcome.unwrap_or_else(|_| {
            Err(StoreError::Backend("its file is damaged; restore it from a copy".into()))
        })
    }

    /// Opens the file again, which must stand where this thread left it: another program may have
    /// had it meanwhile.
    fn reopen(&self, job: &Job) -> Result<Database, StoreError> {
        let unavailable =
            |error: &dyn std::fmt::Display| StoreError::Unavailable(error.to_string());
        let database = file::open_database(&*self.medium, Path::new("the store"))
            .map_err(|error| unavailable(&error))?;
        let found = Position::of(&database).map_err(|error| unavailable(&error))?;
        // The last attempt may have come to its end or not.
        let after = Position { folded: job.watermark, journal: job.journal };
        if found == self.position || found == after {
            return Ok(database);
        }
        Err(changed_by_another())
    }
}

impl FolderThread {
    /// Whether it can take a job.
    pub(super) fn is_idle(&mut self) -> bool {
        if self.is_busy && self.done.try_recv().is_ok() {
            self.is_busy = false;
        }
        !self.is_busy
    }

    pub(super) fn start(&mut self, job: Job) {
        self.is_busy = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
    }

    /// Lets it finish what is under way, then the last job, and waits for its end.
    pub(super) fn finish(&mut self, last: Option<Job>) {
        self.is_closing.store(true, Relaxed);
        if let Some(last) = last {
            self.start(last);
        }
        self.jobs = None;
        while self.done.recv().is_ok() {}
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
