//! Values of the registry. What is not there, or may not be read, is absent.

use windows_registry::{Key, LOCAL_MACHINE};

use crate::agent::inventory::words::short;

/// A key of the machine's.
pub(super) fn machine(path: &str) -> Option<Key> {
    LOCAL_MACHINE.open(path).ok()
}

/// A short text.
pub(super) fn text(key: &Key, name: &str) -> Option<String> {
    short(&key.get_string(name).ok()?)
}

/// A number.
pub(super) fn number(key: &Key, name: &str) -> Option<u32> {
    key.get_u32(name).ok()
}

/// Bytes, whatever they are called.
pub(super) fn bytes(key: &Key, name: &str) -> Option<Vec<u8>> {
    key.get_value(name).ok().map(|value| value.to_vec())
}

/// The names of the keys below.
pub(super) fn names(key: &Key) -> Vec<String> {
    key.keys().map(Iterator::collect).unwrap_or_default()
}

/// The keys below, with their names.
pub(super) fn keys(key: &Key) -> impl Iterator<Item = (String, Key)> + '_ {
    names(key).into_iter().filter_map(|name| Some((name.clone(), key.open(&name).ok()?)))
}
