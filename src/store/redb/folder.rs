//! The thread that folds, so that no report waits for it.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::backend::Medium;
use super::failure::meddled;
use super::fold::Job;
use super::handle::Handle;
use crate::store::StoreError;
use crate::store::engine::SharedMemory;
use crate::store::health::Health;
use crate::store::stats::Counters;

/// Time between two attempts to fold.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// What the thread owns.
pub(super) struct Folder {
    medium: Arc<dyn Medium>,
    database: Arc<Handle>,
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

impl Folder {
    pub(super) fn new(
        medium: Arc<dyn Medium>,
        database: Arc<Handle>,
        memory: SharedMemory,
        health: Arc<Health>,
        counters: Arc<Counters>,
    ) -> Self {
        let is_closing = Arc::default();
        Self { medium, database, memory, health, counters, is_closing }
    }

    pub(super) fn spawn(mut self) -> io::Result<FolderThread> {
        let (jobs, received) = sync_channel(1);
        let (finished, done) = sync_channel(2);
        let is_closing = Arc::clone(&self.is_closing);
        thread::Builder::new().name("fold".into()).spawn(move || {
            for job in received {
                // What was not folded is in the journal, and must be before anything that came after
                // it is.
                if !self.fold(&job) {
                    break;
                }
                // Nobody waits any more when the store was left.
                if finished.send(()).is_err() {
                    return;
                }
            }
            // Readers have a part in the database, but not in its end.
            self.database.close();
            drop((self, finished));
        })?;
        Ok(FolderThread { jobs: Some(jobs), done, is_busy: false, is_closing })
    }

    /// Folds, again and again until it is done or the store closes, and says whether it is done.
    fn fold(&mut self, job: &Job) -> bool {
        let started = Instant::now();
        while let Err(error) = self.attempt(job) {
            self.health.set(&Err(error));
            if self.is_closing.load(Relaxed) {
                return false;
            }
            thread::sleep(RETRY_EVERY);
        }
        self.memory.write().unwrap_or_else(PoisonError::into_inner).folded(job.watermark);
        self.health.set(&Ok(()));
        self.counters.folded(started.elapsed());
        true
    }

    /// A damaged page makes redb panic; that too is a failure, not the end of the thread.
    fn attempt(&mut self, job: &Job) -> Result<(), StoreError> {
        let busy = self.health.busy();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            self.medium.check().map_err(meddled)?;
            self.database.fold(job)
        }));
        drop(busy);
        outcome.unwrap_or_else(|_| {
            Err(StoreError::Backend("its file is damaged; restore it from a copy".into()))
        })
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
