//! The one thread that writes.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use redb::{Database, Durability};

use super::backend::Medium;
use super::batch::{Answer, Batch, NewState, Request, changes};
use super::codec::encode_changes;
use super::file;
use super::health::Health;
use super::journal::{Journal, Position};
use super::memory::Memory;
use super::stats::Counters;
use super::tables::{JOURNAL, META, META_FOLDED};
use crate::store::StoreError;

/// Requests that wait already when the last commit ends show that there is load: so many of them
/// are a batch at once, and those that come meanwhile are the next one.
const LOAD: usize = 8;
/// Requests that may wait; beyond them the server is overloaded and says so.
const QUEUE: usize = 8_192;
/// A batch is closed when this many requests wait, …
const ENOUGH: usize = 32;
/// … when this long none came, …
const QUIET: Duration = Duration::from_millis(10);
/// … or when the first of them has waited this long. So a lone client waits 10 ms, many never
/// linger, and a few hundred a second still share commits.
const OLDEST: Duration = Duration::from_millis(100);
/// Most requests of one batch, so that a commit stays short.
const BATCH: usize = 2_048;
/// Time between two attempts to use a store that failed.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// When the journal is folded into the table of machines.
#[derive(Debug, Clone, Copy)]
pub struct FoldPace {
    /// Time between two folds, …
    pub every: Duration,
    /// … unless the journal has grown by this many bytes before.
    pub bytes: usize,
}

impl Default for FoldPace {
    fn default() -> Self {
        Self { every: Duration::from_secs(60), bytes: 64 << 20 }
    }
}

/// What the thread owns.
pub(super) struct Writer {
    medium: Arc<dyn Medium>,
    /// `None` after an error: redb refuses every write on a handle that saw one.
    database: Option<Database>,
    journal: Journal,
    memory: Arc<RwLock<Memory>>,
    health: Arc<Health>,
    counters: Arc<Counters>,
    last_fold: Instant,
    pace: FoldPace,
}

/// The running thread.
#[derive(Debug)]
pub(super) struct WriterHandle {
    /// Disconnected when the thread has ended.
    ended: Receiver<()>,
}

impl WriterHandle {
    /// Lets the thread write what waits, and waits for its end, but not longer than `patience`: a
    /// disk that does not answer must not keep the process alive.
    pub(super) fn finish(&self, requests: &SyncSender<Request>, patience: Duration) {
        // A full queue is emptied by the thread or, when that hangs, by nobody.
        let asked = Instant::now();
        while matches!(requests.try_send(Request::Close), Err(TrySendError::Full(_)))
            && asked.elapsed() < patience
        {
            thread::sleep(Duration::from_millis(5));
        }
        let left = patience.saturating_sub(asked.elapsed());
        if self.ended.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
            tracing::error!("the store's disk does not answer; leaving without it");
        }
    }
}

impl Writer {
    pub(super) fn new(
        medium: Arc<dyn Medium>,
        database: Database,
        journal: Journal,
        memory: Arc<RwLock<Memory>>,
        health: Arc<Health>,
        counters: Arc<Counters>,
        pace: FoldPace,
    ) -> Self {
        let last_fold = Instant::now();
        Self {
            medium,
            database: Some(database),
            journal,
            memory,
            health,
            counters,
            last_fold,
            pace,
        }
    }

    pub(super) fn spawn(self) -> io::Result<(SyncSender<Request>, WriterHandle)> {
        let (sender, receiver) = sync_channel(QUEUE);
        let (running, ended) = sync_channel::<()>(0);
        thread::Builder::new().name("store".into()).spawn(move || {
            let alive = self.health.alive();
            self.run(receiver);
            drop((alive, running));
        })?;
        Ok((sender, WriterHandle { ended }))
    }

    #[expect(clippy::needless_pass_by_value, reason = "the thread owns its end of the queue")]
    fn run(mut self, requests: Receiver<Request>) {
        loop {
            let gathered = gather(&requests, self.idle_time());
            if !gathered.requests.is_empty() {
                self.serve(gathered.requests);
            }
            if gathered.closed {
                return;
            }
            self.maintain();
        }
    }

    /// How long the thread may sleep when nothing is asked.
    fn idle_time(&self) -> Duration {
        if self.database.is_none() {
            RETRY_EVERY
        } else if self.journal.is_folding() {
            Duration::ZERO
        } else {
            self.pace.every.saturating_sub(self.last_fold.elapsed()).max(Duration::from_millis(1))
        }
    }

    fn serve(&mut self, requests: Vec<Request>) {
        let count = requests.len();
        let (answers, states) = self.apply(requests);
        let committed = if states.is_empty() { Ok(()) } else { self.commit(states) };
        self.counters.served(count);
        for answer in answers {
            answer.send(&committed);
        }
    }

    fn apply(&mut self, requests: Vec<Request>) -> (Vec<Answer>, Vec<NewState>) {
        let memory = self.memory.read().unwrap_or_else(PoisonError::into_inner);
        let mut batch = Batch::new(&memory, &mut self.journal.next_key);
        let answers = requests.into_iter().filter_map(|request| batch.apply(request)).collect();
        (answers, batch.into_states())
    }

    /// Makes the states durable, then visible.
    fn commit(&mut self, states: Vec<NewState>) -> Result<(), StoreError> {
        let sequence = self.journal.sequence + 1;
        let value = encode_changes(sequence, &changes(&states));
        let started = Instant::now();
        self.with_database(|database, _| append(database, sequence, &value))?;
        self.counters.committed(value.len(), started.elapsed());
        self.journal.appended(sequence, value.len());
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        for NewState { key, id, machine } in states {
            match &machine {
                Some(machine) => memory.put(key, machine),
                None => memory.remove(&id),
            }
            self.journal.changed(key, machine);
        }
        Ok(())
    }

    /// Folds when it is time, and probes a store that failed.
    fn maintain(&mut self) {
        if self.database.is_none() {
            // A real commit: only that shows that there is space again.
            let _ = self.with_database(|database, journal| touch(database, journal));
            return;
        }
        let due =
            self.last_fold.elapsed() >= self.pace.every || self.journal.bytes >= self.pace.bytes;
        if due && !self.journal.is_folding() {
            self.last_fold = Instant::now();
            if self.journal.is_dirty() {
                self.journal.begin_fold();
            }
        }
        if self.journal.is_folding() {
            let started = Instant::now();
            let _ = self.with_database(|database, journal| journal.fold_step(database));
            self.counters.folded(!self.journal.is_folding(), started.elapsed());
        }
    }

    /// Does something with the store, reopening it first when the last attempt failed. A failure
    /// is logged when it is new, kept as the store's health, and lets go of the handle. A damaged
    /// page makes redb panic; that too is a failure, not the end of the thread.
    fn with_database(
        &mut self,
        work: impl FnOnce(&Database, &mut Journal) -> Result<(), redb::Error>,
    ) -> Result<(), StoreError> {
        let busy = self.health.busy();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            // A file that was touched from outside is written no more. The handle stays: when the
            // file is put back, all is well again.
            if let Err(what) = self.medium.check() {
                let text = format!("its file {what} while the server was running; put it back");
                return Err(StoreError::Unavailable(text));
            }
            let database = match self.database.take() {
                Some(database) => database,
                None => self.reopen()?,
            };
            work(&database, &mut self.journal).map_err(|error| failure(&error))?;
            self.database = Some(database);
            Ok(())
        }));
        let outcome = outcome.unwrap_or_else(|_| {
            Err(StoreError::Backend("its file is damaged; restore it from a copy".into()))
        });
        drop(busy);
        self.health.set(&outcome);
        outcome
    }

    /// Opens the file again, which must stand where this thread left it: another program may have
    /// had it meanwhile.
    fn reopen(&self) -> Result<Database, StoreError> {
        let unavailable =
            |error: &dyn std::fmt::Display| StoreError::Unavailable(error.to_string());
        let database = file::open_database(&*self.medium, Path::new("the store"))
            .map_err(|error| unavailable(&error))?;
        let position = Position::of(&database).map_err(|error| unavailable(&error))?;
        if self.journal.can_stand_at(&position) {
            return Ok(database);
        }
        let text = "its file was changed by another program; restart the server to use it as it is";
        Err(StoreError::Unavailable(text.into()))
    }
}

fn failure(error: &redb::Error) -> StoreError {
    match error {
        redb::Error::Io(source) if source.kind() == io::ErrorKind::StorageFull => StoreError::Full,
        other => StoreError::Unavailable(other.to_string()),
    }
}

fn append(database: &Database, sequence: u64, value: &[u8]) -> Result<(), redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    transaction.set_quick_repair(true);
    transaction.open_table(JOURNAL)?.insert(sequence, value)?;
    Ok(transaction.commit()?)
}

/// Commits a change that changes nothing.
fn touch(database: &Database, _: &Journal) -> Result<(), redb::Error> {
    use redb::ReadableTable as _;
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    {
        let mut meta = transaction.open_table(META)?;
        let folded = meta.get(META_FOLDED)?.map_or(0, |folded| folded.value());
        meta.insert(META_FOLDED, folded)?;
    }
    Ok(transaction.commit()?)
}

struct Gathered {
    requests: Vec<Request>,
    closed: bool,
}

/// Waits up to `idle` for a request, then for more that can share its commit.
fn gather(queue: &Receiver<Request>, idle: Duration) -> Gathered {
    let mut gathered = Gathered { requests: Vec::new(), closed: false };
    match queue.recv_timeout(idle) {
        Ok(first) => gathered.take(first),
        Err(RecvTimeoutError::Timeout) => return gathered,
        Err(RecvTimeoutError::Disconnected) => gathered.closed = true,
    }
    gathered.drain(queue);
    let oldest = Instant::now();
    if gathered.requests.len() >= LOAD {
        return gathered;
    }
    while !gathered.closed && gathered.may_grow() {
        let patience = QUIET.min(OLDEST.saturating_sub(oldest.elapsed()));
        match queue.recv_timeout(patience) {
            Ok(request) => gathered.take(request),
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => gathered.closed = true,
        }
    }
    gathered.drain(queue);
    gathered
}

impl Gathered {
    /// Takes what waits already.
    fn drain(&mut self, queue: &Receiver<Request>) {
        while !self.closed && self.requests.len() < BATCH {
            let Ok(request) = queue.try_recv() else { return };
            self.take(request);
        }
    }

    fn take(&mut self, request: Request) {
        match request {
            Request::Close => self.closed = true,
            request => self.requests.push(request),
        }
    }

    /// Waiting pays: only single reports are here, and not many. A person's change and a whole
    /// batch of reports are written at once.
    fn may_grow(&self) -> bool {
        let patient = |request: &Request| matches!(request, Request::Record { reports, .. } if reports.len() == 1);
        self.requests.len() < ENOUGH && self.requests.last().is_none_or(patient)
    }
}
