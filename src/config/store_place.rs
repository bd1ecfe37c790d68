//! Where the server keeps its inventory.

use std::path::{Path, PathBuf};

use chrono_tz::Tz;

use super::{ConfigError, Database, Environment, data_dir, present, store_file, zone};
use crate::cli;

/// Where an inventory is kept.
#[derive(Debug, Clone)]
pub struct StorePlace {
    /// Directory of the inventory; it need not exist yet.
    pub data_dir: PathBuf,
    /// File of the inventory: a name in `data_dir`, or a path of its own.
    pub db_file: String,
    /// Where an SQLite file of the original would be.
    pub legacy_sqlite: PathBuf,
    /// An SQL database to use instead of the file.
    pub database: Option<Database>,
}

impl StorePlace {
    /// The place, and the zone of times there that have none.
    pub(super) fn choose(
        raw: cli::Store,
        environment: &Environment,
        warnings: &mut Vec<String>,
    ) -> Result<(Self, Tz), ConfigError> {
        let data_dir = data_dir::choose(present(raw.data_dir), environment);
        let (db_file, legacy_sqlite) = store_file::choose(present(raw.db_file), &data_dir)?;
        let database = database(present(raw.database_uri), &data_dir, warnings)?;
        let zone = zone::choose(raw.timezone)?;
        Ok((Self { data_dir, db_file, legacy_sqlite, database }, zone))
    }

    /// Path of the inventory's file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.data_dir.join(&self.db_file)
    }
}

/// A relative path of an SQLite file is looked for where the original's would be: in the working
/// directory, in Flask's `instance` below it, in the data directory.
fn database(
    text: Option<String>,
    data_dir: &Path,
    warnings: &mut Vec<String>,
) -> Result<Option<Database>, ConfigError> {
    let Some(text) = text else { return Ok(None) };
    let base_dirs = [PathBuf::new(), PathBuf::from("instance"), data_dir.to_owned()];
    let setting = "SQLALCHEMY_DATABASE_URI (--database-uri)";
    let (database, more) = Database::parse(&text, setting, &base_dirs)?;
    warnings.extend(more);
    Ok(Some(database))
}
