//! Backups of the inventory, written, read again, and only then given their name.

use std::io;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::Inventory;
use crate::atomic_file::{AtomicFile, PRIVATE};
use crate::model::BackupRun;
use crate::model::access::{AuditEntry, Identity};
use crate::store::backup::{self, Backup, Summary};
use crate::store::{Pace, StoreError, record, transact};

/// A backup that was read again from its first byte to its last. Dropped, its file goes away.
#[derive(Debug)]
pub struct Taken {
    /// The file, without its name yet.
    pub file: AtomicFile,
    /// What is in it.
    pub summary: Summary,
    /// Its length.
    pub bytes: u64,
}

/// Reads a file that was written, and says how long it is; the summary must be the same.
///
/// # Errors
/// What is wrong with the file, in words.
fn read_again(draft: &Path, summary: Summary) -> Result<u64, String> {
    let found = Backup::open(draft).map_err(|error| error.to_string())?.summary();
    if found != summary {
        return Err("it does not hold what was written to it".into());
    }
    std::fs::metadata(draft).map(|metadata| metadata.len()).map_err(|error| error.to_string())
}

impl Inventory {
    /// Writes everything that is kept, as it is at one moment from now on, into a file beside `path`
    /// (mode 0600), and reads it again. Whoever gets it gives it its name.
    ///
    /// # Errors
    /// [`StoreError`] of the store or of the disk; then nothing is left.
    pub async fn back_up(&self, path: &Path, now: DateTime<Utc>) -> Result<Taken, StoreError> {
        let _one = self.backing_up.lock().await;
        let file = AtomicFile::create(path, PRIVATE).map_err(|error| at(path, &error))?;
        let handle = file.file().try_clone().map_err(|error| at(path, &error))?;
        let summary = backup::take(&*self.store, handle, now).await?;
        let draft = file.draft().to_owned();
        let read = tokio::task::spawn_blocking(move || read_again(&draft, summary)).await;
        let read = read.unwrap_or_else(|_| Err("it cannot be read to its end".into()));
        let bytes = read.map_err(|why| {
            StoreError::Backend(format!("a backup that was just written is damaged: {why}"))
        })?;
        Ok(Taken { file, summary, bytes })
    }

    /// Begins one of the backups that a server takes by itself, unless another server has, or it is
    /// too early; then it answers when the next one is due.
    ///
    /// # Errors
    /// As [`crate::store::Store::run`].
    pub async fn begin_backup(
        &self,
        server: &str,
        every: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        // Looking costs no write.
        if let Some(run) = self.last_backup().await?
            && !run.is_due(every, now)
        {
            return Ok(Some(run.next_at(every)));
        }
        let server = server.to_owned();
        transact(&*self.store, Pace::AtOnce, move |transaction| {
            let last = transaction.record_of::<BackupRun>("backup");
            if let Some(run) = last.as_ref().filter(|run| !run.is_due(every, now)) {
                return Ok(Some(run.next_at(every)));
            }
            transaction.put_record(BackupRun {
                begun_at: now,
                server: server.clone(),
                ended_at: None,
                // It is failing until one succeeds.
                error: last.as_ref().and_then(|run| run.error.clone()),
                succeeded_at: last.as_ref().and_then(|run| run.succeeded_at),
                bytes: last.map_or(0, |run| run.bytes),
            });
            Ok(None)
        })
        .await
    }

    /// Keeps what became of the backup that was begun then: its length, or why there is none.
    ///
    /// # Errors
    /// As [`crate::store::Store::run`].
    pub async fn end_backup(
        &self,
        begun_at: DateTime<Utc>,
        outcome: Result<u64, String>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        transact(&*self.store, Pace::AtOnce, move |transaction| {
            let run = transaction.record_of::<BackupRun>("backup");
            // Another server has taken this one for dead, and begun the next.
            let Some(run) = run.filter(|run| run.begun_at == begun_at) else { return Ok(()) };
            let run = BackupRun { ended_at: Some(now), ..(*run).clone() };
            transaction.put_record(match &outcome {
                Ok(bytes) => {
                    BackupRun { succeeded_at: Some(begun_at), bytes: *bytes, error: None, ..run }
                }
                Err(error) => BackupRun { error: Some(error.clone()), ..run },
            });
            Ok(())
        })
        .await
    }

    /// The last backup that a server took by itself, and the last good one.
    ///
    /// # Errors
    /// As [`crate::store::Store::record`].
    pub async fn last_backup(&self) -> Result<Option<Arc<BackupRun>>, StoreError> {
        record::<BackupRun>(&*self.store, "backup").await
    }

    /// Notes in the audit log that somebody is given everything. A store that cannot be written can
    /// still be read, and a backup is then wanted most: it is taken all the same.
    pub async fn note_backup(&self, by: &Identity) {
        let entry: AuditEntry = by.did("backup.take", "inventory", None, None);
        let noted = transact(&*self.store, Pace::AtOnce, move |transaction| {
            transaction.audit(entry.clone());
            Ok(())
        });
        if let Err(error) = noted.await {
            tracing::warn!(%error, "a backup is taken, but the audit log cannot say so");
        }
    }

    /// Notes in the audit log that everything was restored.
    ///
    /// # Errors
    /// As [`crate::store::Store::run`].
    pub async fn note_restore(
        &self,
        by: &Identity,
        from: &str,
        summary: Summary,
    ) -> Result<(), StoreError> {
        let after = json!({
            "taken_at": summary.taken_at.to_rfc3339(), "machines": summary.machines,
        });
        let entry = by.did("backup.restore", from, None, Some(after.to_string()));
        transact(&*self.store, Pace::AtOnce, move |transaction| {
            transaction.audit(entry.clone());
            Ok(())
        })
        .await
    }
}

/// What the disk says of a file, as an error of the store.
fn at(path: &Path, error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::Unavailable(format!(
            "a backup cannot be written beside {}: {error}",
            path.display()
        )),
    }
}
