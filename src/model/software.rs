//! Programs that are looked for over the whole inventory.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use memchr::memmem;

use super::Machine;
use super::order::fold;

/// Programs that are told apart in one look; a rarer one than these needs a name.
pub const MOST_PROGRAMS: usize = 50_000;
/// Machines that are named for each program.
pub const MOST_NAMED: usize = 100;

/// Which programs are looked for: all of them by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SoftwareQuery {
    /// What stands in their names.
    name: Words,
    /// Which versions.
    version: Option<Version>,
}

/// What stands in a name, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Words {
    Is(String),
    Has(Vec<String>),
}

impl Default for Words {
    fn default() -> Self {
        Self::Has(Vec::new())
    }
}

/// Versions in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Version {
    Begins(String),
    Is(String),
    /// These orders to this one.
    Compares(&'static [Ordering], Vec<u8>),
}

impl SoftwareQuery {
    /// `name`: words that stand in the name, in any case, or `=NAME` for all of it; `version`: how it
    /// begins, `=VERSION` for all of it, or `<VERSION`, `<=`, `>`, `>=`. Empty text asks for nothing.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        let name = name.trim().to_lowercase();
        let name = match name.strip_prefix('=') {
            Some(whole) => Words::Is(whole.trim().to_owned()),
            None => Words::Has(name.split_whitespace().map(ToOwned::to_owned).collect()),
        };
        Self { name, version: Version::new(version.trim()) }
    }

    fn admits(&self, package: &Package) -> bool {
        let lower = package.name.to_lowercase();
        let is_named = match &self.name {
            Words::Is(name) => *name == lower,
            Words::Has(words) => words.iter().all(|word| lower.contains(word)),
        };
        is_named && self.version.as_ref().is_none_or(|wanted| wanted.admits(package.version))
    }

    /// Whether a program that is looked for may be in a section: a quick look before a thorough one.
    #[must_use]
    pub fn may_be_in(&self, content: &str) -> bool {
        let word = match &self.name {
            Words::Is(name) => Some(name),
            Words::Has(words) => words.iter().max_by_key(|word| word.len()),
        };
        // Other text is written in more than one way.
        let plain = |word: &&String| word.bytes().all(|b| b.is_ascii_alphanumeric());
        word.filter(plain).is_none_or(|word| {
            memmem::find(content.to_ascii_lowercase().as_bytes(), word.as_bytes()).is_some()
        })
    }
}

impl Version {
    fn new(text: &str) -> Option<Self> {
        use Ordering::{Equal, Greater, Less};
        const SIGNS: [(&str, &[Ordering]); 4] =
            [("<=", &[Less, Equal]), (">=", &[Greater, Equal]), ("<", &[Less]), (">", &[Greater])];
        let compared = SIGNS.iter().find_map(|(sign, orders)| {
            let than = text.strip_prefix(sign)?;
            Some(Self::Compares(orders, fold(than.trim())))
        });
        let lower = || text.to_lowercase();
        match (compared, text.strip_prefix('=')) {
            _ if text.is_empty() => None,
            (Some(compared), _) => Some(compared),
            (None, Some(whole)) => Some(Self::Is(whole.trim().to_lowercase())),
            (None, None) => Some(Self::Begins(lower())),
        }
    }

    fn admits(&self, version: &str) -> bool {
        match self {
            Self::Begins(text) => version.to_lowercase().starts_with(text),
            Self::Is(text) => version.to_lowercase() == *text,
            // What has no version is neither older nor newer.
            Self::Compares(orders, than) => {
                !version.is_empty() && orders.contains(&fold(version).cmp(than))
            }
        }
    }
}

/// A program as an agent sends it; what it does not say is empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Package<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Who made it.
    pub publisher: &'a str,
    /// What installed it.
    pub source: &'a str,
}

/// A program, and on how many machines it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its name, as agents write it.
    pub name: String,
    /// Its version; empty when it has none.
    pub version: String,
    /// What installed it; empty when that is not said.
    pub source: String,
    /// Who made it; empty when no agent says it.
    pub publisher: String,
    /// On how many machines.
    pub count: usize,
    /// The first [`MOST_NAMED`] of them, by their places among those that were looked at.
    pub machines: Vec<usize>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct FoundSoftware {
    /// The programs, on most machines first.
    pub programs: Vec<Program>,
    /// Whether there are more.
    pub is_cut: bool,
    /// The machines that were looked at: those that say what programs they have.
    pub machines: Vec<Arc<Machine>>,
}

/// What was found so far.
#[derive(Debug, Default)]
pub struct ProgramTally {
    /// By name, version and source, each with the last machine that was counted.
    programs: HashMap<(String, String, String), (Program, usize)>,
    /// Whether there were more than [`MOST_PROGRAMS`].
    is_cut: bool,
}

impl ProgramTally {
    /// Counts a program of the machine at this place, if it is looked for. Machines come in order.
    pub fn count(&mut self, query: &SoftwareQuery, machine: usize, package: &Package) {
        if !query.admits(package) {
            return;
        }
        let key = (package.name.into(), package.version.into(), package.source.into());
        if self.programs.len() >= MOST_PROGRAMS && !self.programs.contains_key(&key) {
            self.is_cut = true;
            return;
        }
        let (program, last) =
            self.programs.entry(key).or_insert_with_key(|(name, version, source)| {
                let (name, version, source) = (name.clone(), version.clone(), source.clone());
                let (publisher, machines) = (String::new(), Vec::new());
                (Program { name, version, source, publisher, count: 0, machines }, usize::MAX)
            });
        // A machine may have a program twice, such as for two architectures.
        if *last == machine {
            return;
        }
        *last = machine;
        program.count += 1;
        if program.machines.len() < MOST_NAMED {
            program.machines.push(machine);
        }
        if program.publisher.is_empty() {
            package.publisher.clone_into(&mut program.publisher);
        }
    }

    /// The programs, on most machines first, then by name and the newest version first; and whether
    /// there are more.
    #[must_use]
    pub fn programs(self) -> (Vec<Program>, bool) {
        let mut programs: Vec<_> =
            self.programs.into_values().map(|(program, _)| program).collect();
        programs.sort_by_cached_key(|program| {
            let version = std::cmp::Reverse(fold(&program.version));
            (std::cmp::Reverse(program.count), fold(&program.name), version, program.source.clone())
        });
        (programs, self.is_cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: [&[(&str, &str)]; 3] = [
        &[("Mozilla Firefox", "115.2"), ("Ação", "1")],
        &[("Mozilla Firefox", "115.10"), ("libfirefox", "")],
        &[("Mozilla Firefox", "115.10"), ("Mozilla Firefox", "115.10")],
    ];

    fn found(name: &str, version: &str) -> Vec<(String, usize)> {
        let (mut tally, query) = (ProgramTally::default(), SoftwareQuery::new(name, version));
        for (at, packages) in SOME.iter().enumerate() {
            for &(name, version) in *packages {
                tally.count(&query, at, &Package { name, version, ..Package::default() });
            }
        }
        let (programs, is_cut) = tally.programs();
        assert!(!is_cut);
        programs
            .into_iter()
            .map(|one| (format!("{} {}", one.name, one.version), one.count))
            .collect()
    }

    #[test]
    fn names_are_found_by_words_in_any_case_or_whole() {
        let one = |text: &str, count| (text.to_owned(), count);
        let all = [
            one("Mozilla Firefox 115.10", 2),
            one("Ação 1", 1),
            one("libfirefox ", 1),
            one("Mozilla Firefox 115.2", 1),
        ];
        let mut expected = all.to_vec();
        let mut everything = found("", "");
        everything.sort();
        expected.sort();
        assert_eq!(everything, expected);
        assert_eq!(found("FIREFOX moz", ""), [all[0].clone(), all[3].clone()]);
        assert_eq!(found("=mozilla firefox", ""), [all[0].clone(), all[3].clone()]);
        assert_eq!(found("AÇÃO", ""), [all[1].clone()]);
        assert!(found("chrome", "").is_empty());
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let versions = |version| -> Vec<_> {
            found("mozilla", version).into_iter().map(|(text, _)| text).collect()
        };
        let (old, new) = ("Mozilla Firefox 115.2", "Mozilla Firefox 115.10");
        assert_eq!(versions("<115.10"), [old]);
        assert_eq!(versions("<=115.10"), [new, old]);
        assert_eq!(versions(">115.2"), [new]);
        assert_eq!(versions(">= 115.2"), [new, old]);
        assert_eq!(versions("115.1"), [new]);
        assert_eq!(versions("=115.2"), [old]);
        assert!(found("libfirefox", "<9").is_empty(), "no version is older than none");
    }

    #[test]
    fn only_what_can_hold_the_name_is_looked_through() {
        let may = |name| SoftwareQuery::new(name, "").may_be_in("{\"name\":\"Mozilla Firefox\"}");
        assert!(["", "fire moz", "=mozilla firefox", "ação", "a.b"].into_iter().all(may));
        assert!(!may("chrome"));
    }

    #[test]
    fn more_programs_than_can_be_told_apart_are_said_to_be_more() {
        let (mut tally, query) = (ProgramTally::default(), SoftwareQuery::default());
        for number in 0..=MOST_PROGRAMS {
            let name = number.to_string();
            tally.count(&query, 0, &Package { name: &name, ..Package::default() });
        }
        let (programs, is_cut) = tally.programs();
        assert_eq!((programs.len(), is_cut), (MOST_PROGRAMS, true));
    }
}
