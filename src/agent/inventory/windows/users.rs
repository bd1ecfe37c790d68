//! Who uses the machine: who has a desktop now, and who logged in last.

#[cfg(windows)]
use std::path::Path;

#[cfg(windows)]
use serde::Deserialize;

#[cfg(windows)]
use super::registry;
#[cfg(windows)]
use crate::agent::wmi_rows;
use crate::wire::sections::LoggedIn;
#[cfg(windows)]
use crate::wire::sections::{Content, Users};

/// The name without the domain or computer before it, and without the domain after it.
fn name(text: &str) -> Option<String> {
    let name = text.rsplit('\\').next()?.split('@').next()?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// Whether a security identifier is a person's, of this machine, a domain or a cloud, and not a
/// service's.
fn is_person(sid: &str) -> bool {
    let is_kind = ["S-1-5-21-", "S-1-12-1-"].iter().any(|kind| sid.starts_with(kind));
    is_kind && !sid.ends_with("_Classes")
}

/// Everybody once, in order. Windows says since when to nobody but administrators.
fn logged_in(names: &[String]) -> Vec<LoggedIn> {
    let mut names: Vec<String> = names.iter().filter_map(|text| name(text)).collect();
    names.sort_by_key(|name| name.to_lowercase());
    names.dedup_by_key(|name| name.to_lowercase());
    names.into_iter().map(|name| LoggedIn { name, since: None }).collect()
}

#[cfg(windows)]
pub(super) fn collect(_: &Path) -> anyhow::Result<Content> {
    #[derive(Deserialize)]
    struct Console {
        #[serde(rename = "UserName")]
        user_name: Option<String>,
    }
    // A person's own registry, which is there from login to logout, names who has a desktop.
    let hives = registry::keys(windows_registry::USERS).filter(|(sid, _)| is_person(sid));
    let people = hives.filter_map(|(_, person)| {
        registry::text(&person.open("Volatile Environment").ok()?, "USERNAME")
    });
    let mut names: Vec<String> = people.collect();
    let query = "SELECT UserName FROM Win32_ComputerSystem";
    let console: Vec<Console> = wmi_rows::rows_if_any(wmi_rows::CIMV2, query);
    names.extend(console.into_iter().filter_map(|row| row.user_name));
    let last =
        registry::machine(r"SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\LogonUI");
    let last = last.and_then(|key| {
        registry::text(&key, "LastLoggedOnSAMUser")
            .or_else(|| registry::text(&key, "LastLoggedOnUser"))
    });
    let last = last.and_then(|text| name(&text));
    Ok(Content::Users(Users { logged_in: logged_in(&names), last }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_no_people() {
        for (sid, expected) in [
            ("S-1-5-21-397955417-626881126-188441444-1001", true),
            ("S-1-12-1-3541430928-1174522433-2390190517-1", true),
            ("S-1-5-21-397955417-626881126-188441444-1001_Classes", false),
            ("S-1-5-18", false),
            ("S-1-5-80-956008885-3418522649-1831038044", false),
            (".DEFAULT", false),
        ] {
            assert_eq!(is_person(sid), expected, "{sid}");
        }
    }

    #[test]
    fn people_are_named_as_on_other_systems() {
        for (text, expected) in [
            (r"ESCOLA\ana", Some("ana")),
            (r".\bea", Some("bea")),
            ("cai@escola.example.org", Some("cai")),
            ("dudu", Some("dudu")),
            (r"ESCOLA\", None),
        ] {
            assert_eq!(name(text).as_deref(), expected, "{text}");
        }
        let names = ["bea", r"LAB\ana", "Ana", ""].map(str::to_owned);
        let found: Vec<_> = logged_in(&names).into_iter().map(|one| one.name).collect();
        assert_eq!(found, ["ana", "bea"]);
    }
}
