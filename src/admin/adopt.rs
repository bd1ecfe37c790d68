//! Taking over the inventory that the original left in an SQLite file.

use std::path::Path;

use anyhow::Context as _;
use chrono_tz::Tz;

use crate::clock;
use crate::store::redb::RedbStore;
use crate::store::sql::{Address, SqlSettings, SqlSource};

/// What is wrong with a database that is not an inventory.
pub(super) const NO_TABLE: &str = "it has no table \"inventory\" with a column \"machine_id\"";

/// Copies every machine of the SQLite file `legacy` into a new store at `path`, as one: after a
/// crash there is no store, or a whole one. The file is left as it is.
///
/// # Errors
/// When the file cannot be read, or the store cannot be made.
pub async fn adopt(legacy: &Path, path: &Path, zone: Tz) -> anyhow::Result<()> {
    let address = Address::Sqlite(legacy.to_owned());
    let context = || format!("{} of the original cannot be taken over", legacy.display());
    let source = SqlSource::open(SqlSettings { address, zone }).await.with_context(context)?;
    let mut source = source.context(NO_TABLE).with_context(context)?;
    let mut machines = Vec::with_capacity(source.count().await.with_context(context)?);
    loop {
        let page = source.next(clock::now()).await.with_context(context)?;
        if page.is_empty() {
            break;
        }
        machines.extend(page);
    }
    let (warnings, more) = source.warnings();
    for warning in warnings {
        tracing::warn!("{}: {warning}", legacy.display());
    }
    if more > 0 {
        tracing::warn!("{}: and {more} more", legacy.display());
    }
    RedbStore::create_with(path, &machines)?;
    tracing::info!(
        from = %legacy.display(),
        machines = machines.len(),
        "the original's inventory is copied; its file was left as it is"
    );
    Ok(())
}
