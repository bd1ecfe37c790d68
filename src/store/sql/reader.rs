//! Reading: a few connections that anybody may use for a moment.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Semaphore;

use super::address::SqlSettings;
use super::connect::connect;
use super::dialect::Dialect;
use super::failure::{is_of_statement, unavailable};
use super::link::Link;
use super::sync::{self, Moment};
use super::{audit, sections};
use crate::model::MachineId;
use crate::model::access::{AuditEntry, AuditPage, AuditQuery};
use crate::store::engine::{Reader, SharedMemory};
use crate::store::{Section, Snapshot, StoreError};

/// Connections for reading.
const CONNECTIONS: usize = 8;
/// How long a reader waits for the database, everything included.
const PATIENCE: Duration = Duration::from_millis(1_800);
/// How long reading every machine may take.
const WHOLE: Duration = Duration::from_secs(20);

/// Reads.
pub struct SqlReader {
    settings: SqlSettings,
    dialect: Dialect,
    turns: Semaphore,
    idle: Mutex<Vec<Box<dyn Link>>>,
    /// Held by the one who reads what changed; the others find it done.
    catching_up: tokio::sync::Mutex<()>,
}

/// What is looked for.
enum Look<'a> {
    /// The number of the last batch.
    Version,
    /// What the memory lacks, where it stood and where the database stands.
    CatchUp(&'a SharedMemory, (Option<u64>, u64)),
    /// Entries of the audit log, which are put there.
    Audit(&'a AuditQuery, &'a Mutex<Vec<(u64, AuditEntry)>>),
    /// Sections of machines, which are put there.
    Sections(&'a [MachineId], &'a Mutex<Vec<(MachineId, Arc<Section>)>>),
    /// Nothing: entries of the audit log with lower numbers go.
    ForgetAudit(u64),
    /// Everything, which is put there.
    Everything(&'a Mutex<Option<Snapshot>>),
}

impl SqlReader {
    pub(super) fn new(settings: SqlSettings) -> Self {
        let dialect = Dialect::from(&settings.address);
        let turns = Semaphore::new(CONNECTIONS);
        Self { settings, dialect, turns, idle: Mutex::default(), catching_up: Default::default() }
    }

    /// Looks at the database on a connection that is free. One that turns out to have ended while
    /// nobody used it is replaced.
    async fn look(&self, look: &Look<'_>) -> Result<u64, sqlx::Error> {
        let _turn = self.turns.acquire().await.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(mut link) = idle {
            match self.look_through(link.as_mut(), look).await {
                Ok(looked) => {
                    self.give_back(link);
                    return Ok(looked);
                }
                // The connection goes too: it may be in the middle of a transaction, where it would see
                // an old moment for ever, or nothing at all.
                Err(error) if is_of_statement(&error) => return Err(error),
                Err(_) => {}
            }
        }
        let mut link = connect(&self.settings.address).await?;
        let looked = self.look_through(link.as_mut(), look).await;
        if looked.is_ok() {
            self.give_back(link);
        }
        looked
    }

    async fn look_through(&self, link: &mut dyn Link, look: &Look<'_>) -> Result<u64, sqlx::Error> {
        let (dialect, zone) = (self.dialect, self.settings.zone);
        match *look {
            Look::Version => sync::version(link, dialect).await,
            Look::CatchUp(memory, stand) => {
                sync::catch_up(link, dialect, zone, memory, stand, Moment::Any).await?;
                Ok(stand.1)
            }
            Look::Audit(query, found) => {
                let entries = audit::read(link, dialect, query).await?;
                *found.lock().unwrap_or_else(PoisonError::into_inner) = entries;
                Ok(0)
            }
            Look::Sections(ids, found) => {
                let sections = sections::read(link, dialect, ids).await?;
                *found.lock().unwrap_or_else(PoisonError::into_inner) = sections;
                Ok(0)
            }
            Look::ForgetAudit(before) => audit::forget(link, dialect, before).await.map(|()| 0),
            Look::Everything(found) => {
                let loaded = sync::snapshot(link, dialect, zone).await?.snapshot();
                *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(loaded);
                Ok(0)
            }
        }
    }

    fn give_back(&self, link: Box<dyn Link>) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(link);
    }

    /// Reads everything, for the first time.
    pub(super) async fn read_all(&self, memory: &SharedMemory) -> Result<(), sqlx::Error> {
        let version = self.look(&Look::Version).await?;
        self.look(&Look::CatchUp(memory, (None, version))).await.map(|_| ())
    }

    async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, StoreError> {
        let timed_out = || sqlx::Error::Io(io::ErrorKind::TimedOut.into());
        let worked = tokio::time::timeout(limit, work).await;
        worked.unwrap_or_else(|_| Err(timed_out())).map_err(|error| unavailable(&error))
    }
}

#[async_trait]
impl Reader for SqlReader {
    async fn catch_up(&self, memory: &SharedMemory) -> Result<(), StoreError> {
        // In this order: the database is never behind what was known before it was asked, unless
        // it is another one.
        let known = sync::known(memory);
        let version = self.within(PATIENCE, self.look(&Look::Version)).await?;
        if known == Some(version) {
            return Ok(());
        }
        let _one = self.catching_up.lock().await;
        let now = sync::known(memory);
        let has_been_done = now != known && now >= Some(version);
        if has_been_done {
            return Ok(());
        }
        let look = Look::CatchUp(memory, (now, version));
        self.within(WHOLE, self.look(&look)).await.map(|_| ())
    }

    async fn audit(&self, _: &SharedMemory, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        let found = Mutex::default();
        self.within(PATIENCE, self.look(&Look::Audit(query, &found))).await?;
        Ok(AuditPage { entries: found.into_inner().unwrap_or_else(PoisonError::into_inner) })
    }

    async fn forget_audit(&self, before: u64) -> Result<(), StoreError> {
        self.within(WHOLE, self.look(&Look::ForgetAudit(before))).await.map(|_| ())
    }

    async fn sections(
        &self,
        _: &SharedMemory,
        ids: &[MachineId],
    ) -> Result<Vec<(MachineId, Arc<Section>)>, StoreError> {
        let found = Mutex::default();
        self.within(PATIENCE, self.look(&Look::Sections(ids, &found))).await?;
        Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Read from the database, not from the memory: what somebody else wrote to the original's table
    /// is in it too.
    async fn snapshot(&self, _: &SharedMemory) -> Result<Snapshot, StoreError> {
        let found = Mutex::default();
        self.within(WHOLE, self.look(&Look::Everything(&found))).await?;
        let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.ok_or_else(|| StoreError::Backend("a snapshot was not read".into()))
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.within(PATIENCE, self.look(&Look::Version)).await.map(|_| ())
    }
}
