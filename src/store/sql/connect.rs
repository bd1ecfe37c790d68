//! Connecting to a database, whatever its kind.

use std::time::Duration;

use super::address::Address;
use super::link::Link;
use super::{mysql, postgres, sqlite};

/// Connects.
pub(super) async fn connect(address: &Address) -> Result<Box<dyn Link>, sqlx::Error> {
    Ok(match address {
        Address::Sqlite(path) => Box::new(Box::pin(sqlite::connect(path)).await?),
        Address::Postgres(server) => {
            let connecting = Box::pin(postgres::connect(server));
            Box::new(in_time(server.connect_timeout, connecting).await?)
        }
        Address::Mysql(server) => {
            let connecting = Box::pin(mysql::connect(server));
            Box::new(in_time(server.connect_timeout, connecting).await?)
        }
    })
}

/// Connects to a database that must not change: an SQLite file is neither made nor given another
/// mode.
pub(super) async fn connect_to_read(address: &Address) -> Result<Box<dyn Link>, sqlx::Error> {
    match address {
        Address::Sqlite(path) => Ok(Box::new(Box::pin(sqlite::connect_to_read(path)).await?)),
        server => connect(server).await,
    }
}

async fn in_time<T>(
    limit: Duration,
    connecting: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match tokio::time::timeout(limit, connecting).await {
        Ok(connected) => connected,
        Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
    }
}
