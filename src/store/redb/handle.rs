//! The database, for whoever uses it. redb refuses everything on a handle that saw an error: such a
//! handle is let go of, and whoever needs the database next opens it again.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::Database;

use super::backend::Medium;
use super::failure::{changed_by_another, failure, io_failure, meddled};
use super::file;
use super::fold::{Job, Position, write};
use super::sections::{self, BadSections, Wanted};
use crate::model::MachineId;
use crate::store::{OpenError, Section, StoreError};

/// The database, and where it stands.
#[derive(Debug)]
pub(super) struct Handle {
    state: Mutex<State>,
    /// Whether the last use failed.
    is_in_trouble: AtomicBool,
}

#[derive(Debug)]
struct State {
    /// `None` when the store was closed: with the medium goes what keeps other servers away.
    medium: Option<Arc<dyn Medium>>,
    /// `None` after an error.
    database: Option<Database>,
    position: Position,
    /// Where a fold was to take it that did not come to its end, as far as anybody knows.
    under_way: Option<Position>,
}

impl Handle {
    /// A database that is open and stands there.
    pub(super) fn new(medium: Arc<dyn Medium>, database: Database, position: Position) -> Self {
        let (medium, database) = (Some(medium), Some(database));
        let state = State { medium, database, position, under_way: None };
        Self { state: Mutex::new(state), is_in_trouble: AtomicBool::new(false) }
    }

    /// Does something with the database that leaves it where it stands.
    pub(super) fn run<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        let done = self.attempt(work);
        self.is_in_trouble.store(done.is_err(), Relaxed);
        done
    }

    /// Whether it can be used, after a use that failed.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match self.is_in_trouble.load(Relaxed) {
            true => self.run(|database| Position::of(database).map(drop)),
            false => Ok(()),
        }
    }

    fn attempt<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        let mut state = self.state();
        let database = match state.database.take() {
            Some(database) => database,
            None => state.reopened()?,
        };
        // Put back before it is used: should redb panic, the database is not dropped on the way.
        let done = work(state.database.insert(database));
        if done.is_err() {
            state.database = None;
        }
        done.map_err(|error| failure(&error))
    }

    /// Folds, and answers when that is durable.
    pub(super) fn fold(&self, job: &Job) -> Result<(), StoreError> {
        let mut state = self.state();
        let after = Position { folded: job.watermark, journal: job.journal };
        state.under_way = Some(after);
        let database = match state.database.take() {
            Some(database) => database,
            None => state.reopened()?,
        };
        write(&database, job).map_err(|error| failure(&error))?;
        state.database = Some(database);
        state.position = after;
        state.under_way = None;
        Ok(())
    }

    /// The sections of these machines.
    pub(super) fn sections(
        &self,
        wanted: Vec<Wanted>,
    ) -> Result<Vec<(MachineId, Arc<Section>)>, StoreError> {
        self.run(|database| match sections::read(database, wanted) {
            Err(BadSections::Redb(error)) => Err(error),
            read => Ok(read.map_err(StoreError::from)),
        })?
    }

    /// Lets go of the database for good.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.database = None;
        state.medium = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The file, opened again. It must stand where it was left: another program may have had it
    /// meanwhile.
    fn reopened(&self) -> Result<Database, StoreError> {
        let closed = || StoreError::Unavailable("it is closed".into());
        let medium = self.medium.as_ref().ok_or_else(closed)?;
        medium.check().map_err(meddled)?;
        let opened = file::open_database(&**medium, Path::new("the store"));
        let database = opened.map_err(|error| match error {
            OpenError::Io { cause, .. } => io_failure(&cause),
            error => StoreError::Unavailable(error.to_string()),
        })?;
        let found = Position::of(&database).map_err(|error| failure(&error))?;
        // The last attempt may have come to its end or not.
        if found == self.position || Some(found) == self.under_way {
            return Ok(database);
        }
        Err(changed_by_another())
    }
}
