//! Programs over all machines as the API shows them.

use std::borrow::Cow;

use poem_openapi::{Object, types::Example};
use serde::{Deserialize, Serialize};

use crate::model::{FoundSoftware, Package};

/// A machine that has a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct ProgramMachine {
    /// Its id.
    pub machine_id: String,
    /// Its name.
    pub hostname: String,
}

/// A version of a program, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct Program {
    /// The program's name.
    pub name: String,
    /// Its version; empty when none is said.
    pub version: String,
    /// Who made it; empty when nobody is named.
    pub publisher: String,
    /// What installed it: `dpkg`, `rpm`, `snap`, `flatpak`, `registry`.
    pub source: String,
    /// How many machines have it.
    pub count: usize,
    /// The first hundred of them, by name.
    pub machines: Vec<ProgramMachine>,
}

/// Programs over all machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
pub struct Programs {
    /// Versions of programs, those on most machines first.
    pub items: Vec<Program>,
    /// How many versions of programs there are in all.
    pub total: usize,
    /// How many machines were looked at: those, among the ones that meet the conditions, whose agents
    /// say what programs they have.
    pub machines: usize,
    /// Whether there are more than could be told apart: a name finds them.
    pub more: bool,
}

impl Programs {
    /// So many of the programs that were found, without the first ones.
    #[must_use]
    pub fn page(found: FoundSoftware, offset: usize, limit: usize) -> Self {
        let FoundSoftware { programs, is_cut, machines } = found;
        let total = programs.len();
        let named = |place: usize| {
            let machine = machines.get(place)?;
            let machine_id = machine.id.as_str().to_owned();
            Some(ProgramMachine { machine_id, hostname: machine.hostname.to_string() })
        };
        let items = programs.into_iter().skip(offset).take(limit).map(|program| Program {
            name: program.name,
            version: program.version,
            publisher: program.publisher,
            source: program.source,
            count: program.count,
            machines: program.machines.into_iter().filter_map(named).collect(),
        });
        Self { items: items.collect(), total, machines: machines.len(), more: is_cut }
    }
}

/// Calls `visit` with each program in the content of a section `software`; with none where it has
/// another shape.
pub fn read_packages(content: &str, visit: &mut dyn FnMut(&Package)) {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Sent<'a> {
        #[serde(borrow)]
        name: Cow<'a, str>,
        #[serde(borrow)]
        version: Option<Cow<'a, str>>,
        #[serde(borrow)]
        publisher: Option<Cow<'a, str>>,
        #[serde(borrow)]
        source: Option<Cow<'a, str>>,
    }
    #[derive(Deserialize)]
    struct Content<'a> {
        #[serde(borrow)]
        packages: Vec<Sent<'a>>,
    }
    let Ok(Content { packages }) = serde_json::from_str(content) else { return };
    for Sent { name, version, publisher, source } in &packages {
        visit(&Package {
            name,
            version: version.as_deref().unwrap_or_default(),
            publisher: publisher.as_deref().unwrap_or_default(),
            source: source.as_deref().unwrap_or_default(),
        });
    }
}

impl Example for Programs {
    fn example() -> Self {
        let machine =
            ProgramMachine { machine_id: "lab-01".into(), hostname: "lab-01-pc07".into() };
        let program = Program {
            name: "firefox-esr".into(),
            version: "115.15.0esr-1~deb12u1".into(),
            publisher: "Debian".into(),
            source: "dpkg".into(),
            count: 1,
            machines: vec![machine],
        };
        Self { items: vec![program], total: 1, machines: 2, more: false }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn content_of_another_shape_has_no_programs() {
        let count = |content: serde_json::Value| {
            let mut count = 0;
            read_packages(&content.to_string(), &mut |_| count += 1);
            count
        };
        for content in
            [json!([]), json!({}), json!({"packages": 7}), json!({"packages": [{"name": 7}]})]
        {
            assert_eq!(count(content.clone()), 0, "{content}");
        }
        let more = json!({"packages": [{"name": "a", "arch": 7}, {"version": null}], "omitted": 3});
        assert_eq!(count(more), 2);
    }
}
