//! MySQL and MariaDB, and what speaks their protocol.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use sqlx::mysql::{
    MySql, MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlQueryResult, MySqlRow,
    MySqlSslMode,
};
use sqlx::query::Query;
use sqlx::{Column as _, ConnectOptions as _, Row as _, SqlSafeStr as _, TypeInfo as _};

use super::address::{Encryption, Server};
use super::link::{IDLE_TRANSACTION_MS, Link as _, PREPARED, STATEMENT_MS, impl_link};
use super::value::Value;

/// A connection to MySQL.
pub(super) struct MysqlLink(MySqlConnection);

pub(super) async fn connect(server: &Server) -> Result<MysqlLink, sqlx::Error> {
    let mut options = MySqlConnectOptions::new()
        .host(&server.host)
        .port(server.port)
        .charset("utf8mb4")
        .statement_cache_capacity(PREPARED)
        .ssl_mode(match server.encryption {
            Encryption::Disable => MySqlSslMode::Disabled,
            Encryption::Prefer => MySqlSslMode::Preferred,
            Encryption::Require => MySqlSslMode::Required,
            Encryption::VerifyCa => MySqlSslMode::VerifyCa,
            Encryption::VerifyFull => MySqlSslMode::VerifyIdentity,
        })
        .disable_statement_logging();
    if let Some(socket) = &server.socket {
        options = options.socket(socket);
    }
    if let Some(user) = &server.user {
        options = options.username(user);
    }
    if let Some(password) = &server.password {
        options = options.password(password);
    }
    if let Some(database) = &server.database {
        options = options.database(database);
    }
    if let Some(ca_file) = &server.ca_file {
        options = options.ssl_ca(ca_file);
    }
    if let Some((certificate, key)) = &server.client_certificate {
        options = options.ssl_client_cert(certificate).ssl_client_key(key);
    }
    let mut link = MysqlLink(options.connect().await?);
    limit_times(&mut link).await?;
    Ok(link)
}

/// MariaDB and MySQL name their limits differently, and each refuses the other's names.
async fn limit_times(link: &mut MysqlLink) -> Result<(), sqlx::Error> {
    let seconds = |ms: u64| ms / 1_000;
    let wait = seconds(STATEMENT_MS);
    let settings = [
        format!("SET SESSION innodb_lock_wait_timeout = {wait}"),
        format!("SET SESSION max_statement_time = {wait}"),
        format!("SET SESSION max_execution_time = {STATEMENT_MS}"),
        format!("SET SESSION idle_transaction_timeout = {}", seconds(IDLE_TRANSACTION_MS)),
    ];
    for setting in settings {
        match link.script(sqlx::AssertSqlSafe(setting).into_sql_str()).await {
            Err(error) if error.as_database_error().is_none() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

impl_link!(MysqlLink, MySql);

fn bind(query: Query<'_, MySql, MySqlArguments>, value: Value) -> Query<'_, MySql, MySqlArguments> {
    match value {
        Value::Integer(value) => query.bind(value),
        Value::Real(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
        Value::Instant(value) => query.bind(value),
        Value::Local(value) => query.bind(value),
    }
}

fn last_id(done: &MySqlQueryResult) -> u64 {
    done.last_insert_id()
}

fn decode(row: &MySqlRow, column: usize) -> Result<Value, sqlx::Error> {
    Ok(match row.column(column).type_info().name() {
        "BIGINT UNSIGNED" | "INT UNSIGNED" | "SMALLINT UNSIGNED" | "TINYINT UNSIGNED" => {
            let number: Option<u64> = row.try_get_unchecked(column)?;
            Value::Integer(number.map(|number| i64::try_from(number).unwrap_or(i64::MAX)))
        }
        "BIGINT" | "INT" | "MEDIUMINT" | "SMALLINT" | "TINYINT" | "BOOLEAN" => {
            Value::Integer(row.try_get_unchecked(column)?)
        }
        "DOUBLE" => Value::Real(row.try_get(column)?),
        "FLOAT" => Value::Real(row.try_get::<Option<f32>, _>(column)?.map(f64::from)),
        "DATETIME" => Value::Local(row.try_get(column)?),
        "TIMESTAMP" => Value::Instant(row.try_get::<Option<DateTime<Utc>>, _>(column)?),
        "DATE" => {
            let day: Option<NaiveDate> = row.try_get(column)?;
            Value::Local(day.map(|day| NaiveDateTime::new(day, NaiveTime::MIN)))
        }
        "BLOB" | "TINYBLOB" | "MEDIUMBLOB" | "LONGBLOB" | "BINARY" | "VARBINARY" => {
            Value::Bytes(row.try_get_unchecked(column)?)
        }
        _ => Value::Text(row.try_get_unchecked(column)?),
    })
}
