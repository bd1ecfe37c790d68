//! Inventory sections in the database: each is a row, found by its machine's key and its name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use redb::{
    Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _, TableError,
    WriteTransaction,
};

use super::failure::failure;
use super::tables::{SECTIONS, section_key, section_of, section_range};
use crate::model::{MachineId, Received, SectionName};
use crate::store::codec::{BadValue, decode_section, encode_section};
use crate::store::memory::Memory;
use crate::store::{Section, StoreError};

/// Why sections could not be read.
pub(super) enum BadSections {
    Redb(redb::Error),
    Value(BadValue),
}

impl<E: Into<redb::Error>> From<E> for BadSections {
    fn from(error: E) -> Self {
        Self::Redb(error.into())
    }
}

impl From<BadSections> for StoreError {
    fn from(error: BadSections) -> Self {
        match error {
            BadSections::Redb(error) => failure(&error),
            BadSections::Value(_) => Self::Backend("a section in it is damaged".into()),
        }
    }
}

/// A machine whose sections are wanted, its key, and those of them that are newer than the database.
pub(super) struct Wanted {
    id: MachineId,
    key: u32,
    newer: Vec<Arc<Section>>,
}

/// Where the sections of these machines are.
pub(super) fn wanted(memory: &Memory, ids: &[MachineId]) -> Vec<Wanted> {
    let known = ids.iter().filter_map(|id| Some((id, memory.entry(id)?.0)));
    let wanted = known.map(|(id, key)| {
        let newer = memory.sections(key).map(Arc::clone).collect();
        Wanted { id: id.clone(), key, newer }
    });
    wanted.collect()
}

/// The sections of these machines.
pub(super) fn read(
    database: &Database,
    wanted: Vec<Wanted>,
) -> Result<Vec<(MachineId, Arc<Section>)>, BadSections> {
    let transaction = database.begin_read()?;
    let table = match transaction.open_table(SECTIONS) {
        Err(TableError::TableDoesNotExist(_)) => None,
        table => Some(table?),
    };
    let mut found = Vec::new();
    for Wanted { id, key, newer } in wanted {
        let mut sections = BTreeMap::new();
        if let Some(table) = &table {
            let (first, last) = section_range(key);
            for row in table.range(first.as_slice()..last.as_slice())? {
                let (kept_as, value) = row?;
                let Some((_, name)) = section_of(kept_as.value()) else { continue };
                let section = decode_section(key, name, value.value());
                sections.insert(name, Arc::new(section.map_err(BadSections::Value)?));
            }
        }
        sections.extend(newer.into_iter().map(|newer| (newer.received().name, newer)));
        found.extend(sections.into_values().map(|section| (id.clone(), section)));
    }
    Ok(found)
}

/// Reads every section, and answers which there are of each machine, by its key.
pub(super) fn received(
    transaction: &ReadTransaction,
) -> Result<HashMap<u32, Vec<Received>>, BadSections> {
    let mut received: HashMap<u32, Vec<Received>> = HashMap::new();
    each::<BadSections>(transaction, |kept_as, value| {
        // What a later version keeps is left to that one.
        let Some((key, name)) = section_of(kept_as) else { return Ok(()) };
        let section = decode_section(key, name, value).map_err(BadSections::Value)?;
        received.entry(key).or_default().push(*section.received());
        Ok(())
    })?;
    received.values_mut().for_each(|sections| sections.sort_by_key(|section| section.name));
    Ok(received)
}

/// Calls `visit` with each row of the table, if there is one.
pub(super) fn each<E: From<redb::Error>>(
    transaction: &ReadTransaction,
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let table = match transaction.open_table(SECTIONS) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(()),
        table => table.map_err(redb::Error::from)?,
    };
    for row in table.iter().map_err(redb::Error::from)? {
        let (kept_as, value) = row.map_err(redb::Error::from)?;
        visit(kept_as.value(), value.value())?;
    }
    Ok(())
}

/// Puts sections, each in place of the one that was there.
pub(super) fn write(
    transaction: &WriteTransaction,
    sections: &BTreeMap<(u32, SectionName), Arc<Section>>,
) -> Result<(), redb::Error> {
    if sections.is_empty() {
        return Ok(());
    }
    let mut table = transaction.open_table(SECTIONS)?;
    for ((key, name), section) in sections {
        let value = encode_section(*key, section);
        table.insert(section_key(*key, *name).as_slice(), value.as_slice())?;
    }
    Ok(())
}

/// Removes every section of a machine.
pub(super) fn remove(transaction: &WriteTransaction, key: u32) -> Result<(), redb::Error> {
    let (first, last) = section_range(key);
    let mut table = transaction.open_table(SECTIONS)?;
    Ok(table.retain_in(first.as_slice()..last.as_slice(), |_, _| false)?)
}
