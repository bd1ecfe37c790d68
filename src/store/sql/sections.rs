//! The table of inventory sections.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::DateTime;
use sqlx::SqlStr;

use super::dialect::Dialect;
use super::link::Link;
use super::value::{Row, Value};
use crate::model::{MachineId, Received, SectionHash, SectionName};
use crate::store::Section;

/// Puts one section in place of the one that was there.
pub(super) fn upsert(dialect: Dialect) -> SqlStr {
    let columns = ["machine_id", "name", "hash", "received_us", "content"];
    let (_, update) = columns.split_at(2);
    dialect.upsert("tatuscan_sections", &columns, "machine_id, name", update, 1)
}

/// The values of [`upsert`].
pub(super) fn values(id: &MachineId, section: &Section) -> [Value; 5] {
    let received = section.received();
    [
        Value::text(id.as_str()),
        Value::text(received.name.name()),
        Value::text(&received.hash.to_string()),
        Value::Integer(Some(section.received_us())),
        Value::Bytes(Some(section.as_packed().to_vec())),
    ]
}

/// Removes every section of a machine.
pub(super) async fn remove(
    link: &mut dyn Link,
    dialect: Dialect,
    id: &MachineId,
) -> Result<(), sqlx::Error> {
    let sql = dialect.sql("DELETE FROM tatuscan_sections WHERE machine_id = ?");
    link.run(sql, vec![Value::text(id.as_str())]).await.map(|_| ())
}

/// Which sections there are of each machine, by its id.
pub(super) async fn received(
    link: &mut dyn Link,
    dialect: Dialect,
) -> Result<HashMap<String, Vec<Received>>, sqlx::Error> {
    let mut received: HashMap<String, Vec<Received>> = HashMap::new();
    let sql = dialect.sql("SELECT machine_id, name, hash, received_us FROM tatuscan_sections");
    link.each(sql, Vec::new(), &mut |row| {
        let mut row = row.into_iter();
        if let Some((id, name, hash, at)) = head(&mut row)
            && let Some(at) = DateTime::from_timestamp_micros(at)
        {
            received.entry(id).or_default().push(Received { name, hash, at });
        }
    })
    .await?;
    received.values_mut().for_each(|sections| sections.sort_by_key(|section| section.name));
    Ok(received)
}

/// The sections of these machines.
pub(super) async fn read(
    link: &mut dyn Link,
    dialect: Dialect,
    ids: &[MachineId],
) -> Result<Vec<(MachineId, Arc<Section>)>, sqlx::Error> {
    let mut found = Vec::new();
    if ids.is_empty() {
        return Ok(found);
    }
    let marks = vec!["?"; ids.len()].join(", ");
    let sql = format!(
        "SELECT machine_id, name, hash, received_us, content FROM tatuscan_sections \
         WHERE machine_id IN ({marks})"
    );
    let values = ids.iter().map(|id| Value::text(id.as_str())).collect();
    link.each(dialect.sql(&sql), values, &mut |row| {
        let mut row = row.into_iter();
        if let Some((id, name, hash, at)) = head(&mut row)
            && let Some(content) = row.next().and_then(Value::into_bytes)
            && let Some(at) = DateTime::from_timestamp_micros(at)
        {
            let section = Section::packed(name, hash, at, &content);
            found.push((MachineId::stored(&id), Arc::new(section)));
        }
    })
    .await?;
    Ok(found)
}

/// The first four columns; `None` for what a later version keeps.
fn head(
    row: &mut <Row as IntoIterator>::IntoIter,
) -> Option<(String, SectionName, SectionHash, i64)> {
    let id = row.next()?.into_text()?;
    let name = SectionName::of(&row.next()?.into_text()?)?;
    let hash = SectionHash::parse(&row.next()?.into_text()?)?;
    Some((id, name, hash, row.next()?.into_integer()?))
}
