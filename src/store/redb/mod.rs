//! The embedded store: one redb file, every machine also in memory.
//!
//! Writes go through one thread (`writer`) that gathers waiting requests into a batch, appends
//! one **journal** row holding the new state of every machine the batch touched, commits durably,
//! applies the batch to memory, and only then answers. Once a minute the thread **folds** the
//! journal's latest state of each machine into the table of machines and drops the folded rows.
//! Reads come from memory and never wait for the disk.
//!
//! A commit costs about 30 kB and each leaf it touches 4 kB, and machines report in random order:
//! writing machines one by one would cost 32 kB a report; journal and fold cost about 1 kB.

mod backend;
mod batch;
mod codec;
mod file;
mod health;
mod journal;
mod load;
mod medium;
mod memory;
mod stats;
mod tables;
mod writer;

use std::path::Path;
use std::sync::mpsc::TrySendError;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::oneshot;

pub use backend::{AnyBackend, Medium};
use batch::Request;
use health::Health;
use memory::Memory;
use stats::Counters;
pub use writer::FoldPace;
use writer::{Writer, WriterHandle};

use super::{OpenError, Recorded, Store, StoreError, StoreStats};
use crate::model::{HumanEdit, Machine, MachineId, MachinePage, MachineQuery, Report};

/// How long a write may take. Old agents give up after 10 s, so they get an answer before.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long the last write may take when the server stops, which has 10 s for everything.
const CLOSE_PATIENCE: Duration = Duration::from_millis(1_500);

/// The embedded store.
#[derive(Debug)]
pub struct RedbStore {
    memory: Arc<RwLock<Memory>>,
    health: Arc<Health>,
    counters: Arc<Counters>,
    writer: Mutex<Option<WriterHandle>>,
    requests: std::sync::mpsc::SyncSender<Request>,
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
        file::prepare(path)?;
        Self::open_medium(Arc::new(medium::FileMedium::new(path.to_owned())), path, pace)
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
        let contents = load::verified(&*medium, path)?;
        let database = file::open_database(&*medium, path)?;
        let memory = Arc::new(RwLock::new(contents.memory));
        let counters = Arc::new(Counters::default());
        let health = Arc::new(Health::new(Arc::clone(&counters)));
        let writer = Writer::new(
            medium,
            database,
            contents.journal,
            Arc::clone(&memory),
            Arc::clone(&health),
            Arc::clone(&counters),
            pace,
        );
        let (requests, handle) =
            writer.spawn().map_err(|source| OpenError::io("start the writer of", path, source))?;
        Ok(Self { memory, health, counters, writer: Mutex::new(Some(handle)), requests })
    }

    /// Makes an empty store on `medium`, which must hold nothing.
    ///
    /// # Errors
    /// [`OpenError::Io`] when the medium cannot be written.
    pub fn create_medium(medium: &dyn Medium, path: &Path) -> Result<(), OpenError> {
        file::create_database(medium, path)
    }

    fn read<T>(&self, look: impl FnOnce(&Memory) -> T) -> T {
        look(&self.memory.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hands a request to the writer and waits for its answer.
    async fn write<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Request,
    ) -> Result<T, StoreError> {
        let unavailable = |why: &str| Err(StoreError::Unavailable(why.into()));
        let (reply, answer) = oneshot::channel();
        self.counters.asked();
        if let Err(refused) = self.requests.try_send(request(reply)) {
            self.counters.served(1);
            return match refused {
                TrySendError::Full(_) => unavailable("more reports wait than its disk can take"),
                TrySendError::Disconnected(_) => unavailable("it is closed"),
            };
        }
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => unavailable("it is closing"),
            Err(_) => unavailable("its disk does not answer"),
        }
    }

    fn stop(&self, patience: Duration) {
        let handle = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(handle) = handle {
            handle.finish(&self.requests, patience);
        }
    }
}

impl Drop for RedbStore {
    fn drop(&mut self) {
        self.stop(PATIENCE);
    }
}

#[async_trait]
impl Store for RedbStore {
    async fn record_reports(&self, reports: Vec<Report>) -> Result<Vec<Recorded>, StoreError> {
        if reports.is_empty() {
            return Ok(Vec::new());
        }
        self.write(|reply| Request::Record { reports, reply }).await
    }

    async fn machine(&self, id: &MachineId) -> Result<Arc<Machine>, StoreError> {
        self.read(|memory| memory.machine(id)).ok_or(StoreError::NotFound)
    }

    async fn machines(&self, query: &MachineQuery) -> Result<MachinePage, StoreError> {
        Ok(self.read(|memory| memory.page(query)))
    }

    async fn machine_count(&self) -> Result<usize, StoreError> {
        Ok(self.read(Memory::len))
    }

    async fn edit_machine(
        &self,
        id: &MachineId,
        edit: HumanEdit,
    ) -> Result<Arc<Machine>, StoreError> {
        let id = id.clone();
        self.write(|reply| Request::Edit { id, edit, reply }).await
    }

    async fn delete_machine(&self, id: &MachineId) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(|reply| Request::Delete { id, reply }).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.health.check()
    }

    fn stats(&self) -> StoreStats {
        self.counters.stats()
    }

    async fn close(&self) {
        self.stop(CLOSE_PATIENCE);
    }
}
