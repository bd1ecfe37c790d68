//! The identity of a machine.

use std::fmt;
use std::sync::Arc;

/// Most characters that an id may have.
const MAX_CHARS: usize = 64;

/// The identity of a machine, chosen by its agent: usually 64 lower-case hex digits.
///
/// Ids are compared byte by byte: two ids that differ only by case are two machines. Copies share
/// one text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MachineId(Arc<str>);

/// Why a text is no id for a new machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidMachineId;

impl fmt::Display for InvalidMachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be 1 to 64 characters from A-Z a-z 0-9 . _ : -, and neither . nor ..")
    }
}

impl std::error::Error for InvalidMachineId {}

impl MachineId {
    /// Checks the rule for ids of *new* machines: 1 to 64 characters from `[A-Za-z0-9._:-]`, and not `.`
    /// or `..`, which mean something else in an address: no browser could open or remove such a machine.
    ///
    /// # Errors
    /// [`InvalidMachineId`] when the text breaks the rule.
    pub fn parse(text: &str) -> Result<Self, InvalidMachineId> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        let is_place = matches!(text, "." | "..");
        if text.is_empty() || text.len() > MAX_CHARS || !text.bytes().all(allowed) || is_place {
            return Err(InvalidMachineId);
        }
        Ok(Self(text.into()))
    }

    /// Takes the id of a machine that is already stored. Databases of the original hold ids that
    /// [`MachineId::parse`] refuses; they can still be listed, opened, changed and deleted.
    #[must_use]
    pub fn stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::MachineId;

    #[test]
    fn ids_of_the_original_and_of_scripts_are_accepted() {
        let hex = "b151a34bbc369886058cd96579b5356b29a47fb9bd81bf1bcef4189046a7c65e";
        for id in [hex, "m-min", "A:b_c.D-9", "x"] {
            assert_eq!(MachineId::parse(id).unwrap().as_str(), id);
        }
    }

    #[test]
    fn empty_long_and_odd_ids_are_refused() {
        let long = "a".repeat(65);
        for id in ["", long.as_str(), "a b", "a/b", "ação", "a\n", "a\0", "<b>", ".", ".."] {
            assert!(MachineId::parse(id).is_err(), "{id:?}");
        }
    }
}
