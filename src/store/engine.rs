//! What all back ends have in common: requests are gathered into batches, computed on the memory,
//! written as one, applied to the memory, and only then answered.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::oneshot;

use super::change::Changes;
use super::health::Health;
use super::memory::Memory;
use super::queue::{QUEUE, gather};
use super::stats::Counters;
use super::transaction::{Pace, Request, Transaction, Work};
use super::{Recorded, Section, Snapshot, Store, StoreError, StoreStats, transact};
use crate::model::access::{AuditPage, AuditQuery, Kind, Record};
use crate::model::{HumanEdit, Machine, MachineId, MachinePage, MachineQuery, Report};

/// How often a batch is begun again that lost against another transaction.
const ATTEMPTS: u32 = 6;
/// How long the last writes may take when a store is dropped.
const DROP_PATIENCE: Duration = Duration::from_secs(8);
/// How long a large request may take; more than a transaction of any back end may.
const LARGE_PATIENCE: Duration = Duration::from_secs(40);
/// Time between two attempts to use a store that failed.
const RETRY_EVERY: Duration = Duration::from_secs(1);
/// How far a record may be behind what another server did.
const RECENT: Duration = Duration::from_millis(500);
/// How long the last write may take when the server stops, which has 10 s for everything.
const CLOSE_PATIENCE: Duration = Duration::from_millis(1_500);

/// The memory, as the writer and the readers share it.
pub(super) type SharedMemory = Arc<RwLock<Memory>>;

/// Why a batch was not written.
#[derive(Debug)]
pub(super) enum Failure {
    /// It lost against another transaction: beginning it again may help.
    Again(StoreError),
    Final(StoreError),
}

/// What became of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Committed {
    /// Its place among all batches.
    pub(super) version: u64,
    /// What it took to write it.
    pub(super) bytes: usize,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Final(error)
    }
}

impl Failure {
    pub(super) fn into_error(self) -> StoreError {
        match self {
            Self::Again(error) | Self::Final(error) => error,
        }
    }
}

/// The part of a back end that writes, on a thread of its own.
pub(super) trait Writer: Send + 'static {
    /// Gets ready to write; afterwards the memory holds everything that was acknowledged, by
    /// whichever server.
    fn begin(&mut self, memory: &RwLock<Memory>) -> Result<(), Failure>;

    /// Writes the changes, all or none. After `Ok` they survive the end of the power, and the
    /// engine applies them to the memory. Without changes it ends what `begin` began.
    fn commit(&mut self, changes: &Changes) -> Result<Committed, Failure>;

    /// What there is to do between batches.
    fn maintain(&mut self);

    /// How long the thread may sleep when nothing is asked.
    fn idle_time(&self) -> Duration;

    /// Leaves everything as a clean end leaves it.
    fn close(&mut self);
}

/// The part of a back end that readers use.
#[async_trait]
pub(super) trait Reader: Send + Sync + 'static {
    /// Brings the memory up to what was acknowledged before, by whichever server.
    async fn catch_up(&self, memory: &SharedMemory) -> Result<(), StoreError>;

    /// Entries of the audit log, the newest first.
    async fn audit(
        &self,
        memory: &SharedMemory,
        query: &AuditQuery,
    ) -> Result<AuditPage, StoreError>;

    /// Removes the entries of the audit log whose numbers are lower. They are older than anything
    /// that a batch under way may add.
    async fn forget_audit(&self, before: u64) -> Result<(), StoreError>;

    /// Every section of these machines, all of which are in the memory.
    async fn sections(
        &self,
        memory: &SharedMemory,
        ids: &[MachineId],
    ) -> Result<Vec<(MachineId, Arc<Section>)>, StoreError>;

    /// Everything but the audit log, as it is at one moment from now on.
    async fn snapshot(&self, memory: &SharedMemory) -> Result<Snapshot, StoreError>;

    /// Whether there is trouble that the last write did not see.
    async fn check(&self) -> Result<(), StoreError>;
}

/// A store: a back end, its memory, and the thread that writes.
pub struct Engine<R> {
    memory: SharedMemory,
    health: Arc<Health>,
    counters: Arc<Counters>,
    thread: Mutex<Option<WriterThread>>,
    requests: SyncSender<Request>,
    reader: R,
    patience: Duration,
    /// When the memory was last known to be up to date.
    caught_up: Mutex<Option<Instant>>,
}

/// The running thread.
struct WriterThread {
    /// Disconnected when the thread has ended.
    ended: Receiver<()>,
}

impl<R> Engine<R> {
    /// Starts the thread that writes. A request that is not answered within `patience` is told to
    /// come again; old agents give up after 10 s.
    pub(super) fn start(
        memory: SharedMemory,
        health: Arc<Health>,
        counters: Arc<Counters>,
        writer: impl Writer,
        reader: R,
        patience: Duration,
    ) -> io::Result<Self> {
        let (requests, receiver) = sync_channel(QUEUE);
        let (running, ended) = sync_channel::<()>(0);
        let mut work = Thread {
            writer,
            memory: Arc::clone(&memory),
            health: Arc::clone(&health),
            counters: Arc::clone(&counters),
        };
        thread::Builder::new().name("store".into()).spawn(move || {
            let alive = work.health.alive();
            work.run(&receiver);
            // Whoever waits for the end may open the same store right after it.
            drop((alive, receiver, work, running));
        })?;
        let thread = Mutex::new(Some(WriterThread { ended }));
        let caught_up = Mutex::default();
        Ok(Self { memory, health, counters, thread, requests, reader, patience, caught_up })
    }

    fn look<T>(&self, look: impl FnOnce(&Memory) -> T) -> T {
        look(&self.memory.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Brings the memory up to what was acknowledged before.
    async fn catch_up(&self) -> Result<(), StoreError>
    where
        R: Reader,
    {
        let started = Instant::now();
        self.reader.catch_up(&self.memory).await?;
        let mut caught_up = self.caught_up.lock().unwrap_or_else(PoisonError::into_inner);
        *caught_up = caught_up.max(Some(started));
        Ok(())
    }

    /// Whether the memory is at most [`RECENT`] behind.
    fn is_recent(&self) -> bool {
        let caught_up = self.caught_up.lock().unwrap_or_else(PoisonError::into_inner);
        caught_up.is_some_and(|at| at.elapsed() < RECENT)
    }

    fn stop(&self, patience: Duration) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            thread.finish(&self.requests, patience);
        }
    }
}

impl WriterThread {
    /// Lets the thread write what waits, and waits for its end, but not longer than `patience`: a
    /// disk that does not answer must not keep the process alive.
    fn finish(&self, requests: &SyncSender<Request>, patience: Duration) {
        // A full queue is emptied by the thread or, when that hangs, by nobody.
        let asked = Instant::now();
        while matches!(requests.try_send(Request::Close), Err(TrySendError::Full(_)))
            && asked.elapsed() < patience
        {
            thread::sleep(Duration::from_millis(5));
        }
        let left = patience.saturating_sub(asked.elapsed());
        if self.ended.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
            tracing::error!("the store does not answer; leaving without it");
        }
    }
}

impl<R> std::fmt::Debug for Engine<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl<R> Drop for Engine<R> {
    fn drop(&mut self) {
        self.stop(DROP_PATIENCE);
    }
}

/// What the thread owns.
struct Thread<W> {
    writer: W,
    memory: SharedMemory,
    health: Arc<Health>,
    counters: Arc<Counters>,
}

impl<W: Writer> Thread<W> {
    fn run(&mut self, queue: &Receiver<Request>) {
        loop {
            let gathered = gather(queue, self.idle_time());
            let is_idle = gathered.requests.is_empty();
            // A store that failed is tried again even when nothing is asked.
            if !is_idle || (self.health.is_failing() && !gathered.closed) {
                self.serve(gathered.requests);
            }
            if gathered.closed {
                return self.writer.close();
            }
            self.writer.maintain();
        }
    }

    fn idle_time(&self) -> Duration {
        let idle = self.writer.idle_time();
        if self.health.is_failing() { idle.min(RETRY_EVERY) } else { idle }
    }

    fn serve(&mut self, mut requests: Vec<Request>) {
        let mut answers = Vec::new();
        let outcome = self.guarded(|work| {
            for attempt in 1.. {
                match work.write(&mut requests) {
                    Ok(computed) => {
                        answers = computed;
                        break;
                    }
                    Err(Failure::Again(_)) if attempt < ATTEMPTS => {
                        // Each a little longer, so that two servers do not meet again and again.
                        thread::sleep(Duration::from_millis(3) * attempt * attempt);
                    }
                    Err(failure) => return Err(failure.into_error()),
                }
            }
            Ok(())
        });
        self.counters.served(requests.len());
        let mut answers = answers.into_iter();
        for request in requests {
            let answer = match &outcome {
                Ok(()) => answers.next().unwrap_or(Ok(())),
                Err(error) => Err(error.clone()),
            };
            request.answer(answer);
        }
    }

    /// Computes what the requests change, makes it durable, then visible.
    fn write(&mut self, requests: &mut [Request]) -> Result<Vec<Result<(), StoreError>>, Failure> {
        self.writer.begin(&self.memory)?;
        let (answers, changes) = self.compute(requests);
        let started = Instant::now();
        let committed = self.writer.commit(&changes)?;
        if !changes.is_empty() {
            self.counters.committed(committed.bytes, started.elapsed());
            let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
            memory.apply(committed.version, &changes);
        }
        Ok(answers)
    }

    fn compute(&self, requests: &mut [Request]) -> (Vec<Result<(), StoreError>>, Changes) {
        let memory = self.memory.read().unwrap_or_else(PoisonError::into_inner);
        let mut transaction = Transaction::new(&memory);
        // Whoever gave up has asked somebody else since: what comes this late would take the place of
        // something newer.
        let mut apply = |request: &mut Request| match request.is_awaited() {
            true => transaction.apply(request),
            false => Err(StoreError::Unavailable("nobody waits for it".into())),
        };
        let answers = requests.iter_mut().map(&mut apply).collect();
        (answers, transaction.into_changes())
    }

    /// Keeps the health; a panic of a library is a failure of the store, not the end of the thread.
    fn guarded(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let busy = self.health.busy();
        let outcome = catch_unwind(AssertUnwindSafe(|| work(self)));
        drop(busy);
        let outcome = outcome.unwrap_or_else(|_| {
            Err(StoreError::Backend("it broke while it was writing; see the log above".into()))
        });
        self.health.set(&outcome);
        outcome
    }
}

#[async_trait]
impl<R: Reader> Store for Engine<R> {
    async fn run(&self, work: Work, pace: Pace) -> Result<(), StoreError> {
        let unavailable = |why: &str| Err(StoreError::Unavailable(why.into()));
        let (reply, answer) = oneshot::channel();
        self.counters.asked();
        if let Err(refused) = self.requests.try_send(Request::Run { work, pace, reply }) {
            self.counters.served(1);
            return match refused {
                TrySendError::Full(_) => unavailable("more requests wait than it can take"),
                TrySendError::Disconnected(_) => unavailable("it is closed"),
            };
        }
        let patience = if pace == Pace::Large { LARGE_PATIENCE } else { self.patience };
        match tokio::time::timeout(patience, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => unavailable("it is closing"),
            Err(_) => unavailable("it does not answer"),
        }
    }

    async fn record_reports(&self, reports: Vec<Report>) -> Result<Vec<Recorded>, StoreError> {
        if reports.is_empty() {
            return Ok(Vec::new());
        }
        let pace = if reports.len() == 1 { Pace::Shared } else { Pace::AtOnce };
        transact(self, pace, move |transaction| transaction.record_reports(&reports)).await
    }

    async fn machine(&self, id: &MachineId) -> Result<Arc<Machine>, StoreError> {
        self.catch_up().await?;
        self.look(|memory| memory.machine(id)).ok_or(StoreError::NotFound)
    }

    async fn machines(&self, query: &MachineQuery) -> Result<MachinePage, StoreError> {
        self.catch_up().await?;
        Ok(self.look(|memory| memory.page(query)))
    }

    async fn machine_count(&self) -> Result<usize, StoreError> {
        self.catch_up().await?;
        Ok(self.look(Memory::len))
    }

    async fn sections(
        &self,
        ids: &[MachineId],
    ) -> Result<Vec<(MachineId, Arc<Section>)>, StoreError> {
        self.catch_up().await?;
        let has_some = |memory: &Memory, id: &MachineId| {
            memory.machine(id).is_some_and(|machine| !machine.hardware.sections.is_empty())
        };
        let ids = self.look(|memory| {
            ids.iter().filter(|id| has_some(memory, id)).cloned().collect::<Vec<_>>()
        });
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.reader.sections(&self.memory, &ids).await
    }

    async fn edit_machine(
        &self,
        id: &MachineId,
        edit: HumanEdit,
    ) -> Result<Arc<Machine>, StoreError> {
        let id = id.clone();
        transact(self, Pace::AtOnce, move |transaction| transaction.edit_machine(&id, &edit)).await
    }

    async fn delete_machine(&self, id: &MachineId) -> Result<(), StoreError> {
        let id = id.clone();
        transact(self, Pace::AtOnce, move |transaction| transaction.delete_machine(&id).map(drop))
            .await
    }

    async fn import_machines(
        &self,
        machines: Vec<Machine>,
    ) -> Result<Vec<Arc<Machine>>, StoreError> {
        if machines.is_empty() {
            return Ok(Vec::new());
        }
        transact(self, Pace::AtOnce, move |transaction| transaction.import_machines(&machines))
            .await
    }

    async fn record(&self, kind: Kind, id: &str) -> Result<Option<Record>, StoreError> {
        if self.is_recent()
            && let Some(record) = self.look(|memory| memory.record(kind, id))
        {
            return Ok(Some(record));
        }
        self.catch_up().await?;
        Ok(self.look(|memory| memory.record(kind, id)))
    }

    async fn records(&self, kind: Kind) -> Result<Vec<Record>, StoreError> {
        self.catch_up().await?;
        Ok(self.look(|memory| memory.records(kind)))
    }

    async fn audit(&self, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        self.reader.audit(&self.memory, query).await
    }

    async fn forget_audit(&self, before: u64) -> Result<(), StoreError> {
        self.reader.forget_audit(before).await
    }

    async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.reader.snapshot(&self.memory).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.health.check()?;
        self.reader.check().await
    }

    fn stats(&self) -> StoreStats {
        self.counters.stats()
    }

    async fn close(&self) {
        self.stop(CLOSE_PATIENCE);
    }
}
