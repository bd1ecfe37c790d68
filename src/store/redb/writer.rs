//! Batches go to the journal, and from time to time from there into the database.

use std::io;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use super::backend::Medium;
use super::failure::{changed_by_another, io_failure, meddled};
use super::fold::{Job, States};
use super::folder::FolderThread;
use super::journal::Journal;
use crate::store::StoreError;
use crate::store::change::Changes;
use crate::store::engine::{Committed, Failure, Writer};
use crate::store::memory::Memory;

/// How long to wait before looking whether a fold has ended.
const FOLDING: Duration = Duration::from_millis(50);

/// When the journal is folded into the database.
#[derive(Debug, Clone, Copy)]
pub struct FoldPace {
    /// Time between two folds, …
    pub every: Duration,
    /// … unless the journal has grown by this many bytes before.
    pub bytes: usize,
}

impl Default for FoldPace {
    fn default() -> Self {
        Self { every: Duration::from_secs(60), bytes: 32 << 20 }
    }
}

/// Writes batches.
pub(super) struct RedbWriter {
    medium: Arc<dyn Medium>,
    journal: Journal,
    journal_id: u64,
    /// After an error: whether the last record is in the journal is not known.
    is_broken: bool,
    /// What the database lacks and no fold has begun to bring there.
    states: States,
    next_key: u32,
    bytes: usize,
    last_fold: Instant,
    folder: FolderThread,
    pace: FoldPace,
}

impl RedbWriter {
    pub(super) fn new(
        medium: Arc<dyn Medium>,
        journal: Journal,
        journal_id: u64,
        next_key: u32,
        folder: FolderThread,
        pace: FoldPace,
    ) -> Self {
        Self {
            medium,
            journal,
            journal_id,
            is_broken: false,
            states: States::default(),
            next_key,
            bytes: 0,
            last_fold: Instant::now(),
            folder,
            pace,
        }
    }

    fn append(&mut self, changes: &Changes) -> Result<usize, StoreError> {
        self.is_broken = true;
        let bytes = self.journal.append(changes).map_err(|error| match error.kind() {
            io::ErrorKind::QuotaExceeded => StoreError::Unavailable(
                "its journal is full, because it cannot be folded into the database".into(),
            ),
            _ => io_failure(&error),
        })?;
        self.is_broken = false;
        Ok(bytes)
    }

    fn job(&mut self, journal: u64) -> Job {
        let (watermark, next_key) = (self.journal.sequence(), self.next_key);
        Job { watermark, next_key, states: std::mem::take(&mut self.states), journal }
    }

    fn is_fold_due(&self) -> bool {
        self.last_fold.elapsed() >= self.pace.every || self.bytes >= self.pace.bytes
    }
}

impl Writer for RedbWriter {
    fn begin(&mut self, _: &RwLock<Memory>) -> Result<(), Failure> {
        // A file that was touched from outside is written no more. The handles stay: when the file
        // is put back, all is well again.
        self.medium.check().map_err(meddled)?;
        if self.is_broken {
            let reopened =
                self.journal.reopen(&*self.medium).map_err(|error| io_failure(&error))?;
            self.journal = reopened.ok_or_else(changed_by_another)?;
            // Only a real record shows that there is space again; and it takes the place of the one
            // that failed.
            self.append(&Changes::default())?;
        }
        Ok(())
    }

    fn commit(&mut self, changes: &Changes) -> Result<Committed, Failure> {
        if changes.is_empty() {
            return Ok(Committed { version: self.journal.sequence(), bytes: 0 });
        }
        let bytes = self.append(changes)?;
        self.bytes += bytes;
        self.states.note(self.journal.sequence(), changes);
        let highest = changes.machines.iter().map(|change| change.key).max();
        self.next_key = self.next_key.max(highest.map_or(0, |key| key + 1));
        Ok(Committed { version: self.journal.sequence(), bytes })
    }

    fn maintain(&mut self) {
        if self.is_broken || self.states.is_empty() || !self.is_fold_due() {
            return;
        }
        if self.folder.is_idle() {
            self.last_fold = Instant::now();
            self.bytes = 0;
            let job = self.job(self.journal_id);
            self.journal.switch();
            self.folder.start(job);
        }
    }

    fn idle_time(&self) -> Duration {
        match self.pace.every.checked_sub(self.last_fold.elapsed()) {
            _ if self.states.is_empty() => self.pace.every.max(FOLDING),
            Some(left) if !left.is_zero() => left,
            _ => FOLDING.min(self.pace.every.max(Duration::from_millis(1))),
        }
    }

    /// Afterwards the database holds everything, and can be copied alone; unless the journal broke,
    /// then the next start reads it as after a power cut.
    fn close(&mut self) {
        let last = (!self.is_broken).then(|| self.job(0));
        self.folder.finish(last);
    }
}
