//! Looking at a database without a change to it.

use chrono::{DateTime, Utc};

use super::address::{Address, SqlSettings};
use super::connect::connect_to_read;
use super::dialect::Dialect;
use super::link::Link;
use super::schema;
use super::value::Value;
use crate::store::OpenError;

/// What a database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The schema of our own tables; `None` where there are none yet.
    pub schema: Option<u64>,
    /// The schema that this program knows.
    pub known_schema: u64,
    /// How the connection is encrypted; empty when it is not, `None` when the database does not say.
    pub encryption: Option<String>,
    /// What is wrong with the file, where the database is one.
    pub faults: Vec<String>,
    /// Its clock, where it has one of its own.
    pub now: Option<DateTime<Utc>>,
}

/// Asks the database.
///
/// # Errors
/// [`OpenError::Database`] when it cannot be reached or read.
pub async fn inspect(settings: &SqlSettings) -> Result<Inspection, OpenError> {
    let refused = |error: sqlx::Error| OpenError::Database { why: error.to_string() };
    let mut link = connect_to_read(&settings.address).await.map_err(refused)?;
    let inspected = ask(link.as_mut(), &settings.address).await;
    link.close().await;
    inspected.map_err(refused)
}

async fn ask(link: &mut dyn Link, address: &Address) -> Result<Inspection, sqlx::Error> {
    let dialect = Dialect::from(address);
    let (encryption, now): (&[&str], _) = match dialect {
        Dialect::Sqlite => (&[], ""),
        Dialect::Postgres => (
            &["SELECT version::text FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl"],
            "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint",
        ),
        Dialect::Mysql => (
            // MariaDB's place, and MySQL's.
            &[
                "SELECT variable_value FROM information_schema.session_status \
                 WHERE variable_name = 'Ssl_cipher'",
                "SELECT variable_value FROM performance_schema.session_status \
                 WHERE variable_name = 'Ssl_cipher'",
            ],
            "SELECT CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)",
        ),
    };
    let schema = match schema::has_tables(link, dialect).await? {
        true => Some(schema::number(link, dialect, "schema").await?),
        false => None,
    };
    let mut faults = Vec::new();
    if dialect == Dialect::Sqlite {
        let sql = dialect.sql("PRAGMA integrity_check(5)");
        link.each(sql, Vec::new(), &mut |mut row| {
            faults.extend(row.pop().and_then(Value::into_text).filter(|text| text != "ok"));
        })
        .await?;
    }
    let mut found = None;
    for sql in encryption {
        // What only speaks the protocol need not know this.
        if let Ok(answer) = one(link, dialect, sql).await {
            found = Some(answer.and_then(Value::into_text).unwrap_or_default());
            break;
        }
    }
    let encryption = found;
    let now = match now {
        "" => None,
        sql => one(link, dialect, sql).await?.and_then(Value::into_integer),
    };
    let now = now.and_then(DateTime::from_timestamp_millis);
    Ok(Inspection { schema, known_schema: schema::SCHEMA, encryption, faults, now })
}

/// The one value of an answer.
async fn one(
    link: &mut dyn Link,
    dialect: Dialect,
    sql: &str,
) -> Result<Option<Value>, sqlx::Error> {
    let mut found = None;
    link.each(dialect.sql(sql), Vec::new(), &mut |mut row| found = row.pop()).await?;
    Ok(found)
}
