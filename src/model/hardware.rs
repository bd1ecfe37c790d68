//! What an agent found out about a machine beyond its report: as much of its inventory sections as is
//! searched for and shown in lists. The sections themselves are not in memory.

use std::hash::{Hash, Hasher};

use chrono::{DateTime, Utc};

use super::handle::{Fields, Handle};
use super::{SectionHash, SectionName, Text};

/// Most MAC addresses, and most users, that are kept of a machine.
pub const HARDWARE_LIST: usize = 16;

/// What is known of a machine's hardware and users. Agents that send no sections leave it empty, and
/// then it takes one word.
pub type Hardware = Handle<HardwareFields>;

/// The fields of [`Hardware`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HardwareFields {
    /// Who made the computer.
    pub manufacturer: Option<Text>,
    /// Its model, as its firmware says.
    pub model: Option<Text>,
    /// Its serial number.
    pub serial: Option<Text>,
    /// The UUID of its board, in lower case.
    pub uuid: Option<Text>,
    /// MAC addresses of its physical interfaces, lower case, with colons.
    pub macs: Vec<Text>,
    /// Users that are logged in.
    pub logged_in: Vec<Text>,
    /// The user who logged in last.
    pub last_user: Option<Text>,
    /// The version of its agent.
    pub agent_version: Option<Text>,
    /// The sections that are kept, in the order of [`SectionName::ALL`]. A store makes this from what
    /// it has.
    pub sections: Vec<Received>,
}

/// That a section is kept, which one, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Which.
    pub name: SectionName,
    /// By what it is known.
    pub hash: SectionHash,
    /// When it came.
    pub at: DateTime<Utc>,
}

/// What a section says of its machine that is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SectionFacts {
    /// Nothing.
    Nothing,
    /// Of the section `system`.
    #[expect(missing_docs, reason = "as in [`HardwareFields`]")]
    System {
        manufacturer: Option<Text>,
        model: Option<Text>,
        serial: Option<Text>,
        uuid: Option<Text>,
    },
    /// Of the section `interfaces`.
    #[expect(missing_docs, reason = "as in [`HardwareFields`]")]
    Interfaces { macs: Vec<Text> },
    /// Of the section `users`.
    #[expect(missing_docs, reason = "as in [`HardwareFields`]")]
    Users { logged_in: Vec<Text>, last: Option<Text> },
}

impl SectionFacts {
    /// Notes them, in place of what the section said before.
    pub fn note(&self, hardware: &mut HardwareFields) {
        match self.clone() {
            Self::Nothing => {}
            Self::System { manufacturer, model, serial, uuid } => {
                hardware.manufacturer = manufacturer;
                hardware.model = model;
                hardware.serial = serial;
                hardware.uuid = uuid;
            }
            Self::Interfaces { macs } => hardware.macs = macs,
            Self::Users { logged_in, last } => {
                hardware.logged_in = logged_in;
                hardware.last_user = last;
            }
        }
    }
}

static NOTHING: HardwareFields = HardwareFields {
    manufacturer: None,
    model: None,
    serial: None,
    uuid: None,
    macs: Vec::new(),
    logged_in: Vec::new(),
    last_user: None,
    agent_version: None,
    sections: Vec::new(),
};

impl Fields for HardwareFields {
    fn nothing() -> &'static Self {
        &NOTHING
    }
}

/// Sections have no part in it: a machine is the same with and without them.
impl Hash for HardwareFields {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { manufacturer, model, serial, uuid, macs, logged_in, last_user, .. } = self;
        (manufacturer, model, serial, uuid, macs).hash(state);
        (logged_in, last_user, &self.agent_version).hash(state);
    }
}

impl HardwareFields {
    /// What is known of a section.
    #[must_use]
    pub fn section(&self, name: SectionName) -> Option<&Received> {
        self.sections.iter().find(|received| received.name == name)
    }

    /// Notes a section in place of the one that was there.
    pub fn receive(&mut self, received: Received) {
        match self.sections.binary_search_by_key(&received.name, |one| one.name) {
            Ok(at) => self.sections[at] = received,
            Err(at) => self.sections.insert(at, received),
        }
    }

    /// Every user that is known.
    pub fn users(&self) -> impl Iterator<Item = &Text> {
        let last = self.last_user.iter().filter(|last| !self.logged_in.contains(last));
        self.logged_in.iter().chain(last)
    }
}

impl Hardware {
    /// The same with these sections.
    #[must_use]
    pub fn with_sections(&self, sections: &[Received]) -> Self {
        if self.sections == sections {
            return self.clone();
        }
        self.with(|fields| fields.sections = sections.to_vec())
    }

    /// The same with this version of its agent; an agent that does not say changes nothing.
    #[must_use]
    pub fn reported_by(&self, agent_version: Option<Text>) -> Self {
        if agent_version.is_none() || self.agent_version == agent_version {
            return self.clone();
        }
        self.with(|fields| fields.agent_version = agent_version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_known_takes_one_word_and_reports_without_news_share_what_is_known() {
        assert_eq!(size_of::<Hardware>(), size_of::<usize>());
        let nothing = Hardware::default().reported_by(None).with_sections(&[]);
        assert!(nothing.is_empty());
        let known = nothing.reported_by(Some("1.2".into()));
        assert_eq!(known.agent_version.as_deref(), Some("1.2"));
        assert!(known.reported_by(Some("1.2".into())).is_same(&known));
        assert!(known.reported_by(None).is_same(&known));
    }

    #[test]
    fn a_section_takes_the_place_of_the_one_before() {
        let hash = |text| SectionHash::parse(text).unwrap();
        let received = |name, text| Received { name, hash: hash(text), at: DateTime::UNIX_EPOCH };
        let mut fields = HardwareFields::default();
        for (name, text) in
            [(SectionName::Users, "1"), (SectionName::Cpu, "2"), (SectionName::Users, "3")]
        {
            fields.receive(received(name, text));
        }
        assert_eq!(
            fields.sections,
            [received(SectionName::Cpu, "2"), received(SectionName::Users, "3")]
        );
        assert_eq!(fields.section(SectionName::Users).map(|one| one.hash), Some(hash("3")));
        assert_eq!(fields.section(SectionName::Disks), None);
    }

    #[test]
    fn the_last_user_is_not_named_twice() {
        let users = |logged_in: &[&str], last: &str| {
            let fields = HardwareFields {
                logged_in: logged_in.iter().map(|name| Text::from(*name)).collect(),
                last_user: Some(last.into()),
                ..HardwareFields::default()
            };
            fields.users().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(users(&["ana", "bea"], "ana"), ["ana", "bea"]);
        assert_eq!(users(&["ana"], "eva"), ["ana", "eva"]);
    }
}
