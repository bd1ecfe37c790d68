//! Keeping the inventory: one trait, several back ends.

mod asset;
pub mod backup;
mod change;
mod codec;
mod engine;
mod error;
mod facts;
mod hardware;
mod health;
mod memory;
mod precision;
mod queue;
mod records;
pub mod redb;
mod section;
pub mod sql;
mod stats;
mod transaction;

use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

pub use engine::Engine;
pub use error::{OpenError, StoreError};
pub use section::Section;
pub use transaction::{Pace, Transaction, Work};

use crate::model::access::{AuditPage, AuditQuery, Kept, Kind, Record};
use crate::model::{HumanEdit, Machine, MachineId, MachinePage, MachineQuery, Report};

/// How every SQLite file begins.
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";

/// Whether there is a file at `path`, and an SQLite database in it.
#[must_use]
pub fn is_sqlite(path: &Path) -> bool {
    let mut start = [0; SQLITE_MAGIC.len()];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == SQLITE_MAGIC
}

/// What became of one report.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The machine as it is after the report.
    pub machine: Arc<Machine>,
    /// Whether this report was the machine's first.
    pub created: bool,
}

/// Everything that a store keeps, at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The machines, in the order of their names.
    pub machines: Vec<Arc<Machine>>,
    /// The records of every kind.
    pub records: Vec<Record>,
    /// The last batch that is in it.
    pub version: u64,
}

impl Snapshot {
    /// The audit log's entries of that moment have numbers below this one.
    #[must_use]
    pub fn audit_end(&self) -> u64 {
        memory::audit_numbers(self.version).end
    }
}

/// What a store did since it was opened.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoreStats {
    /// Requests that wait to be written.
    pub waiting: usize,
    /// Requests that were written.
    pub requests: u64,
    /// Batches made durable.
    pub commits: u64,
    /// Bytes of those batches.
    pub commit_bytes: u64,
    /// Time spent on making them durable.
    pub commit_seconds: f64,
    /// Folds that were finished.
    pub folds: u64,
    /// Time spent on folding.
    pub fold_seconds: f64,
    /// Times that it went from working to failing.
    pub failures: u64,
}

/// The inventory on disk.
///
/// Each verb is one transaction: it happens as a whole or not at all. When a verb that writes
/// answers `Ok`, its effect survives the end of the process and of the power; when it answers
/// [`StoreError::Unavailable`], the effect may be there or not, and asking again is safe. Several
/// calls may share one commit. A read that starts after a write was answered sees that write.
///
/// Ids are compared byte by byte. Time is an argument: a store never asks the clock.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Does several things as one; see [`transact`].
    ///
    /// # Errors
    /// What the work answers; then nothing of it is kept. [`StoreError::Unavailable`] and
    /// [`StoreError::Full`].
    async fn run(&self, work: Work, pace: Pace) -> Result<(), StoreError>;

    /// A record, as it was at most a second ago; one that was made since is found too.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the store cannot be reached.
    async fn record(&self, kind: Kind, id: &str) -> Result<Option<Record>, StoreError>;

    /// Every record of a kind, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the store cannot be reached.
    async fn records(&self, kind: Kind) -> Result<Vec<Record>, StoreError>;

    /// Entries of the audit log, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the store cannot be reached.
    async fn audit(&self, query: &AuditQuery) -> Result<AuditPage, StoreError>;

    /// Removes the entries of the audit log whose numbers are lower than this one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the store cannot be reached.
    async fn forget_audit(&self, before: u64) -> Result<(), StoreError>;

    /// Records reports in the order given, also several of one machine, and answers in that
    /// order. The first report of an id creates its machine.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] and [`StoreError::Full`]; then none of the reports counts.
    async fn record_reports(&self, reports: Vec<Report>) -> Result<Vec<Recorded>, StoreError>;

    /// One machine.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown id.
    async fn machine(&self, id: &MachineId) -> Result<Arc<Machine>, StoreError>;

    /// A page of the machines that match a query, and how many match in all.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the store cannot be reached.
    async fn machines(&self, query: &MachineQuery) -> Result<MachinePage, StoreError>;

    /// How many machines there are.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the store cannot be reached.
    async fn machine_count(&self) -> Result<usize, StoreError>;

    /// Every section that is kept of these machines, in no order; none of ids that are unknown.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the store cannot be reached.
    async fn sections(
        &self,
        ids: &[MachineId],
    ) -> Result<Vec<(MachineId, Arc<Section>)>, StoreError>;

    /// Changes what people know about a machine and answers the machine as it is then.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown id.
    async fn edit_machine(
        &self,
        id: &MachineId,
        edit: HumanEdit,
    ) -> Result<Arc<Machine>, StoreError>;

    /// Removes a machine and its sections. A later report of the same id is a new machine.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown id.
    async fn delete_machine(&self, id: &MachineId) -> Result<(), StoreError>;

    /// Puts machines as they are, in place of those with the same ids, and answers them as they are
    /// kept: a store may round times and loads, and has the sections that it had.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for an id that the store cannot tell from another one; then none of
    /// the machines is put.
    async fn import_machines(
        &self,
        machines: Vec<Machine>,
    ) -> Result<Vec<Arc<Machine>>, StoreError>;

    /// Everything that is kept, but for the audit log and the content of sections, as it is at one moment between the call and
    /// the answer. The audit log of that moment are the entries below
    /// [`Snapshot::audit_end`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the store cannot be reached.
    async fn snapshot(&self) -> Result<Snapshot, StoreError>;

    /// Whether the store can be read and written now.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Full`] says why it cannot.
    async fn check(&self) -> Result<(), StoreError>;

    /// What it did since it was opened.
    fn stats(&self) -> StoreStats;

    /// Finishes what was asked before and lets go of the store; every later write is refused.
    async fn close(&self);
}

/// Runs a transaction on a store, and answers what it answers once that is durable. The work is
/// done again from the start when another server was faster.
///
/// # Errors
/// As [`Store::run`].
pub async fn transact<T: Send + 'static>(
    store: &dyn Store,
    pace: Pace,
    mut work: impl FnMut(&mut Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let answer = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&answer);
    store
        .run(
            Box::new(move |transaction| {
                let value = work(transaction)?;
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
                Ok(())
            }),
            pace,
        )
        .await?;
    let answer = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
    answer.ok_or_else(|| StoreError::Backend("a request was not answered".into()))
}

/// The record of a type with an id; see [`Store::record`].
///
/// # Errors
/// As [`Store::record`].
pub async fn record<T: Kept>(store: &dyn Store, id: &str) -> Result<Option<Arc<T>>, StoreError> {
    Ok(store.record(T::KIND, id).await?.as_ref().and_then(T::of).cloned())
}

/// Every record of a type.
///
/// # Errors
/// As [`Store::records`].
pub async fn records<T: Kept>(store: &dyn Store) -> Result<Vec<Arc<T>>, StoreError> {
    let records = store.records(T::KIND).await?;
    Ok(records.iter().filter_map(T::of).cloned().collect())
}
