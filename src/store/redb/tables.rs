//! What the database holds. Keys are plain numbers or text and values plain bytes, because later
//! file formats of redb change how other types are kept.

use redb::TableDefinition;

use crate::model::SectionName;
use crate::model::access::Kind;
use crate::store::records::{kind_name, kind_of};

/// Name -> number: see the `META_*` names.
pub(super) const META: TableDefinition<&str, u64> = TableDefinition::new("meta");

/// Key of a machine (given once, never reused) -> [`crate::store::codec`] machine.
pub(super) const MACHINES: TableDefinition<u32, &[u8]> = TableDefinition::new("machines");

/// Kind of a record, `/`, its id -> [`crate::store::codec`] record.
pub(super) const RECORDS: TableDefinition<&str, &[u8]> = TableDefinition::new("records");

/// Number of an entry of the audit log (larger is newer) -> [`crate::store::codec`] entry.
pub(super) const AUDIT: TableDefinition<u64, &[u8]> = TableDefinition::new("audit");

/// Key of a machine (four bytes, the highest first), the name of a section ->
/// [`crate::store::codec`] section. Not in every store.
pub(super) const SECTIONS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("sections");

/// Name -> number: what must be in a backup, see [`super::backup`]. Not in a store that is used.
pub(super) const BACKUP: TableDefinition<&str, u64> = TableDefinition::new("backup");

/// The version of what the tables hold.
pub(super) const META_SCHEMA: &str = "schema";
/// The last record of the journal that is in the tables.
pub(super) const META_FOLDED: &str = "folded";
/// No machine has a key from here on, and none ever had.
pub(super) const META_NEXT_KEY: &str = "next_key";
/// The id of the journal beside the database; 0 when everything is in the database.
pub(super) const META_JOURNAL: &str = "journal";

/// The schema this program writes and reads.
pub(super) const SCHEMA: u64 = 3;

/// What a section is kept as in [`SECTIONS`].
pub(super) fn section_key(key: u32, name: SectionName) -> Vec<u8> {
    [&key.to_be_bytes(), name.name().as_bytes()].concat()
}

/// Between which keys the sections of a machine are.
pub(super) fn section_range(key: u32) -> (Vec<u8>, Vec<u8>) {
    let first = key.to_be_bytes();
    // No name begins with this byte.
    (first.to_vec(), [&first[..], &[u8::MAX]].concat())
}

/// Whose section is kept as this, and which; `None` for those of a later version.
pub(super) fn section_of(kept_as: &[u8]) -> Option<(u32, SectionName)> {
    let (key, name) = kept_as.split_first_chunk()?;
    let name = std::str::from_utf8(name).ok().and_then(SectionName::of)?;
    Some((u32::from_be_bytes(*key), name))
}

/// What a record is kept as in [`RECORDS`].
pub(super) fn record_name(kind: Kind, id: &str) -> String {
    format!("{}/{id}", kind_name(kind))
}

/// The kind of the record that is kept as this; `None` for those of a later version.
pub(super) fn kind_of_record(name: &str) -> Option<Kind> {
    kind_of(name.split_once('/')?.0)
}
