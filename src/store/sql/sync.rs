//! Bringing the memory up to what is in the database, whoever wrote it.
//!
//! Every batch that any server writes has a number, given under a lock, and leaves its changes under
//! that number in `tatuscan_journal`. A server whose memory stands at one number reads the changes
//! after it; when they are no longer there, it reads everything.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono_tz::Tz;

use super::dialect::Dialect;
use super::link::Link;
use super::rows::{self, COLUMNS, Details};
use super::value::Value;
use super::{schema, sections};
use crate::model::access::Record;
use crate::store::change::Changes;
use crate::store::codec::decode_changes;
use crate::store::memory::Memory;
use crate::store::records::{from_json, kind_of};

/// Batches whose changes are kept for other servers.
pub(super) const KEPT: u64 = 10_000;

/// The number of the last batch.
pub(super) async fn version(link: &mut dyn Link, dialect: Dialect) -> Result<u64, sqlx::Error> {
    schema::number(link, dialect, "version").await
}

/// Whose transaction a look at the database is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// None yet: what is read must be read as of one moment.
    Any,
    /// The one that writes; no other server can commit before it ends.
    Locked,
}

/// Where the memory stands; `None` before the first reading.
pub(super) fn known(memory: &RwLock<Memory>) -> Option<u64> {
    let memory = memory.read().unwrap_or_else(PoisonError::into_inner);
    memory.is_loaded().then(|| memory.version())
}

/// Brings the memory, which stood at `known` before the database was found at `version`, up to
/// there.
pub(super) async fn catch_up(
    link: &mut dyn Link,
    dialect: Dialect,
    zone: Tz,
    memory: &RwLock<Memory>,
    (known, version): (Option<u64>, u64),
    moment: Moment,
) -> Result<(), sqlx::Error> {
    match known {
        Some(known) if known == version => return Ok(()),
        Some(known) if known < version && version - known < KEPT => {
            let batches = batches(link, dialect, known, version).await?;
            if let Some(batches) = batches {
                let mut memory = memory.write().unwrap_or_else(PoisonError::into_inner);
                for (version, changes) in batches {
                    memory.apply_of_another(version, &changes);
                }
                return Ok(());
            }
        }
        Some(known) if known > version => {
            tracing::warn!(known, version, "the database is older than it was: reading it anew");
        }
        _ => {}
    }
    let loaded = match moment {
        Moment::Any => snapshot(link, dialect, zone).await?,
        Moment::Locked => load(link, dialect, zone, version).await?,
    };
    let is_older = known.is_some_and(|known| known > version);
    let mut memory = memory.write().unwrap_or_else(PoisonError::into_inner);
    // A write may have come to its end meanwhile.
    if is_older || !memory.is_loaded() || loaded.version() >= memory.version() {
        *memory = loaded;
    }
    Ok(())
}

/// The changes of the batches after one up to another; `None` when some are not there, or written by
/// a later version of this program.
async fn batches(
    link: &mut dyn Link,
    dialect: Dialect,
    after: u64,
    to: u64,
) -> Result<Option<Vec<(u64, Changes)>>, sqlx::Error> {
    let sql = dialect.sql(
        "SELECT version, payload FROM tatuscan_journal WHERE version > ? AND version <= ? \
         ORDER BY version",
    );
    let mut batches = Vec::new();
    let mut expected = after;
    link.each(sql, vec![Value::number(after), Value::number(to)], &mut |row| {
        let mut row = row.into_iter();
        let version = row.next().and_then(Value::into_integer);
        let version = version.and_then(|version| u64::try_from(version).ok()).unwrap_or(0);
        let payload = row.next().and_then(Value::into_bytes).unwrap_or_default();
        if version == expected + 1
            && let Ok(changes) = decode_changes(version, &payload)
        {
            expected = version;
            batches.push((version, changes));
        }
    })
    .await?;
    Ok((expected == to).then_some(batches))
}

/// Everything, as it is at one moment.
pub(super) async fn snapshot(
    link: &mut dyn Link,
    dialect: Dialect,
    zone: Tz,
) -> Result<Memory, sqlx::Error> {
    link.script(dialect.begin_snapshot()).await?;
    let version = version(link, dialect).await?;
    let loaded = load(link, dialect, zone, version).await?;
    link.script(dialect.sql("ROLLBACK")).await?;
    Ok(loaded)
}

/// Everything, as it is after the batch `version`.
async fn load(
    link: &mut dyn Link,
    dialect: Dialect,
    zone: Tz,
    version: u64,
) -> Result<Memory, sqlx::Error> {
    let precision = dialect.precision(zone);
    let is_case_blind = schema::is_case_blind(link, dialect).await?;
    let mut memory = Memory::with_precision(precision, is_case_blind);
    let mut details = details(link, dialect).await?;
    let mut sections = sections::received(link, dialect).await?;
    let sql = dialect.sql(&format!("SELECT {} FROM inventory", COLUMNS.join(", ")));
    link.each(sql, Vec::new(), &mut |row| {
        if let Some(mut machine) = rows::machine(row, zone, precision) {
            if let Some(details) = details.remove(machine.id.as_str()) {
                details.complete(&mut machine);
            }
            if let Some(sections) = sections.remove(machine.id.as_str()) {
                machine.hardware = machine.hardware.with_sections(&sections);
            }
            let key = memory.next_key();
            memory.load(key, &Arc::new(machine));
        }
    })
    .await?;
    records(link, dialect).await?.into_iter().for_each(|record| memory.load_record(record));
    memory.loaded_at(version);
    Ok(memory)
}

/// Users, tokens and such. Those of a later version are left to that one.
pub(super) async fn records(
    link: &mut dyn Link,
    dialect: Dialect,
) -> Result<Vec<Record>, sqlx::Error> {
    let mut records = Vec::new();
    let sql = dialect.sql("SELECT kind, id, value FROM tatuscan_records");
    link.each(sql, Vec::new(), &mut |row| {
        let mut texts = row.into_iter().map(|value| value.into_text().unwrap_or_default());
        let (kind, _, json) = (texts.next(), texts.next(), texts.next());
        if let (Some(kind), Some(json)) = (kind.as_deref().and_then(kind_of), json) {
            records.extend(from_json(kind, &json));
        }
    })
    .await?;
    Ok(records)
}

/// What is known of machines beyond the original's columns, by id.
pub(super) async fn details(
    link: &mut dyn Link,
    dialect: Dialect,
) -> Result<HashMap<String, Details>, sqlx::Error> {
    let mut details = HashMap::new();
    let sql = dialect.sql("SELECT machine_id, details FROM tatuscan_machines");
    link.each(sql, Vec::new(), &mut |row| {
        let mut texts = row.into_iter().map(Value::into_text);
        if let (Some(Some(id)), Some(Some(json))) = (texts.next(), texts.next()) {
            details.insert(id, Details::from_json(&json));
        }
    })
    .await?;
    Ok(details)
}
