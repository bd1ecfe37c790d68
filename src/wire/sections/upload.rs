//! A section on its way to the server.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{
    Batteries, Cpu, Disks, Filesystems, Firmware, Gpus, Interfaces, Memory, Monitors,
    OperatingSystem, Printers, SectionName, Software, System, Users,
};

/// A section as it is sent: what it holds, and the hash by which the server knows whether it has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload<T> {
    /// 1 to 64 characters from `0-9 a-f`, over what seldom changes.
    pub hash: String,
    /// The section.
    pub content: T,
}

/// What a section holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "each is a type of the same name")]
pub enum Content {
    System(System),
    Firmware(Firmware),
    Cpu(Cpu),
    Memory(Memory),
    Disks(Disks),
    Filesystems(Filesystems),
    Interfaces(Interfaces),
    Os(OperatingSystem),
    Users(Users),
    Software(Software),
    Gpus(Gpus),
    Batteries(Batteries),
    Monitors(Monitors),
    Printers(Printers),
}

impl Content {
    /// Which section it is of.
    #[must_use]
    pub fn name(&self) -> SectionName {
        match self {
            Self::System(_) => SectionName::System,
            Self::Firmware(_) => SectionName::Firmware,
            Self::Cpu(_) => SectionName::Cpu,
            Self::Memory(_) => SectionName::Memory,
            Self::Disks(_) => SectionName::Disks,
            Self::Filesystems(_) => SectionName::Filesystems,
            Self::Interfaces(_) => SectionName::Interfaces,
            Self::Os(_) => SectionName::Os,
            Self::Users(_) => SectionName::Users,
            Self::Software(_) => SectionName::Software,
            Self::Gpus(_) => SectionName::Gpus,
            Self::Batteries(_) => SectionName::Batteries,
            Self::Monitors(_) => SectionName::Monitors,
            Self::Printers(_) => SectionName::Printers,
        }
    }

    /// What seldom changes: without free space, who is logged in, and when the system was started.
    #[must_use]
    pub fn lasting(&self) -> Cow<'_, Self> {
        match self {
            Self::Filesystems(Filesystems { filesystems }) => {
                let mut filesystems = filesystems.clone();
                filesystems.iter_mut().for_each(|one| one.free_bytes = None);
                Cow::Owned(Self::Filesystems(Filesystems { filesystems }))
            }
            Self::Users(Users { last, .. }) => {
                Cow::Owned(Self::Users(Users { last: last.clone(), ..Users::default() }))
            }
            Self::Os(os) => Cow::Owned(Self::Os(OperatingSystem { booted_at: None, ..os.clone() })),
            _ => Cow::Borrowed(self),
        }
    }
}
