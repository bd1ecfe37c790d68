//! What the database holds. Keys are plain numbers or text and values plain bytes, because later
//! file formats of redb change how other types are kept.

use redb::TableDefinition;

/// Name -> number: see the `META_*` names.
pub(super) const META: TableDefinition<&str, u64> = TableDefinition::new("meta");

/// Key of a machine (given once, never reused) -> [`crate::store::codec`] machine.
pub(super) const MACHINES: TableDefinition<u32, &[u8]> = TableDefinition::new("machines");

/// The version of what the tables hold.
pub(super) const META_SCHEMA: &str = "schema";
/// The last record of the journal that is in the tables.
pub(super) const META_FOLDED: &str = "folded";
/// No machine has a key from here on, and none ever had.
pub(super) const META_NEXT_KEY: &str = "next_key";
/// The id of the journal beside the database; 0 when everything is in the database.
pub(super) const META_JOURNAL: &str = "journal";

/// The schema this program writes and reads.
pub(super) const SCHEMA: u64 = 2;
