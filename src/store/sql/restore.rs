//! Putting everything that a backup holds in the place of what the database holds, in one
//! transaction.

use std::collections::HashSet;
use std::sync::Arc;

use super::address::SqlSettings;
use super::connect::connect;
use super::dialect::Dialect;
use super::failure;
use super::link::Link;
use super::rows::{self, COLUMNS, Details};
use super::value::Value;
use super::{Trouble, prepare, schema, sections};
use crate::model::Machine;
use crate::model::access::Record;
use crate::store::backup::{Backup, section_pieces};
use crate::store::records::{entry_to_json, kind_name, to_json};
use crate::store::{Snapshot, StoreError};

/// Rows of one statement.
const ROWS: usize = 128;

/// Entries of an audit log read at once.
const PIECE: usize = 4_096;

/// Replaces what the database holds by a snapshot of a backup, and by the backup's audit log and
/// sections: all of it or, after an error, nothing. Columns of the original's
/// table that this program does not know stay as they are for machines that stay. `done` is told how many
/// machines are written. Answers the machines as they are kept.
///
/// # Errors
/// [`StoreError::Conflict`] for ids that the database cannot tell apart, and what the database says.
pub async fn restore(
    settings: &SqlSettings,
    snapshot: &Snapshot,
    backup: &Backup,
    done: impl FnMut(usize),
) -> Result<Vec<Arc<Machine>>, StoreError> {
    let dialect = Dialect::from(&settings.address);
    let connected = connect(&settings.address).await;
    let link = connected.map_err(|error| failure::unavailable(&error))?;
    let mut restoring = Restoring { link, dialect, settings };
    let restored = restoring.restore(snapshot, backup, done).await;
    if restored.is_err() {
        // What ends the connection undoes everything too.
        let _ = restoring.script("ROLLBACK").await;
    }
    restoring.link.close().await;
    restored
}

/// Machines as a database keeps them: it may round times and loads, and know no load that is no
/// number.
#[must_use]
pub fn as_kept(settings: &SqlSettings, machines: &[Arc<Machine>]) -> Vec<Arc<Machine>> {
    let dialect = Dialect::from(&settings.address);
    let precision = dialect.precision(settings.zone);
    let kept = machines.iter().map(|machine| {
        let mut machine = (**machine).clone();
        precision.round_machine(&mut machine);
        if !machine.cpu_percent.is_finite() && dialect != Dialect::Postgres {
            machine.cpu_percent = 0.0;
        }
        Arc::new(machine)
    });
    kept.collect()
}

struct Restoring<'a> {
    link: Box<dyn Link>,
    dialect: Dialect,
    settings: &'a SqlSettings,
}

impl Restoring<'_> {
    async fn restore(
        &mut self,
        snapshot: &Snapshot,
        backup: &Backup,
        done: impl FnMut(usize),
    ) -> Result<Vec<Arc<Machine>>, StoreError> {
        prepare(self.link.as_mut(), self.dialect).await.map_err(|trouble| match trouble {
            Trouble::Sql(error) => failure::unavailable(&error),
            Trouble::Newer(schema) => StoreError::Backend(super::newer(schema)),
        })?;
        let machines = self.told_apart(&snapshot.machines).await?;
        let version = self.begin(snapshot.version).await?;
        self.remove_others(&machines).await?;
        self.put_machines(&machines, done).await?;
        self.put_records(&snapshot.records).await?;
        self.put_audit(backup).await?;
        self.put_sections(&machines, backup).await?;
        // Servers that look later find no changes that lead here, and read everything anew.
        self.script("DELETE FROM tatuscan_journal").await?;
        let sql = "UPDATE tatuscan_meta SET value = ? WHERE name = 'version'";
        self.run(sql, vec![Value::number(version)]).await?;
        self.script("COMMIT").await?;
        Ok(machines)
    }

    /// The machines as this database keeps them, if it can tell them apart.
    async fn told_apart(
        &mut self,
        machines: &[Arc<Machine>],
    ) -> Result<Vec<Arc<Machine>>, StoreError> {
        let is_blind = schema::is_case_blind(self.link.as_mut(), self.dialect).await;
        if is_blind.map_err(|error| failure::unavailable(&error))? {
            let mut seen = HashSet::new();
            for machine in machines {
                if !seen.insert(machine.id.as_str().to_lowercase()) {
                    return Err(StoreError::Conflict(format!(
                        "machine_id {} differs only by case from another one in the backup, and \
                         this database cannot tell them apart",
                        machine.id
                    )));
                }
            }
        }
        Ok(as_kept(self.settings, machines))
    }

    /// Begins the transaction, so that no server writes until its end, and answers the number of the
    /// batch that it is.
    async fn begin(&mut self, version: u64) -> Result<u64, StoreError> {
        self.script(match self.dialect {
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            Dialect::Postgres => "BEGIN",
            Dialect::Mysql => "START TRANSACTION",
        })
        .await?;
        let next = "UPDATE tatuscan_meta SET value = value + 1 WHERE name = 'version'";
        self.run(next, Vec::new()).await?;
        let number = schema::number(self.link.as_mut(), self.dialect, "version").await;
        let number = number.map_err(|error| failure::unavailable(&error))?;
        Ok(number.max(version + 1))
    }

    /// Removes the machines that the backup does not have.
    async fn remove_others(&mut self, machines: &[Arc<Machine>]) -> Result<(), StoreError> {
        let kept: HashSet<&str> = machines.iter().map(|machine| machine.id.as_str()).collect();
        let mut others = Vec::new();
        let sql = self.dialect.sql("SELECT machine_id FROM inventory");
        let mut visit = |mut row: super::value::Row| {
            let id = row.pop().and_then(Value::into_text).unwrap_or_default();
            if !kept.contains(id.as_str()) {
                others.push(id);
            }
        };
        let read = self.link.each(sql, Vec::new(), &mut visit).await;
        read.map_err(|error| failure::unavailable(&error))?;
        for ids in others.chunks(ROWS) {
            let marks = vec!["?"; ids.len()].join(", ");
            let sql = format!("DELETE FROM inventory WHERE machine_id IN ({marks})");
            self.run(&sql, ids.iter().map(|id| Value::text(id)).collect()).await?;
        }
        self.script("DELETE FROM tatuscan_machines").await
    }

    async fn put_machines(
        &mut self,
        machines: &[Arc<Machine>],
        mut done: impl FnMut(usize),
    ) -> Result<(), StoreError> {
        let (dialect, zone) = (self.dialect, self.settings.zone);
        for piece in machines.chunks(ROWS) {
            let values = piece.iter().flat_map(|machine| rows::values(machine, dialect, zone));
            self.put("inventory", &COLUMNS, 1, values.collect()).await?;
            let detailed: Vec<_> = piece
                .iter()
                .filter(|machine| !Details::of(machine).is_empty())
                .flat_map(|machine| {
                    let details = Details::of(machine).to_json();
                    [Value::text(machine.id.as_str()), Value::Text(Some(details))]
                })
                .collect();
            self.put("tatuscan_machines", &["machine_id", "details"], 1, detailed).await?;
            done(piece.len());
        }
        Ok(())
    }

    async fn put_records(&mut self, records: &[Record]) -> Result<(), StoreError> {
        self.script("DELETE FROM tatuscan_records").await?;
        for piece in records.chunks(ROWS) {
            let values = piece.iter().flat_map(|record| {
                let kind = Value::text(kind_name(record.kind()));
                [kind, Value::text(&record.id()), Value::Text(Some(to_json(record)))]
            });
            self.put("tatuscan_records", &["kind", "id", "value"], 2, values.collect()).await?;
        }
        Ok(())
    }

    async fn put_sections(
        &mut self,
        machines: &[Arc<Machine>],
        backup: &Backup,
    ) -> Result<(), StoreError> {
        self.script("DELETE FROM tatuscan_sections").await?;
        let upsert = sections::upsert(self.dialect);
        for ids in section_pieces(machines) {
            for (id, section) in backup.sections(&ids)? {
                let put = self.link.run(upsert.clone(), sections::values(&id, &section).into());
                put.await.map_err(|error| failure::failure(&error).into_error())?;
            }
        }
        Ok(())
    }

    async fn put_audit(&mut self, backup: &Backup) -> Result<(), StoreError> {
        self.script("DELETE FROM tatuscan_audit").await?;
        let mut from = 0;
        loop {
            let entries = backup.audit(from, PIECE)?;
            let Some((last, _)) = entries.last() else { return Ok(()) };
            from = last + 1;
            for piece in entries.chunks(ROWS) {
                let values = piece.iter().flat_map(|(number, entry)| {
                    [Value::number(*number), Value::Text(Some(entry_to_json(entry)))]
                });
                self.put("tatuscan_audit", &["number", "entry"], 1, values.collect()).await?;
            }
        }
    }

    /// Puts rows of values in place of those with the same key, which are the first `key` columns.
    async fn put(
        &mut self,
        table: &str,
        columns: &[&str],
        key: usize,
        values: Vec<Value>,
    ) -> Result<(), StoreError> {
        if values.is_empty() {
            return Ok(());
        }
        let (keys, others) = columns.split_at(key);
        let rows = values.len() / columns.len();
        let sql = self.dialect.upsert(table, columns, &keys.join(", "), others, rows);
        let put = self.link.run(sql, values).await;
        put.map(drop).map_err(|error| failure::failure(&error).into_error())
    }

    async fn run(&mut self, sql: &str, values: Vec<Value>) -> Result<(), StoreError> {
        let done = self.link.run(self.dialect.sql(sql), values).await;
        done.map(drop).map_err(|error| failure::failure(&error).into_error())
    }

    async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        let done = self.link.script(self.dialect.sql(sql)).await;
        done.map_err(|error| failure::failure(&error).into_error())
    }
}
