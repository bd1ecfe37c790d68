//! Reading every machine out of a database that is left as it is, whichever version of the original
//! made its table.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::SqlStr;

use super::address::{Address, SqlSettings};
use super::connect::connect_to_read;
use super::dialect::Dialect;
use super::link::Link;
use super::rows::{self, COLUMNS, Details};
use super::value::{Row, Value};
use super::{failure, schema, sections, sync};
use crate::model::access::Record;
use crate::model::{Machine, MachineId, Received};
use crate::store::{OpenError, Section, StoreError};

/// Machines read at once.
const PAGE: usize = 1_000;
/// Warnings kept; more are only counted.
const WARNINGS: usize = 20;

/// A database that is only read.
pub struct SqlSource {
    link: Box<dyn Link>,
    dialect: Dialect,
    zone: Tz,
    table: Table,
    details: HashMap<String, Details>,
    records: Vec<Record>,
    received: HashMap<String, Vec<Received>>,
    /// The last id that was read.
    last: Option<String>,
    warnings: VecDeque<String>,
    unsaid: usize,
}

/// The original's table as it is found.
struct Table {
    name: String,
    /// For each of [`COLUMNS`] the expression that reads it.
    columns: Vec<String>,
    missing: Vec<&'static str>,
}

impl SqlSource {
    /// Opens the database and looks for the original's table in it; `None` when there is no file,
    /// or no such table.
    ///
    /// # Errors
    /// [`OpenError::Database`] when it cannot be reached or read.
    pub async fn open(settings: SqlSettings) -> Result<Option<Self>, OpenError> {
        let dialect = Dialect::from(&settings.address);
        let zone = settings.zone;
        if let Address::Sqlite(path) = &settings.address
            && !path.exists()
        {
            return Ok(None);
        }
        let opened = async {
            let mut link = connect_to_read(&settings.address).await?;
            let table = Table::find(link.as_mut(), dialect).await?;
            link.script(dialect.begin_snapshot()).await?;
            // Where only the original wrote there are no tables of ours.
            let (mut details, mut records, mut received) = Default::default();
            if schema::has_tables(link.as_mut(), dialect).await? {
                details = sync::details(link.as_mut(), dialect).await?;
                records = sync::records(link.as_mut(), dialect).await?;
                if schema::has_sections(link.as_mut(), dialect).await? {
                    received = sections::received(link.as_mut(), dialect).await?;
                }
            }
            Ok::<_, sqlx::Error>((link, table, details, records, received))
        };
        let refused = |error: sqlx::Error| OpenError::Database { why: error.to_string() };
        let (link, table, details, records, received) = opened.await.map_err(refused)?;
        let Some(table) = table else { return Ok(None) };
        let mut source = Self {
            link,
            dialect,
            zone,
            table,
            details,
            records,
            received,
            last: None,
            warnings: VecDeque::new(),
            unsaid: 0,
        };
        for column in std::mem::take(&mut source.table.missing) {
            source.warn(format!("the table has no column {column}"));
        }
        Ok(Some(source))
    }

    /// How many machines there are.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn count(&mut self) -> Result<usize, StoreError> {
        let sql = self.dialect.sql(&format!("SELECT COUNT(*) FROM {}", self.table.name));
        let mut count = None;
        let mut take = |mut row: Row| count = row.pop().and_then(Value::into_integer);
        let counted = self.link.each(sql, Vec::new(), &mut take).await;
        counted.map_err(|error| failure::unavailable(&error))?;
        Ok(count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0))
    }

    /// The next machines, in the order of their ids; none at the end. A machine without a first
    /// report gets `now`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn next(&mut self, now: DateTime<Utc>) -> Result<Vec<Machine>, StoreError> {
        let rows = self.page().await.map_err(|error| failure::unavailable(&error))?;
        let last = rows.last().and_then(|row| row.first().cloned());
        self.last = last.and_then(Value::into_text).or(self.last.take());
        Ok(rows.into_iter().filter_map(|row| self.machine(row, now)).collect())
    }

    /// Users, tokens and such; none where only the original wrote.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Every section of these machines, which must have some.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn sections(
        &mut self,
        ids: &[MachineId],
    ) -> Result<Vec<(MachineId, Arc<Section>)>, StoreError> {
        let read = sections::read(self.link.as_mut(), self.dialect, ids).await;
        read.map_err(|error| failure::unavailable(&error))
    }

    /// What was not as it should be, in words, and how much more there was.
    pub fn warnings(&self) -> (impl Iterator<Item = &str>, usize) {
        (self.warnings.iter().map(String::as_str), self.unsaid)
    }

    async fn page(&mut self) -> Result<Vec<Row>, sqlx::Error> {
        let Table { name, columns, .. } = &self.table;
        let id = &columns[0];
        let (after, values) = match &self.last {
            Some(last) => (format!("{id} > ?"), vec![Value::text(last)]),
            None => (format!("{id} IS NOT NULL"), Vec::new()),
        };
        let columns = columns.join(", ");
        let sql = self
            .dialect
            .sql(&format!("SELECT {columns} FROM {name} WHERE {after} ORDER BY {id} LIMIT {PAGE}"));
        let mut rows = Vec::new();
        self.link.each(sql, values, &mut |row| rows.push(row)).await?;
        Ok(rows)
    }

    fn machine(&mut self, row: Row, now: DateTime<Utc>) -> Option<Machine> {
        /// Where times are among the columns.
        const TIMES: [usize; 3] = [8, 9, 11];
        let bad: Vec<_> = TIMES
            .into_iter()
            .filter(|&column| !is_null(&row[column]))
            .filter(|&column| Dialect::into_time(row[column].clone(), self.zone).is_none())
            .collect();
        let has_created = Dialect::into_time(row[9].clone(), self.zone).is_some();
        let mut machine = rows::machine(row, self.zone, self.dialect.precision(self.zone))?;
        for column in bad {
            self.warn(format!("{}: {} is no date and is left out", machine.id, COLUMNS[column]));
        }
        if !has_created {
            machine.created_at = now;
            self.warn(format!("{}: has no created_at; it is now", machine.id));
        }
        if let Some(details) = self.details.remove(machine.id.as_str()) {
            details.complete(&mut machine);
        }
        if let Some(sections) = self.received.remove(machine.id.as_str()) {
            machine.hardware = machine.hardware.with_sections(&sections);
        }
        Some(machine)
    }

    fn warn(&mut self, warning: String) {
        if self.warnings.len() < WARNINGS {
            self.warnings.push_back(warning);
        } else {
            self.unsaid += 1;
        }
    }
}

fn is_null(value: &Value) -> bool {
    matches!(
        value,
        Value::Integer(None)
            | Value::Real(None)
            | Value::Text(None)
            | Value::Bytes(None)
            | Value::Instant(None)
            | Value::Local(None)
    )
}

impl Table {
    /// Finds the table and its columns, however their names are capitalised.
    async fn find(link: &mut dyn Link, dialect: Dialect) -> Result<Option<Self>, sqlx::Error> {
        let sql = SqlStr::from_static(match dialect {
            Dialect::Sqlite => {
                "SELECT m.name, c.name, c.type FROM sqlite_master m, pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND lower(m.name) = 'inventory'"
            }
            Dialect::Postgres => {
                "SELECT table_name::text, column_name::text, data_type::text \
                 FROM information_schema.columns \
                 WHERE lower(table_name) = 'inventory' AND table_schema = ANY (current_schemas(false))"
            }
            Dialect::Mysql => {
                "SELECT table_name, column_name, data_type FROM information_schema.columns \
                 WHERE lower(table_name) = 'inventory' AND table_schema = DATABASE()"
            }
        });
        let mut found = HashMap::new();
        let mut name = None;
        link.each(sql, Vec::new(), &mut |row| {
            let mut texts = row.into_iter().map(|value| value.into_text().unwrap_or_default());
            let (table, column, kind) = (texts.next(), texts.next(), texts.next());
            if let (Some(table), Some(column), Some(kind)) = (table, column, kind) {
                // Of two tables whose names differ only by case, one is read.
                if *name.get_or_insert_with(|| table.clone()) == table {
                    found.insert(column.to_lowercase(), (column, kind.to_lowercase()));
                }
            }
        })
        .await?;
        // Only names of our own, in some capitalisation, get into the text of a statement.
        let quote = if dialect == Dialect::Mysql { '`' } else { '"' };
        let quoted = |name: &str| format!("{quote}{name}{quote}");
        let mut missing = Vec::new();
        let columns = COLUMNS.iter().map(|column| match found.get(*column) {
            Some((name, kind)) if kind.starts_with("numeric") || kind.starts_with("decimal") => {
                let wide = if dialect == Dialect::Mysql { "DOUBLE" } else { "DOUBLE PRECISION" };
                format!("CAST({} AS {wide})", quoted(name))
            }
            Some((name, _)) => quoted(name),
            None => {
                missing.push(*column);
                "NULL".to_owned()
            }
        });
        let columns: Vec<_> = columns.collect();
        let Some(name) = name.filter(|_| found.contains_key("machine_id")) else {
            return Ok(None);
        };
        Ok(Some(Self { name: quoted(&name), columns, missing }))
    }
}
