//! Whether a store can be written, as the last attempt showed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::StoreError;
use super::stats::Counters;

/// A write that takes longer than this shows that the disk hangs.
const HANGING: Duration = Duration::from_secs(5);

/// What is known about the writer.
#[derive(Debug)]
pub(super) struct Health {
    trouble: Mutex<Option<StoreError>>,
    counters: Arc<Counters>,
    created: Instant,
    /// When the write under way began, in milliseconds since `created`; 0 for none.
    busy_since_ms: AtomicU64,
    is_alive: AtomicBool,
}

/// Lives while something is written.
pub(super) struct Busy(Arc<Health>);

/// Lives as long as the writer's thread.
pub(super) struct Alive(Arc<Health>);

impl Health {
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        Self {
            trouble: Mutex::new(None),
            counters,
            created: Instant::now(),
            busy_since_ms: AtomicU64::new(0),
            is_alive: AtomicBool::new(true),
        }
    }

    pub(super) fn check(&self) -> Result<(), StoreError> {
        if !self.is_alive.load(Relaxed) {
            return Err(StoreError::Unavailable("it is closed".into()));
        }
        let since = self.busy_since_ms.load(Relaxed);
        if since > 0 && self.now_ms().saturating_sub(since) > millis(HANGING) {
            return Err(StoreError::Unavailable("its disk does not answer".into()));
        }
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.as_ref().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Whether the last attempt failed.
    pub(super) fn is_failing(&self) -> bool {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(super) fn set(&self, outcome: &Result<(), StoreError>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*trouble, outcome) {
            (Some(_), Ok(())) => tracing::info!("the store works again"),
            (known, Err(error)) if known.as_ref() != Some(error) => {
                self.counters.failed();
                tracing::error!(%error, "the store failed; trying again every second");
            }
            _ => {}
        }
        *trouble = outcome.as_ref().err().cloned();
    }

    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        self.busy_since_ms.store(self.now_ms().max(1), Relaxed);
        Busy(Arc::clone(self))
    }

    pub(super) fn alive(self: &Arc<Self>) -> Alive {
        Alive(Arc::clone(self))
    }

    fn now_ms(&self) -> u64 {
        millis(self.created.elapsed())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy_since_ms.store(0, Relaxed);
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.is_alive.store(false, Relaxed);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
