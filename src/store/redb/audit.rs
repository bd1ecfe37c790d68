//! Reading the audit log in the database.

use std::sync::PoisonError;

use redb::ReadableDatabase as _;

use super::fold::SharedDatabase;
use super::tables::AUDIT;
use crate::model::access::{AuditEntry, AuditQuery};
use crate::store::StoreError;
use crate::store::codec::decode_entry;

/// The entries that a query asks for, the newest first.
pub(super) fn read(
    database: &SharedDatabase,
    query: &AuditQuery,
) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
    let database = database.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(database) = &*database else {
        return Err(StoreError::Unavailable("its file is not open at the moment".into()));
    };
    let read = || -> Result<_, redb::Error> {
        let table = database.begin_read()?.open_table(AUDIT)?;
        let mut found = Vec::new();
        for row in table.range(..query.before.unwrap_or(u64::MAX))?.rev() {
            let (number, value) = row?;
            let number = number.value();
            // What cannot be read was damaged after the store was opened.
            let Ok(entry) = decode_entry(number, value.value()) else { continue };
            if query.admits(number, &entry) {
                found.push((number, entry));
            }
            if found.len() >= query.limit {
                break;
            }
        }
        Ok(found)
    };
    read().map_err(|error| StoreError::Unavailable(error.to_string()))
}
