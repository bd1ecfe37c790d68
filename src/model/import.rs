//! Changes that come as the rows of a table, and how a row finds its machine.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::{HumanEdit, Machine, Text};

/// What a row and its machine have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatchBy {
    /// The machine's id, letter by letter.
    MachineId,
    /// Its host name, in any case.
    Hostname,
    /// The number in its host name: see [`hostname_number`].
    Number,
    /// The number on its label, in any case.
    AssetNumber,
    /// Its serial number, in any case.
    Serial,
}

/// A row: what is to become of the machines that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// The line of the file on which it begins.
    pub line: u64,
    /// What the machine is found by, as it was written; empty when the row does not say.
    pub key: Text,
    /// The change.
    pub edit: HumanEdit,
    /// Whether the activation is a day, and no time of it.
    pub is_day: bool,
}

impl MatchBy {
    /// All of them, in the order in which a file's columns are looked through for one.
    pub const ALL: [Self; 5] =
        [Self::MachineId, Self::Number, Self::Hostname, Self::AssetNumber, Self::Serial];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MachineId => "machine_id",
            Self::Hostname => "hostname",
            Self::Number => "number",
            Self::AssetNumber => "asset_number",
            Self::Serial => "serial",
        }
    }

    /// The one with this name, in any case.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name().eq_ignore_ascii_case(name))
    }

    /// Whether a row may be about several machines: those that have a number are all meant.
    #[must_use]
    pub fn may_be_many(self) -> bool {
        self == Self::Number
    }

    /// A row's key in the form in which keys are compared; empty when it is none.
    #[must_use]
    pub fn key(self, text: &str) -> Cow<'_, str> {
        let text = text.trim();
        match self {
            Self::MachineId => text.into(),
            Self::Hostname | Self::AssetNumber | Self::Serial => text.to_lowercase().into(),
            Self::Number => number(text).into(),
        }
    }

    /// The key of a machine in that form; empty when it has none.
    #[must_use]
    pub fn key_of(self, machine: &Machine) -> Cow<'_, str> {
        match self {
            Self::MachineId => machine.id.as_str().into(),
            Self::Hostname => self.key(&machine.hostname),
            Self::Number => hostname_number(&machine.hostname).into(),
            Self::AssetNumber => {
                self.key(machine.human.asset.asset_number.as_deref().unwrap_or_default())
            }
            Self::Serial => self.key(machine.hardware.serial.as_deref().unwrap_or_default()),
        }
    }
}

/// Where the number of a host name stands: the first of these that fits says it.
static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let patterns = [
        r"(?i-u)ifmt[-_]?([0-9]+)$",
        r"(?i-u)ifmt[-_]?([0-9]+)",
        r"(?i-u)m([0-9]+)$",
        r"(?i-u)m([0-9]+)",
        r"([0-9]+)$",
        r"([0-9]+)[^0-9]*$",
    ];
    patterns.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect()
});

/// The number in a host name, as the original's script takes it from one: the digits after `ifmt`,
/// else those after an `m`, else the last ones; without leading zeros. Empty when there are none.
#[must_use]
pub fn hostname_number(hostname: &str) -> String {
    let hostname = hostname.trim();
    if !hostname.bytes().any(|byte| byte.is_ascii_digit()) {
        return String::new();
    }
    let found = PATTERNS.iter().find_map(|pattern| pattern.captures(hostname)?.get(1));
    found.map(|digits| number(digits.as_str())).unwrap_or_default()
}

/// The digits of a text, without leading zeros.
fn number(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let trimmed = digits.trim_start_matches('0');
    if trimmed.is_empty() && !digits.is_empty() { "0".into() } else { trimmed.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_host_name_is_the_one_that_the_original_takes() {
        assert_eq!(PATTERNS.len(), 6, "every pattern is one");
        for (hostname, number) in [
            ("IFMT-001234", "1234"),
            ("ifmt_77", "77"),
            ("Ifmt88", "88"),
            ("ifmt-12-b3", "12"),
            ("lab2-ifmt-5", "5"),
            ("m0042", "42"),
            ("M42-lab7", "42"),
            ("room3pc9", "3"),
            ("pc-007", "7"),
            ("lab01-pc", "1"),
            ("12-a34-b", "34"),
            (" pc-9 ", "9"),
            ("pc000", "0"),
            ("notebook", ""),
            ("", ""),
            ("ção-04-pç", "4"),
        ] {
            assert_eq!(hostname_number(hostname), number, "{hostname}");
        }
    }

    #[test]
    fn a_key_is_compared_in_one_form() {
        assert_eq!(MatchBy::Number.key(" 00-12.3 "), "123");
        assert_eq!(MatchBy::Number.key("x"), "");
        assert_eq!(MatchBy::Hostname.key(" LAB-ÇÃO "), "lab-ção");
        assert_eq!(MatchBy::AssetNumber.key("00A"), "00a");
        assert_eq!(MatchBy::MachineId.key(" Ab "), "Ab");
        for by in MatchBy::ALL {
            assert_eq!(MatchBy::of(&by.name().to_uppercase()), Some(by));
        }
    }
}
