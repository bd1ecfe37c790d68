//! A store in an SQL database: SQLite, PostgreSQL, MySQL or MariaDB.
//!
//! The original's table `inventory` is the truth for its columns and is never altered, so that one
//! can go back to the original; what is new stands in tables of our own beside it. Every batch is
//! one transaction that first takes the next number under a lock: batches of all servers that share
//! the database come one after the other, nothing is lost between two of them, and each server
//! knows what it has not seen yet.

mod address;
mod audit;
mod connect;
mod dialect;
mod failure;
mod inspect;
mod link;
mod mysql;
mod postgres;
mod reader;
mod restore;
mod rows;
mod schema;
mod sections;
mod source;
mod sqlite;
mod sync;
mod value;
mod writer;

use std::sync::Arc;
use std::time::Duration;

pub use address::{Address, Encryption, Server, SqlSettings};
use dialect::Dialect;
pub use inspect::{Inspection, inspect};
use link::Link;
pub use reader::SqlReader;
pub use restore::{as_kept, restore};
pub use source::SqlSource;
use writer::SqlWriter;

use super::engine::{Engine, SharedMemory};
use super::health::Health;
use super::stats::Counters;
use super::{OpenError, StoreError};

/// How long a write may take: a server that is gone is said to be gone in time for the agent to
/// come again.
const PATIENCE: Duration = Duration::from_millis(1_900);
/// How long the start waits for the database before it goes on without it.
const START: Duration = Duration::from_secs(8);
/// Attempts to make the tables while another server makes them too.
const ATTEMPTS: u32 = 5;

/// A store in an SQL database.
pub type SqlStore = Engine<SqlReader>;

/// Why the database cannot be used.
enum Trouble {
    Sql(sqlx::Error),
    /// Its tables were made by a later version of this program.
    Newer(u64),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl SqlStore {
    /// Opens the store. A database that does not answer now is waited for while the store is open:
    /// until then every verb answers [`StoreError::Unavailable`].
    ///
    /// # Errors
    /// [`OpenError::Database`] when the database refuses: wrong password, no such database, tables
    /// of a later version.
    pub async fn connect(settings: SqlSettings) -> Result<Self, OpenError> {
        let refused = |why: String| OpenError::Database { why };
        let writer = SqlWriter::new(settings.clone()).map_err(|e| refused(e.to_string()))?;
        let parts = SharedParts::new();
        let reader = SqlReader::new(settings.clone());
        let reached = tokio::time::timeout(START, reach(&settings, &reader, &parts)).await;
        match reached {
            Ok(Ok(())) => {}
            Ok(Err(Trouble::Newer(schema))) => return Err(refused(newer(schema))),
            Ok(Err(Trouble::Sql(error))) if failure::is_refusal(&error) => {
                return Err(refused(error.to_string()));
            }
            Ok(Err(Trouble::Sql(error))) => parts.health.set(&Err(failure::unavailable(&error))),
            Err(_) => {
                let error = StoreError::Unavailable("the database does not answer".into());
                parts.health.set(&Err(error));
            }
        }
        let SharedParts { memory, health, counters } = parts;
        Engine::start(memory, health, counters, writer, reader, PATIENCE)
            .map_err(|error| refused(error.to_string()))
    }
}

struct SharedParts {
    memory: SharedMemory,
    health: Arc<Health>,
    counters: Arc<Counters>,
}

impl SharedParts {
    fn new() -> Self {
        let counters = Arc::new(Counters::default());
        let health = Arc::new(Health::new(Arc::clone(&counters)));
        Self { memory: SharedMemory::default(), health, counters }
    }
}

/// Connects once, makes the tables that are missing, and reads everything.
async fn reach(
    settings: &SqlSettings,
    reader: &SqlReader,
    parts: &SharedParts,
) -> Result<(), Trouble> {
    let mut link = connect::connect(&settings.address).await?;
    prepare(link.as_mut(), Dialect::from(&settings.address)).await?;
    link.close().await;
    reader.read_all(&parts.memory).await?;
    Ok(())
}

/// Makes the tables that are missing. Two servers may do so at once.
async fn prepare(link: &mut dyn Link, dialect: Dialect) -> Result<(), Trouble> {
    for attempt in 1.. {
        match schema::prepare(link, dialect).await {
            Ok(found) if found > schema::SCHEMA => return Err(Trouble::Newer(found)),
            Ok(_) => break,
            Err(error) if attempt < ATTEMPTS && failure::is_lost_race(&error) => {
                tokio::time::sleep(Duration::from_millis(50) * attempt).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn newer(schema: u64) -> String {
    format!(
        "its tables were made by a newer TatuScan (schema {schema}, this one knows {}); start the \
         newer version again",
        schema::SCHEMA
    )
}
