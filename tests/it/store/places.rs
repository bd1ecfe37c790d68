//! Places for a store: directories, and fresh databases on the servers of this machine.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono_tz::America::Cuiaba;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tatuscan::admin::database::sql_settings;
use tatuscan::config;
use tatuscan::store::redb::{FoldPace, RedbStore};
use tatuscan::store::sql::{Address, Server, SqlSettings, SqlStore};
use tatuscan::store::{OpenError, Store};
use tempfile::TempDir;

use crate::support::skip;

/// A place where one store is, that can be opened again and again.
#[async_trait]
pub(crate) trait Place: Send + Sync {
    async fn open(&self) -> Arc<dyn Store>;

    /// This store as it is, and in a second round as it is after it was closed.
    async fn open_again(&self, store: &Arc<dyn Store>, round: u32) -> Arc<dyn Store> {
        if round == 0 {
            return Arc::clone(store);
        }
        store.close().await;
        self.open().await
    }
}

struct Directory {
    directory: TempDir,
    pace: FoldPace,
}

#[async_trait]
impl Place for Directory {
    async fn open(&self) -> Arc<dyn Store> {
        let path = self.directory.path().join("tatuscan.redb");
        // The last connection of a server that was stopped in this process may still let go of it.
        let started = Instant::now();
        loop {
            match RedbStore::open_with(&path, self.pace) {
                Err(OpenError::Locked(_)) if started.elapsed() < Duration::from_secs(10) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                store => return Arc::new(store.unwrap()),
            }
        }
    }
}

/// The embedded store.
pub(crate) async fn plain() -> Option<Box<dyn Place>> {
    let directory = tempfile::tempdir().unwrap();
    Some(Box::new(Directory { directory, pace: FoldPace::default() }))
}

/// The embedded store, folding after every batch.
pub(crate) async fn folding() -> Option<Box<dyn Place>> {
    let pace = FoldPace { every: Duration::ZERO, bytes: 0 };
    Some(Box::new(Directory { directory: tempfile::tempdir().unwrap(), pace }))
}

/// A database, dropped with this.
pub(crate) struct Database {
    pub(crate) address: Address,
    /// What has to be done at the end.
    _cleanup: Cleanup,
}

enum Cleanup {
    Directory { _directory: TempDir },
    Drop(Arc<dyn Fn() + Send + Sync>),
}

impl Drop for Cleanup {
    fn drop(&mut self) {
        if let Self::Drop(work) = self {
            // A runtime cannot be entered from inside another one.
            let work = Arc::clone(work);
            let _ = std::thread::spawn(move || work()).join();
        }
    }
}

impl Database {
    pub(crate) fn settings(&self) -> SqlSettings {
        SqlSettings { address: self.address.clone(), zone: Cuiaba }
    }
}

#[async_trait]
impl Place for Database {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqlStore::connect(self.settings()).await.unwrap())
    }
}

/// An SQLite file.
pub(crate) async fn sqlite() -> Option<Box<dyn Place>> {
    Some(Box::new(sqlite_database()))
}

pub(crate) fn sqlite_database() -> Database {
    let directory = tempfile::tempdir().unwrap();
    let path: PathBuf = directory.path().join("tatuscan.db");
    let _cleanup = Cleanup::Directory { _directory: directory };
    Database { address: Address::Sqlite(path), _cleanup }
}

/// A fresh database of the PostgreSQL server that TATUSCAN_TEST_POSTGRES names.
pub(crate) async fn postgres() -> Option<Box<dyn Place>> {
    Some(Box::new(postgres_database().await?))
}

/// A fresh database of the MySQL or MariaDB server that TATUSCAN_TEST_MYSQL names.
pub(crate) async fn mysql() -> Option<Box<dyn Place>> {
    Some(Box::new(mysql_database().await?))
}

fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("tatuscan_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn block_on(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
}

/// The server that `variable` names: its own address, and itself as the suite's store has it.
fn server(variable: &str, default: &str) -> (String, Server) {
    let uri = std::env::var(variable).unwrap_or_else(|_| default.into());
    let (database, _) = config::Database::parse(&uri, variable, &[]).unwrap();
    let (Address::Postgres(server) | Address::Mysql(server)) =
        sql_settings(&database, Cuiaba).address
    else {
        panic!("{variable} names a file");
    };
    (uri, server)
}

pub(crate) async fn postgres_database() -> Option<Database> {
    let default = "postgresql://postgres@127.0.0.1:5432/postgres";
    let (uri, mut server) = server("TATUSCAN_TEST_POSTGRES", default);
    let options: PgConnectOptions = uri.parse().unwrap();
    let mut admin = match options.connect().await {
        Ok(admin) => admin,
        Err(error) => {
            let why = format!("needs a server at {default} ({error}): apt-get install postgresql");
            skip("postgres", &why);
            return None;
        }
    };
    let name = fresh_name();
    let create = format!("CREATE DATABASE {name}");
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
    server.database = Some(name.clone());
    let drop_it = move || {
        let (options, name) = (options.clone(), name.clone());
        block_on(async move {
            let Ok(mut admin) = options.connect().await else { return };
            let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            let _ = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await;
        });
    };
    Some(Database {
        address: Address::Postgres(server),
        _cleanup: Cleanup::Drop(Arc::new(drop_it)),
    })
}

pub(crate) async fn mysql_database() -> Option<Database> {
    let default = "mysql://root@127.0.0.1:3306/test";
    let (uri, mut server) = server("TATUSCAN_TEST_MYSQL", default);
    let options: MySqlConnectOptions = uri.parse().unwrap();
    let mut admin = match options.connect().await {
        Ok(admin) => admin,
        Err(error) => {
            let why =
                format!("needs a server at {default} ({error}): apt-get install mariadb-server");
            skip("mysql", &why);
            return None;
        }
    };
    let name = fresh_name();
    let create = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4");
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
    server.database = Some(name.clone());
    let drop_it = move || {
        let (options, name) = (options.clone(), name.clone());
        block_on(async move {
            let Ok(mut admin) = options.connect().await else { return };
            let sql = format!("DROP DATABASE IF EXISTS {name}");
            let _ = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await;
        });
    };
    Some(Database { address: Address::Mysql(server), _cleanup: Cleanup::Drop(Arc::new(drop_it)) })
}
