//! Opening the store that the settings name.

use std::sync::Arc;

use anyhow::Context as _;
use chrono_tz::Tz;

use super::adopt::adopt;
use super::database::sql_settings;
use crate::config::StorePlace;
use crate::store::redb::RedbStore;
use crate::store::sql::SqlStore;
use crate::store::{Store, is_sqlite};

/// The store, and where it is. The original's file in the data directory is taken over at the first
/// time.
///
/// # Errors
/// When the store refuses, or cannot be reached.
pub async fn open_store(place: &StorePlace, zone: Tz) -> anyhow::Result<(Arc<dyn Store>, String)> {
    if let Some(database) = &place.database {
        let store = SqlStore::connect(sql_settings(database, zone)).await;
        let store = store.with_context(|| format!("SQLALCHEMY_DATABASE_URI is {database}"))?;
        return Ok((Arc::new(store), database.to_string()));
    }
    let path = place.path();
    if !path.exists() && is_sqlite(&place.legacy_sqlite) {
        adopt(&place.legacy_sqlite, &path, zone).await?;
    }
    Ok((Arc::new(RedbStore::open(&path)?), path.display().to_string()))
}
