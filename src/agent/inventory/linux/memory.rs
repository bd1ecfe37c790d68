//! The memory modules, as the firmware's tables list them; only root may read those.

use std::path::Path;

use super::tree::Tree;
use crate::agent::inventory::smbios;
use crate::wire::sections::{Content, Memory};

pub(super) fn collect(root: &Path) -> anyhow::Result<Content> {
    let table = Tree(root).bytes("sys/firmware/dmi/tables/DMI")?;
    Ok(Content::Memory(table.map_or_else(Memory::default, |table| smbios::memory(&table))))
}
