//! The programs that installers wrote down, for everybody and for the people whose registries can be
//! read.

#[cfg(windows)]
use std::path::Path;

#[cfg(windows)]
use super::registry;
#[cfg(windows)]
use crate::agent::inventory::packages;
#[cfg(windows)]
use crate::wire::sections::Content;
use crate::wire::sections::Package;

/// What an installer wrote down of a program.
#[derive(Debug, Clone, Default)]
struct Entry {
    name: Option<String>,
    version: Option<String>,
    publisher: Option<String>,
    /// A part of Windows, that Windows itself does not list.
    is_of_the_system: bool,
    /// An update, or a part of another program.
    parent: Option<String>,
    release_type: Option<String>,
}

/// The program that people see; `None` for parts and updates of one.
fn program(entry: Entry) -> Option<Package> {
    let kind = entry.release_type.unwrap_or_default().to_lowercase();
    let is_part = entry.is_of_the_system || entry.parent.is_some() || kind.contains("update");
    let is_part = is_part || matches!(&*kind, "hotfix" | "servicepack");
    Some(Package {
        name: entry.name.filter(|_| !is_part)?,
        version: entry.version,
        publisher: entry.publisher,
        source: Some("registry".to_owned()),
    })
}

#[cfg(windows)]
pub(super) fn collect(_: &Path) -> anyhow::Result<Content> {
    const UNINSTALL: &str = r"Microsoft\Windows\CurrentVersion\Uninstall";
    let machine = ["SOFTWARE", r"SOFTWARE\WOW6432Node"];
    let machine = machine.map(|place| registry::machine(&format!(r"{place}\{UNINSTALL}")));
    let people = registry::keys(windows_registry::USERS)
        .filter_map(|(_, person)| person.open(format!(r"SOFTWARE\{UNINSTALL}")).ok());
    let mut found = Vec::new();
    for key in machine.into_iter().flatten().chain(people) {
        found.extend(registry::keys(&key).filter_map(|(_, key)| program(entry(&key))));
    }
    Ok(Content::Software(packages::section(found)))
}

#[cfg(windows)]
fn entry(key: &windows_registry::Key) -> Entry {
    let text = |name| registry::text(key, name);
    Entry {
        name: text("DisplayName"),
        version: text("DisplayVersion"),
        publisher: text("Publisher"),
        is_of_the_system: registry::number(key, "SystemComponent") == Some(1),
        parent: text("ParentKeyName"),
        release_type: text("ReleaseType"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_listed_and_their_parts_are_not() {
        let of = |name: &str| Entry { name: Some(name.into()), ..Entry::default() };
        let firefox = Entry {
            version: Some("115.9.0".into()),
            publisher: Some("Mozilla".into()),
            ..of("Mozilla Firefox (x64 pt-BR)")
        };
        let expected = Package {
            name: "Mozilla Firefox (x64 pt-BR)".into(),
            version: Some("115.9.0".into()),
            publisher: Some("Mozilla".into()),
            source: Some("registry".into()),
        };
        assert_eq!(program(firefox), Some(expected));
        for part in [
            Entry::default(),
            Entry { is_of_the_system: true, ..of("Microsoft Visual C++ Minimum Runtime") },
            Entry { parent: Some("Office16".into()), ..of("Security Update for Microsoft Office") },
            Entry { release_type: Some("Security Update".into()), ..of("KB5034441") },
            Entry { release_type: Some("Hotfix".into()), ..of("KB2565063") },
        ] {
            assert_eq!(program(part.clone()), None, "{part:?}");
        }
    }
}
