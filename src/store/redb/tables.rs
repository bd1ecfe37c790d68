//! What the file holds. Keys are plain numbers or text and values plain bytes, because later file
//! formats of redb change how other types are kept.

use redb::TableDefinition;

/// Name -> number: see the `META_*` names.
pub(super) const META: TableDefinition<&str, u64> = TableDefinition::new("meta");

/// Key of a machine (given once, never reused) -> [`super::codec`] machine.
pub(super) const MACHINES: TableDefinition<u32, &[u8]> = TableDefinition::new("machines");

/// Sequence number of a batch -> [`super::codec`] changes: every machine the batch touched, as it
/// was afterwards. Rows at or below [`META_FOLDED`] are in [`MACHINES`].
pub(super) const JOURNAL: TableDefinition<u64, &[u8]> = TableDefinition::new("journal");

/// The version of what the tables hold.
pub(super) const META_SCHEMA: &str = "schema";
/// The last journal row that was folded.
pub(super) const META_FOLDED: &str = "folded";
/// No machine has a key from here on, and none ever had.
pub(super) const META_NEXT_KEY: &str = "next_key";

/// The schema this program writes and reads.
pub(super) const SCHEMA: u64 = 1;
