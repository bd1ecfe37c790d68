//! The id that a server knows this machine by, kept with what the hardware says of itself: a dock, a
//! network card or another name makes no other machine, and a copied disk does.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::is_id;
use crate::agent::state;
use crate::atomic_file::PUBLIC;
use crate::wire::sections::is_junk_identifier;

/// The file in the agent's state directory.
const FILE: &str = "identity.json";

/// What the hardware says of itself; `None` for what cannot be read, or says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fingerprint {
    /// The UUID of the firmware's tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    smbios_uuid: Option<String>,
    /// The mainboard's serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    board_serial: Option<String>,
    /// The chassis's serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    chassis_serial: Option<String>,
}

impl Fingerprint {
    /// What `read` says of `product_uuid`, `board_serial` and `chassis_serial`.
    pub fn new(read: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| {
            let value = read(name)?.trim().to_lowercase();
            (!is_junk_identifier(&value)).then_some(value)
        };
        Self {
            smbios_uuid: value("product_uuid"),
            board_serial: value("board_serial"),
            chassis_serial: value("chassis_serial"),
        }
    }

    /// Whether both say the same thing of themselves, and it is not the same: a chassis may be changed
    /// in a repair, a board is the machine.
    #[must_use]
    pub fn is_of_another(&self, other: &Self) -> bool {
        let differ = |mine: &Option<String>, theirs: &Option<String>| {
            mine.is_some() && theirs.is_some() && mine != theirs
        };
        differ(&self.smbios_uuid, &other.smbios_uuid)
            || differ(&self.board_serial, &other.board_serial)
    }

    /// What it says, by name.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let values = [
            ("UUID", &self.smbios_uuid),
            ("board serial", &self.board_serial),
            ("chassis serial", &self.chassis_serial),
        ];
        values.into_iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name).collect()
    }

    /// Takes what is said now; what cannot be read any more stays as it was. Answers whether anything
    /// is different.
    fn learn(&mut self, now: &Self) -> bool {
        let before = self.clone();
        let pairs = [
            (&mut self.smbios_uuid, &now.smbios_uuid),
            (&mut self.board_serial, &now.board_serial),
            (&mut self.chassis_serial, &now.chassis_serial),
        ];
        for (mine, theirs) in pairs {
            if theirs.is_some() {
                mine.clone_from(theirs);
            }
        }
        *self != before
    }
}

/// Who this machine is to servers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its id.
    pub machine_id: String,
    /// What its hardware said of itself.
    #[serde(default)]
    pub fingerprint: Fingerprint,
    /// The id of the machine that this one's disk was copied from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloned_from: Option<String>,
}

impl Known {
    /// What is kept in the state directory; `None` when there is nothing, or nothing that makes sense.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(state_dir: &Path) -> io::Result<Option<Self>> {
        let text = match fs::read(state_dir.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        let known = serde_json::from_slice(&text).ok();
        Ok(known.filter(|known: &Self| is_id(&known.machine_id)))
    }

    /// Keeps it in the state directory, which is made where it is missing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, state_dir: &Path) -> io::Result<()> {
        state::write(state_dir, FILE, &serde_json::to_vec(self)?, PUBLIC)
    }

    /// Whether this is still that machine, whose hardware says this of itself now. What is new in it
    /// is learned, and has to be kept when the answer is `Some(true)`; `None` for another machine.
    pub fn recognises(&mut self, now: &Fingerprint) -> Option<bool> {
        (!self.fingerprint.is_of_another(now)).then(|| self.fingerprint.learn(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(uuid: Option<&str>, board: Option<&str>, chassis: Option<&str>) -> Fingerprint {
        Fingerprint::new(|name| {
            let value = match name {
                "product_uuid" => uuid,
                "board_serial" => board,
                _ => chassis,
            };
            value.map(ToOwned::to_owned)
        })
    }

    const UUID: &str = "4C4C4544-0042-3510-8052-B4C04F4A3132";
    const OTHER: &str = "4c4c4544-0035-4310-8031-b5c04f4e3432";

    fn known(fingerprint: Fingerprint) -> Known {
        Known { machine_id: "a".into(), fingerprint, cloned_from: None }
    }

    #[test]
    fn only_what_both_sides_say_is_compared() {
        let mut known = known(says(Some(UUID), Some("/5CD1/CN1/"), Some("5CD1")));
        for (now, expected) in [
            (says(Some(&UUID.to_lowercase()), Some("/5cd1/cn1/\n"), Some("5CD1")), Some(false)),
            (says(None, None, None), Some(false)),
            (says(Some("00000000-0000-0000-0000-000000000000"), None, None), Some(false)),
            (says(Some("03000200-0400-0500-0006-000700080009"), None, None), Some(false)),
            (says(None, Some("To be filled by O.E.M."), Some("Default string")), Some(false)),
            (says(None, Some("/5CD1/CN1/"), Some("another chassis")), Some(true)),
            (says(Some(OTHER), None, None), None),
            (says(None, Some("/5CD2/CN1/"), None), None),
            (says(Some(UUID), Some("/5CD2/CN1/"), None), None),
        ] {
            assert_eq!(known.recognises(&now), expected, "{now:?}");
        }
    }

    #[test]
    fn what_becomes_readable_is_learned_and_what_no_longer_is_stays() {
        let mut known = known(says(None, Some("b1"), None));
        assert_eq!(known.recognises(&says(Some(UUID), None, None)), Some(true));
        assert_eq!(known.fingerprint, says(Some(UUID), Some("b1"), None));
        assert_eq!(known.recognises(&says(Some(OTHER), None, None)), None);
        assert_eq!(known.fingerprint, says(Some(UUID), Some("b1"), None));
    }

    #[test]
    fn what_is_kept_comes_back_and_what_makes_no_sense_is_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let state_dir = directory.path().join("state");
        assert_eq!(Known::read(&state_dir).unwrap(), None);
        let known =
            Known { cloned_from: Some("b".into()), ..known(says(Some(UUID), None, Some("5CD1"))) };
        known.keep(&state_dir).unwrap();
        assert_eq!(Known::read(&state_dir).unwrap(), Some(known));
        for text in ["", "{}", "[]", r#"{"machine_id": ""}"#, r#"{"machine_id": "a b"}"#] {
            fs::write(state_dir.join(FILE), text).unwrap();
            assert_eq!(Known::read(&state_dir).unwrap(), None, "{text}");
        }
        fs::write(state_dir.join(FILE), r#"{"machine_id": "a", "later": 7}"#).unwrap();
        let expected = Known { machine_id: "a".into(), ..Known::default() };
        assert_eq!(Known::read(&state_dir).unwrap(), Some(expected));
    }
}
