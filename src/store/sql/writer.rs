//! Batches as transactions.

use std::collections::HashMap;
use std::io;
use std::sync::RwLock;
use std::time::Duration;

use sqlx::SqlStr;
use tokio::runtime::{Builder, Runtime};

use super::address::SqlSettings;
use super::connect::connect;
use super::dialect::Dialect;
use super::failure::{failure, is_of_statement};
use super::link::Link;
use super::rows::{self, COLUMNS, Details, REPORTED};
use super::sync::{self, KEPT, Moment};
use super::value::Value;
use super::{Trouble, prepare, sections};
use crate::model::{Machine, MachineId};
use crate::store::change::{Change, Changes, SectionChange};
use crate::store::codec::{Contents, encode_changes};
use crate::store::engine::{Committed, Failure, Writer};
use crate::store::memory::{Memory, audit_numbers};
use crate::store::records::{entry_to_json, kind_name, to_json};
use crate::store::{Section, StoreError};

/// How long a transaction may take before the connection is given up.
const TRANSACTION: Duration = Duration::from_secs(12);
/// How much longer for each machine that it changes: an import of many must come through on a slow
/// machine as well.
const A_MACHINE: Duration = Duration::from_millis(1);
/// Most machines of one statement, and most rows with JSON in them. What fits into one record of TLS,
/// 16 KiB, is sent at once; the end of a longer one waits for the other side's delayed
/// acknowledgement, 40 ms, because sqlx leaves Nagle's algorithm on.
const ROWS: usize = 32;
const JSON_ROWS: usize = 16;
/// Batches between two looks for changes that no server needs any more.
const SWEEP_EVERY: u64 = 1_000;

/// Writes batches.
pub(super) struct SqlWriter {
    runtime: Runtime,
    settings: SqlSettings,
    dialect: Dialect,
    statements: Statements,
    /// `None` until the next attempt to connect.
    link: Option<Box<dyn Link>>,
    /// Whether the tables are known to be there.
    is_prepared: bool,
    /// The number of the batch that was begun.
    version: u64,
    swept: u64,
}

impl SqlWriter {
    pub(super) fn new(settings: SqlSettings) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let dialect = Dialect::from(&settings.address);
        Ok(Self {
            runtime,
            settings,
            dialect,
            statements: Statements::new(dialect),
            link: None,
            is_prepared: false,
            version: 0,
            swept: 0,
        })
    }
}

/// What a transaction needs, borrowed from the writer for as long as the runtime runs it.
struct Session<'a> {
    link: &'a mut Option<Box<dyn Link>>,
    settings: &'a SqlSettings,
    dialect: Dialect,
    statements: &'a Statements,
}

/// Statements for each number of rows, written once: as few as may be go to the database, and each of
/// them stays prepared there.
struct Statements {
    machines: Vec<SqlStr>,
    details: Vec<SqlStr>,
    audit: Vec<SqlStr>,
    record: SqlStr,
    section: SqlStr,
}

impl Statements {
    fn new(dialect: Dialect) -> Self {
        let all = |table: &str, columns: &[&str], update: &[&str], most| {
            let upsert = |rows| dialect.upsert(table, columns, "machine_id", update, rows);
            (1..=most).map(upsert).collect()
        };
        let audit = |rows| {
            let rows = vec!["(?, ?)"; rows].join(", ");
            dialect.sql(&format!("INSERT INTO tatuscan_audit (number, entry) VALUES {rows}"))
        };
        Self {
            audit: (1..=JSON_ROWS).map(audit).collect(),
            machines: all("inventory", &COLUMNS, REPORTED, ROWS),
            details: all("tatuscan_machines", &["machine_id", "details"], &["details"], JSON_ROWS),
            record: dialect.upsert(
                "tatuscan_records",
                &["kind", "id", "value"],
                "kind, id",
                &["value"],
                1,
            ),
            section: sections::upsert(dialect),
        }
    }

    fn upsert_machines(&self, rows: usize) -> SqlStr {
        self.machines[rows - 1].clone()
    }

    fn insert_audit(&self, rows: usize) -> SqlStr {
        self.audit[rows - 1].clone()
    }

    fn upsert_details(&self, rows: usize) -> SqlStr {
        self.details[rows - 1].clone()
    }
}

impl Session<'_> {
    fn link(&mut self) -> Result<&mut dyn Link, sqlx::Error> {
        match self.link.as_mut() {
            Some(link) => Ok(link.as_mut()),
            None => Err(sqlx::Error::WorkerCrashed),
        }
    }

    /// Begins a batch, on a connection that may have ended while nobody used it.
    async fn begin(
        &mut self,
        is_prepared: &mut bool,
        memory: &RwLock<Memory>,
    ) -> Result<u64, Trouble> {
        let had_link = self.link.is_some();
        match self.try_begin(is_prepared, memory).await {
            Err(Trouble::Sql(error)) if had_link && !is_of_statement(&error) => {
                *self.link = None;
                self.try_begin(is_prepared, memory).await
            }
            begun => begun,
        }
    }

    async fn try_begin(
        &mut self,
        is_prepared: &mut bool,
        memory: &RwLock<Memory>,
    ) -> Result<u64, Trouble> {
        if self.link.is_none() {
            *self.link = Some(connect(&self.settings.address).await?);
        }
        let (dialect, zone) = (self.dialect, self.settings.zone);
        let link = self.link()?;
        if !*is_prepared {
            prepare(link, dialect).await?;
            *is_prepared = true;
        }
        let version = begin(link, dialect).await?;
        let stand = (sync::known(memory), version - 1);
        sync::catch_up(link, dialect, zone, memory, stand, Moment::Locked).await?;
        Ok(version)
    }

    async fn commit(&mut self, version: u64, changes: &Changes) -> Result<usize, sqlx::Error> {
        let (dialect, zone, statements) = (self.dialect, self.settings.zone, self.statements);
        if changes.is_empty() {
            self.roll_back().await?;
            return Ok(0);
        }
        let link = self.link()?;
        let effect = Effect::of(&changes.machines);
        for id in &effect.removed {
            for table in ["inventory", "tatuscan_machines"] {
                let sql = dialect.sql(&format!("DELETE FROM {table} WHERE machine_id = ?"));
                link.run(sql, vec![Value::text(id.as_str())]).await?;
            }
        }
        for id in &effect.gone {
            sections::remove(link, dialect, id).await?;
        }
        for machines in effect.reported.chunks(ROWS) {
            let sql = statements.upsert_machines(machines.len());
            let values = machines.iter().flat_map(|machine| rows::values(machine, dialect, zone));
            link.run(sql, values.collect()).await?;
        }
        for machine in &effect.edited {
            let [model, activation, days] = rows::human_values(&machine.human, dialect, zone);
            let sql = dialect.sql(
                "UPDATE inventory SET computer_model = ?, computer_activation = ?, \
                 activation_days = ? WHERE machine_id = ?",
            );
            let id = Value::text(machine.id.as_str());
            link.run(sql, vec![model, activation, days, id]).await?;
        }
        for machines in effect.detailed.chunks(JSON_ROWS) {
            let sql = statements.upsert_details(machines.len());
            let values = machines.iter().flat_map(|machine| {
                let details = Details::of(machine).to_json();
                [Value::text(machine.id.as_str()), Value::Text(Some(details))]
            });
            link.run(sql, values.collect()).await?;
        }
        for change in &changes.records {
            let key = [Value::text(kind_name(change.kind)), Value::text(&change.id)];
            let (sql, mut values) = match &change.after {
                Some(record) => {
                    (statements.record.clone(), vec![Value::Text(Some(to_json(record)))])
                }
                None => {
                    let sql = "DELETE FROM tatuscan_records WHERE kind = ? AND id = ?";
                    (dialect.sql(sql), Vec::new())
                }
            };
            values.splice(0..0, key);
            link.run(sql, values).await?;
        }
        for (id, section) in effect.sections(changes) {
            let values = sections::values(id, section).into();
            link.run(statements.section.clone(), values).await?;
        }
        let entries: Vec<_> = audit_numbers(version).zip(&changes.audit).collect();
        for entries in entries.chunks(JSON_ROWS) {
            let values = entries.iter().flat_map(|(number, entry)| {
                [Value::number(*number), Value::Text(Some(entry_to_json(entry)))]
            });
            link.run(statements.insert_audit(entries.len()), values.collect()).await?;
        }
        let payload = encode_changes(version, changes, Contents::Apart);
        let bytes = payload.len();
        let values = vec![Value::number(version), Value::Bytes(Some(payload))];
        let insert = "INSERT INTO tatuscan_journal (version, payload) VALUES (?, ?)";
        if dialect == Dialect::Sqlite {
            // One way to its thread and back instead of two.
            link.run(dialect.sql(&format!("{insert}; COMMIT")), values).await?;
        } else {
            link.run(dialect.sql(insert), values).await?;
            link.script(SqlStr::from_static("COMMIT")).await?;
        }
        Ok(bytes)
    }

    async fn roll_back(&mut self) -> Result<(), sqlx::Error> {
        self.link()?.script(SqlStr::from_static("ROLLBACK")).await
    }

    /// Forgets changes that every server has seen, or will not miss: it can read everything.
    async fn sweep(&mut self, version: u64) -> Result<(), sqlx::Error> {
        let sql = self.dialect.sql("DELETE FROM tatuscan_journal WHERE version <= ?");
        self.link()?.run(sql, vec![Value::number(version.saturating_sub(KEPT))]).await?;
        Ok(())
    }
}

/// Begins a transaction and takes the next number: until it ends, no other server can.
async fn begin(link: &mut dyn Link, dialect: Dialect) -> Result<u64, sqlx::Error> {
    let sql = match dialect {
        Dialect::Mysql => {
            link.script(SqlStr::from_static("START TRANSACTION")).await?;
            let sql = "UPDATE tatuscan_meta SET value = LAST_INSERT_ID(value + 1) \
                       WHERE name = 'version'";
            return link.run(SqlStr::from_static(sql), Vec::new()).await;
        }
        Dialect::Postgres => {
            link.script(SqlStr::from_static("BEGIN")).await?;
            "UPDATE tatuscan_meta SET value = value + 1 WHERE name = 'version' RETURNING value"
        }
        Dialect::Sqlite => {
            "BEGIN IMMEDIATE; \
             UPDATE tatuscan_meta SET value = value + 1 WHERE name = 'version' RETURNING value"
        }
    };
    let mut version = None;
    link.each(SqlStr::from_static(sql), Vec::new(), &mut |mut row| {
        version = row.pop().and_then(Value::into_integer);
    })
    .await?;
    version.and_then(|version| u64::try_from(version).ok()).ok_or(sqlx::Error::RowNotFound)
}

/// What changes come to, by what has to be written.
#[derive(Default)]
struct Effect<'a> {
    /// Machines whose rows go; some come anew.
    removed: Vec<&'a MachineId>,
    /// Of these, the ones that were removed with all that is kept of them.
    gone: Vec<&'a MachineId>,
    /// The ids of the machines that are there, by their last key.
    there: HashMap<u32, &'a MachineId>,
    /// Machines that reported, or are new.
    reported: Vec<&'a Machine>,
    /// Machines of which a person, or a report in a person's place, changed something.
    edited: Vec<&'a Machine>,
    /// Machines whose details changed.
    detailed: Vec<&'a Machine>,
}

impl<'a> Effect<'a> {
    fn of(changes: &'a [Change]) -> Self {
        let mut effect = Self::default();
        let last: HashMap<_, _> = changes.iter().map(|change| (&change.id, change.key)).collect();
        for change in changes {
            if change.after.is_none() && change.before.is_some() {
                effect.removed.push(&change.id);
                effect.gone.push(&change.id);
            }
            // Of a machine that was removed and came back, only the last state is written.
            let Some(after) = change.after.as_deref().filter(|_| last[&change.id] == change.key)
            else {
                continue;
            };
            effect.there.insert(change.key, &change.id);
            let mut before = change.before.as_deref();
            // A row is made once: another date of making needs another row.
            if before.is_some_and(|before| before.created_at != after.created_at) {
                effect.removed.push(&change.id);
                before = None;
            }
            effect.reported.push(after);
            if before.is_some_and(|before| rows::human_differs(&before.human, &after.human)) {
                effect.edited.push(after);
            }
            let details = Details::of(after);
            let is_new = before.is_none_or(|before| Details::of(before) != details);
            if is_new && !(before.is_none() && details.is_empty()) {
                effect.detailed.push(after);
            }
        }
        // In one order for all servers.
        effect.reported.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        effect
    }

    /// The sections that are put and stay, each with its machine.
    fn sections<'b>(
        &self,
        changes: &'b Changes,
    ) -> impl Iterator<Item = (&'a MachineId, &'b Section)> {
        let there = |put: &'b SectionChange| Some((*self.there.get(&put.key)?, &*put.section));
        changes.sections.iter().filter_map(there)
    }
}

impl SqlWriter {
    /// Runs a part of a transaction, for so long. After an error the transaction is gone, and the
    /// connection too unless the error is only the statement's.
    fn run<T>(
        &mut self,
        limit: Duration,
        work: impl AsyncFnOnce(&mut Session<'_>, &mut bool) -> Result<T, Trouble>,
    ) -> Result<T, Failure> {
        let mut session = Session {
            link: &mut self.link,
            settings: &self.settings,
            dialect: self.dialect,
            statements: &self.statements,
        };
        let is_prepared = &mut self.is_prepared;
        self.runtime.block_on(async {
            let worked = tokio::time::timeout(limit, work(&mut session, is_prepared)).await;
            let error = match worked {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(Trouble::Sql(error))) => error,
                Ok(Err(Trouble::Newer(schema))) => {
                    *session.link = None;
                    return Err(StoreError::Backend(super::newer(schema)).into());
                }
                Err(_) => sqlx::Error::Io(io::ErrorKind::TimedOut.into()),
            };
            if !is_of_statement(&error) || session.roll_back().await.is_err() {
                *session.link = None;
            }
            Err(failure(&error))
        })
    }
}

impl Writer for SqlWriter {
    fn begin(&mut self, memory: &RwLock<Memory>) -> Result<(), Failure> {
        self.version = self.run(TRANSACTION, async |session, is_prepared| {
            session.begin(is_prepared, memory).await
        })?;
        Ok(())
    }

    fn commit(&mut self, changes: &Changes) -> Result<Committed, Failure> {
        let version = self.version;
        let machines = u32::try_from(changes.machines.len()).unwrap_or(u32::MAX);
        let limit = TRANSACTION + A_MACHINE * machines;
        let bytes =
            self.run(limit, async |session, _| Ok(session.commit(version, changes).await?))?;
        Ok(Committed { version, bytes })
    }

    fn maintain(&mut self) {
        let version = self.version;
        if self.link.is_some() && version >= self.swept + SWEEP_EVERY {
            self.swept = version;
            // What fails now is tried again after the next thousand.
            let _ = self.run(TRANSACTION, async |session, _| Ok(session.sweep(version).await?));
        }
    }

    fn idle_time(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn close(&mut self) {
        if let Some(link) = self.link.take() {
            self.runtime.block_on(link.close());
        }
    }
}
