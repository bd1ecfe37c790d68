//! The seal on a stored value: a version byte, and a checksum over its key and its payload.
//!
//! The checksum tells a damaged value from a good one whatever the file's own checks say.

use bincode::config::{Configuration, standard};
use bincode::{BorrowDecode, Encode};

/// Values in which nothing is kept of what a version adds are written as the version before wrote
/// them.
pub(super) const FIRST: u8 = 1;
/// Machines have an asset.
pub(super) const WITH_ASSET: u8 = 2;
/// Machines have what their last report proved.
pub(super) const WITH_PROOF: u8 = 3;
/// Machines have what their agents found out, and sections.
pub(super) const WITH_HARDWARE: u8 = 4;
const VERSION: u8 = WITH_HARDWARE;
const HEADER_BYTES: usize = 5;
const CONFIG: Configuration = standard();

/// Why a stored value could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum BadValue {
    /// Written by a later version of this program.
    Newer,
    /// Damaged.
    Damaged,
}

pub(super) fn seal(version: u8, key: u64, payload: impl Encode) -> Vec<u8> {
    let mut value = vec![version, 0, 0, 0, 0];
    let encoded = bincode::encode_into_std_write(payload, &mut value, CONFIG);
    debug_assert!(encoded.is_ok(), "encoding into memory cannot fail: {encoded:?}");
    let checksum = checksum(key, &value[HEADER_BYTES..]);
    value[1..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
    value
}

/// Whether a value is what was written under `key`.
pub(in crate::store) fn is_intact(key: u64, value: &[u8]) -> bool {
    value
        .split_at_checked(HEADER_BYTES)
        .is_some_and(|(header, payload)| header[1..] == checksum(key, payload).to_le_bytes())
}

pub(super) fn open<'a, T: BorrowDecode<'a, ()>>(key: u64, value: &'a [u8]) -> Result<T, BadValue> {
    if !is_intact(key, value) {
        return Err(BadValue::Damaged);
    }
    let (header, payload) = value.split_at(HEADER_BYTES);
    if header[0] > VERSION {
        return Err(BadValue::Newer);
    }
    match bincode::borrow_decode_from_slice(payload, CONFIG) {
        Ok((decoded, read)) if read == payload.len() => Ok(decoded),
        _ => Err(BadValue::Damaged),
    }
}

fn checksum(key: u64, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&key.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}
