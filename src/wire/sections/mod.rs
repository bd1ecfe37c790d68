//! What an agent knows of its machine beyond a report, in sections: `PUT
//! /api/machines/{id}/sections/{name}` takes each of them.
//!
//! Everything is optional: what an agent cannot read is absent, and what a later one adds is ignored.

#[cfg(feature = "server")]
mod described;
mod hardware;
mod hashes;
mod identifier;
#[cfg(feature = "server")]
mod parse;
#[cfg(feature = "server")]
mod shown;
mod software;
mod upload;

use std::fmt;

#[cfg(feature = "server")]
pub use described::SectionContent;
pub use hardware::{
    Batteries, Battery, Cpu, Disk, Disks, Firmware, Gpu, Gpus, Memory, MemoryModule, Monitor,
    Monitors, System,
};
pub use hashes::{MOST_HASHES, SectionHashes};
pub use identifier::{is_junk_identifier, mac_address};
#[cfg(feature = "server")]
pub(in crate::wire) use parse::section_hash;
#[cfg(feature = "server")]
pub use parse::{ParsedSection, parse_section};
#[cfg(feature = "server")]
pub use shown::{Section, SectionUpload, Sections};
pub use software::{
    Filesystem, Filesystems, Interface, Interfaces, LoggedIn, OperatingSystem, Package, Printer,
    Printers, Software, Users,
};
pub use upload::{Content, Upload};

/// Most bytes of a section as it travels.
pub const SECTION_BYTES: usize = 1 << 20;
/// Most characters of a section's hash.
pub const HASH_CHARS: usize = 64;

/// Which section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SectionName {
    /// [`System`]
    System,
    /// [`Firmware`]
    Firmware,
    /// [`Cpu`]
    Cpu,
    /// [`Memory`]
    Memory,
    /// [`Disks`]
    Disks,
    /// [`Filesystems`]
    Filesystems,
    /// [`Interfaces`]
    Interfaces,
    /// [`OperatingSystem`]
    Os,
    /// [`Users`]
    Users,
    /// [`Software`]
    Software,
    /// [`Gpus`]
    Gpus,
    /// [`Batteries`]
    Batteries,
    /// [`Monitors`]
    Monitors,
    /// [`Printers`]
    Printers,
}

impl SectionName {
    /// All of them, in the order in which people read them.
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

    /// As it stands in addresses and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
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

    /// The one of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.as_str() == name)
    }
}

impl fmt::Display for SectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(feature = "server")]
impl From<SectionName> for crate::model::SectionName {
    fn from(name: SectionName) -> Self {
        match name {
            SectionName::System => Self::System,
            SectionName::Firmware => Self::Firmware,
            SectionName::Cpu => Self::Cpu,
            SectionName::Memory => Self::Memory,
            SectionName::Disks => Self::Disks,
            SectionName::Filesystems => Self::Filesystems,
            SectionName::Interfaces => Self::Interfaces,
            SectionName::Os => Self::Os,
            SectionName::Users => Self::Users,
            SectionName::Software => Self::Software,
            SectionName::Gpus => Self::Gpus,
            SectionName::Batteries => Self::Batteries,
            SectionName::Monitors => Self::Monitors,
            SectionName::Printers => Self::Printers,
        }
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::SectionName;
    use crate::model;

    #[test]
    fn sections_have_the_same_names_where_they_are_kept() {
        let kept = SectionName::ALL.map(model::SectionName::from);
        assert_eq!(kept, model::SectionName::ALL);
        assert_eq!(kept.map(model::SectionName::name), SectionName::ALL.map(SectionName::as_str));
    }
}
