//! Inventory sections: what is inside a machine, one topic each.

use std::fmt;

/// Most bytes of a section, as it is sent and as it is kept.
pub const SECTION_BYTES: usize = 1 << 20;

/// By what a section is known to be the same: what its agent says, 1 to 64 characters from `0-9 a-f`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SectionHash {
    length: u8,
    /// Two characters in each.
    packed: [u8; 32],
}

impl SectionHash {
    /// The one that is written so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let length = u8::try_from(text.len()).ok().filter(|length| (1..=64).contains(length))?;
        let mut packed = [0; 32];
        for (at, byte) in text.bytes().enumerate() {
            packed[at / 2] |= digit(byte)? << (4 * (at % 2));
        }
        Some(Self { length, packed })
    }
}

impl fmt::Display for SectionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.packed.iter().flat_map(|byte| [byte & 15, byte >> 4]);
        digits.take(self.length.into()).try_for_each(|digit| write!(f, "{digit:x}"))
    }
}

impl fmt::Debug for SectionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a section is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SectionName {
    /// Manufacturer, model, serial number, UUID, chassis.
    System,
    /// BIOS or UEFI.
    Firmware,
    /// Processors.
    Cpu,
    /// Memory modules.
    Memory,
    /// Disks.
    Disks,
    /// File systems.
    Filesystems,
    /// Network interfaces.
    Interfaces,
    /// The operating system.
    Os,
    /// Who is logged in, and who was last.
    Users,
    /// Installed software.
    Software,
    /// Graphics processors.
    Gpus,
    /// Batteries.
    Batteries,
    /// Monitors.
    Monitors,
    /// Printers.
    Printers,
}

impl SectionName {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::System,
        Self::Firmware,
        Self::Cpu,
        Self::Memory,
        Self::Disks,
        Self::Filesystems,
        Self::Interfaces,
        Self::Os,
        Self::Users,
        Self::Software,
        Self::Gpus,
        Self::Batteries,
        Self::Monitors,
        Self::Printers,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Firmware => "firmware",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Disks => "disks",
            Self::Filesystems => "filesystems",
            Self::Interfaces => "interfaces",
            Self::Os => "os",
            Self::Users => "users",
            Self::Software => "software",
            Self::Gpus => "gpus",
            Self::Batteries => "batteries",
            Self::Monitors => "monitors",
            Self::Printers => "printers",
        }
    }

    /// The one with this name; `None` for those of a later version.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_read_as_they_are_written_and_nothing_else_is() {
        for text in ["0", "00", "000", "a", "0a", "09afbeef", &"f".repeat(63), &"7e".repeat(32)] {
            let hash = SectionHash::parse(text).unwrap();
            assert_eq!(hash.to_string(), text);
        }
        assert_ne!(SectionHash::parse("0"), SectionHash::parse("00"));
        for text in ["", "A", "g", "0x1", " 1", "é", &"0".repeat(65), &"0".repeat(300)] {
            assert_eq!(SectionHash::parse(text), None, "{text}");
        }
    }
}
