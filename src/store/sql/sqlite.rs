//! SQLite: a file.

use std::path::Path;
use std::time::Duration;

use sqlx::query::Query;
use sqlx::sqlite::{
    Sqlite, SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode,
    SqliteQueryResult, SqliteRow, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Row as _, TypeInfo as _, ValueRef as _};

use super::link::{PREPARED, STATEMENT_MS, impl_link};
use super::value::Value;

/// An open SQLite file.
pub(super) struct SqliteLink(SqliteConnection);

pub(super) async fn connect(path: &Path) -> Result<SqliteLink, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // Reports touch the same pages again and again: moved into the file less often, each of
        // them is moved once for many reports.
        .pragma("wal_autocheckpoint", "8000")
        .pragma("cache_size", "-16000")
        .foreign_keys(false)
        .busy_timeout(Duration::from_millis(STATEMENT_MS))
        .statement_cache_capacity(PREPARED)
        .disable_statement_logging();
    Ok(SqliteLink(options.connect().await?))
}

/// Opens a file without a change to it.
pub(super) async fn connect_to_read(path: &Path) -> Result<SqliteLink, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(Duration::from_millis(STATEMENT_MS))
        .disable_statement_logging();
    Ok(SqliteLink(options.connect().await?))
}

impl_link!(SqliteLink, Sqlite);

fn bind(
    query: Query<'_, Sqlite, SqliteArguments>,
    value: Value,
) -> Query<'_, Sqlite, SqliteArguments> {
    match value {
        Value::Integer(value) => query.bind(value),
        Value::Real(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
        Value::Instant(value) => query.bind(value),
        Value::Local(value) => query.bind(value),
    }
}

fn last_id(_: &SqliteQueryResult) -> u64 {
    0
}

/// Each value has a type of its own, whatever its column is declared as.
fn decode(row: &SqliteRow, column: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(column)?;
    if raw.is_null() {
        return Ok(Value::Text(None));
    }
    let kind = raw.type_info().into_owned();
    Ok(match kind.name() {
        "INTEGER" => Value::Integer(row.try_get_unchecked(column)?),
        "REAL" => Value::Real(row.try_get_unchecked(column)?),
        "BLOB" => Value::Bytes(row.try_get_unchecked(column)?),
        _ => {
            // What is stored as text need not be UTF-8.
            let bytes: Vec<u8> = row.try_get_unchecked(column)?;
            Value::Text(Some(String::from_utf8_lossy(&bytes).into_owned()))
        }
    })
}
