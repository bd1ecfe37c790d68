//! The audit log in the database: reading it, and forgetting what is old.

use redb::{ReadableDatabase as _, ReadableTable as _};

use super::handle::Handle;
use super::tables::AUDIT;
use crate::model::access::{AuditEntry, AuditQuery};
use crate::store::StoreError;
use crate::store::codec::decode_entry;

/// The entries that a query asks for, the newest first.
pub(super) fn read(
    database: &Handle,
    query: &AuditQuery,
) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
    database.run(|database| {
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
    })
}

/// Entries removed in one transaction, so that nothing else waits for long.
const AT_ONCE: usize = 5_000;

/// Removes the entries whose numbers are lower.
pub(super) fn forget(database: &Handle, before: u64) -> Result<(), StoreError> {
    loop {
        let removed = database.run(|database| {
            let mut transaction = database.begin_write()?;
            transaction.set_quick_repair(true);
            let removed = {
                let mut table = transaction.open_table(AUDIT)?;
                let old: Vec<u64> = table
                    .range(..before)?
                    .take(AT_ONCE)
                    .map(|row| row.map(|(number, _)| number.value()))
                    .collect::<Result<_, _>>()?;
                for number in &old {
                    table.remove(number)?;
                }
                old.len()
            };
            transaction.commit()?;
            Ok(removed)
        })?;
        if removed < AT_ONCE {
            return Ok(());
        }
    }
}
