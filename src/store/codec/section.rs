//! Inventory sections as they are kept: compressed under a seal.

use super::record::named;
use super::seal::{BadValue, WITH_HARDWARE, open, seal};
use crate::model::SectionName;
use crate::store::Section;

/// Encodes a section, to be kept under `name` for the machine with this key.
pub(in crate::store) fn encode_section(key: u32, section: &Section) -> Vec<u8> {
    let received = section.received();
    let hash = received.hash.to_string();
    let payload = (hash.as_str(), section.received_us(), section.as_packed());
    seal(WITH_HARDWARE, of_section(key, received.name), payload)
}

/// Reads the section that is kept under `name` for the machine with this key.
pub(in crate::store) fn decode_section(
    key: u32,
    name: SectionName,
    value: &[u8],
) -> Result<Section, BadValue> {
    let (hash, at, content): (&str, i64, &[u8]) = open(of_section(key, name), value)?;
    Section::kept(name, hash, at, content).ok_or(BadValue::Damaged)
}

/// What a checksum knows a section by.
fn of_section(key: u32, name: SectionName) -> u64 {
    u64::from(key) << 32 | named(name.name())
}
