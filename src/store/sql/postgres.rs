//! PostgreSQL, and what speaks its protocol.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use sqlx::postgres::{
    PgArguments, PgConnectOptions, PgConnection, PgQueryResult, PgRow, PgSslMode, Postgres,
};
use sqlx::query::Query;
use sqlx::{Column as _, ConnectOptions as _, Row as _, TypeInfo as _};

use super::address::{Encryption, Server};
use super::link::{IDLE_TRANSACTION_MS, PREPARED, STATEMENT_MS, impl_link};
use super::value::Value;

/// A connection to PostgreSQL.
pub(super) struct PostgresLink(PgConnection);

pub(super) async fn connect(server: &Server) -> Result<PostgresLink, sqlx::Error> {
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(&server.host)
        .port(server.port)
        .application_name(&server.application_name)
        .statement_cache_capacity(PREPARED)
        .ssl_mode(match server.encryption {
            Encryption::Disable => PgSslMode::Disable,
            Encryption::Prefer => PgSslMode::Prefer,
            Encryption::Require => PgSslMode::Require,
            Encryption::VerifyCa => PgSslMode::VerifyCa,
            Encryption::VerifyFull => PgSslMode::VerifyFull,
        })
        .options([
            ("statement_timeout", STATEMENT_MS.to_string()),
            ("idle_in_transaction_session_timeout", IDLE_TRANSACTION_MS.to_string()),
        ])
        .options(server.parameters.iter().map(|(name, value)| (name, value)))
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
        options = options.ssl_root_cert(ca_file);
    }
    if let Some((certificate, key)) = &server.client_certificate {
        options = options.ssl_client_cert(certificate).ssl_client_key(key);
    }
    Ok(PostgresLink(options.connect().await?))
}

impl_link!(PostgresLink, Postgres);

fn bind(query: Query<'_, Postgres, PgArguments>, value: Value) -> Query<'_, Postgres, PgArguments> {
    match value {
        Value::Integer(value) => query.bind(value),
        Value::Real(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
        Value::Instant(value) => query.bind(value),
        Value::Local(value) => query.bind(value),
    }
}

fn last_id(_: &PgQueryResult) -> u64 {
    0
}

fn decode(row: &PgRow, column: usize) -> Result<Value, sqlx::Error> {
    Ok(match row.column(column).type_info().name() {
        "INT8" => Value::Integer(row.try_get(column)?),
        "INT4" => Value::Integer(row.try_get::<Option<i32>, _>(column)?.map(i64::from)),
        "INT2" => Value::Integer(row.try_get::<Option<i16>, _>(column)?.map(i64::from)),
        "BOOL" => Value::Integer(row.try_get::<Option<bool>, _>(column)?.map(i64::from)),
        "FLOAT8" => Value::Real(row.try_get(column)?),
        "FLOAT4" => Value::Real(row.try_get::<Option<f32>, _>(column)?.map(f64::from)),
        "BYTEA" => Value::Bytes(row.try_get(column)?),
        "TIMESTAMPTZ" => Value::Instant(row.try_get(column)?),
        "TIMESTAMP" => Value::Local(row.try_get(column)?),
        "DATE" => {
            let day: Option<NaiveDate> = row.try_get(column)?;
            Value::Local(day.map(|day| NaiveDateTime::new(day, NaiveTime::MIN)))
        }
        _ => Value::Text(row.try_get_unchecked(column)?),
    })
}
