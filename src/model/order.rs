//! The order people expect of names.

use super::MachineId;

/// Sorts names without regard to case and with numbers by value, so that `pc-2` comes before
/// `PC-10`. Names that differ only in case or leading zeros stay next to each other, and equal
/// keys are told apart by the machine's id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameKey {
    folded: Box<[u8]>,
    id: MachineId,
}

impl NameKey {
    /// The key of a machine with this name.
    #[must_use]
    pub fn new(name: &str, id: &MachineId) -> Self {
        Self { folded: fold(name).into(), id: id.clone() }
    }

    /// The machine's id.
    #[must_use]
    pub fn id(&self) -> &MachineId {
        &self.id
    }
}

/// Bytes that compare as the name should: letters in lower case; a run of digits becomes `0`, the
/// count of its digits, and the digits, so that shorter numbers are smaller.
pub(super) fn fold(name: &str) -> Vec<u8> {
    let mut folded = Vec::with_capacity(name.len() + 4);
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let digits = rest[..end].trim_start_matches('0').as_bytes();
            folded.push(b'0');
            folded.push(u8::try_from(digits.len()).unwrap_or(u8::MAX));
            folded.extend_from_slice(digits);
            rest = &rest[end..];
        } else {
            let mut buffer = [0; 4];
            for lower in c.to_lowercase() {
                folded.extend_from_slice(lower.encode_utf8(&mut buffer).as_bytes());
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::{MachineId, NameKey};

    fn key(name: &str) -> NameKey {
        NameKey::new(name, &MachineId::stored("same"))
    }

    #[test]
    fn numbers_sort_by_value_and_case_does_not_matter() {
        let names =
            ["", "lab-01-pc02", "lab-01-pc10", "LAB-2-pc1", "m00009", "m10", "PC-2", "pc-10"];
        for pair in names.windows(2) {
            assert!(key(pair[0]) < key(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn equal_names_are_ordered_by_id() {
        let (a, b) = (MachineId::stored("a"), MachineId::stored("b"));
        assert!(NameKey::new("PC", &a) < NameKey::new("pc", &b));
    }
}
