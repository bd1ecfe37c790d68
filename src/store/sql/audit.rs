//! The audit log: reading it, and forgetting what is old.

use super::dialect::Dialect;
use super::link::Link;
use super::value::Value;
use crate::model::access::{AuditEntry, AuditQuery};
use crate::store::records::entry_from_json;

/// Entries read at once.
const PAGE: usize = 500;

/// The entries that a query asks for, the newest first.
pub(super) async fn read(
    link: &mut dyn Link,
    dialect: Dialect,
    query: &AuditQuery,
) -> Result<Vec<(u64, AuditEntry)>, sqlx::Error> {
    let statement = format!(
        "SELECT number, entry FROM tatuscan_audit WHERE number < ? \
         ORDER BY number DESC LIMIT {PAGE}"
    );
    let mut before = query.before.unwrap_or(i64::MAX.unsigned_abs());
    let mut found = Vec::new();
    loop {
        let mut rows = 0;
        let bounds = vec![Value::number(before)];
        link.each(dialect.sql(&statement), bounds, &mut |row| {
            let mut row = row.into_iter();
            let number = row.next().and_then(Value::into_integer);
            let Some(number) = number.and_then(|number| u64::try_from(number).ok()) else { return };
            let json = row.next().and_then(Value::into_text).unwrap_or_default();
            (rows, before) = (rows + 1, number);
            if let Some(entry) = entry_from_json(&json).filter(|entry| query.admits(number, entry))
            {
                found.push((number, entry));
            }
        })
        .await?;
        if rows < PAGE || found.len() >= query.limit {
            found.truncate(query.limit);
            return Ok(found);
        }
    }
}

/// Removes the entries whose numbers are lower.
pub(super) async fn forget(
    link: &mut dyn Link,
    dialect: Dialect,
    before: u64,
) -> Result<(), sqlx::Error> {
    let sql = dialect.sql("DELETE FROM tatuscan_audit WHERE number < ?");
    link.run(sql, vec![Value::number(before)]).await.map(|_| ())
}
