//! What a list of machines is asked for, and what it answers.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::order::fold;
use super::{Filter, Machine};

/// The column that orders a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Host name, in natural order.
    #[default]
    Hostname,
    /// Operating system, then host name.
    Os,
    /// Operating system version in natural order, then host name.
    OsVersion,
    /// First report.
    CreatedAt,
    /// Last report; machines with only one come last.
    UpdatedAt,
    /// When the computer went into use; unknown ones come last.
    ComputerActivation,
}

impl Sort {
    /// The column by the name it has in URLs, in any case; anything else is the host name, as the
    /// original's bookmarks expect.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name.trim().to_ascii_lowercase().as_str() {
            "os" => Self::Os,
            "os_version" => Self::OsVersion,
            "created_at" => Self::CreatedAt,
            "updated_at" => Self::UpdatedAt,
            "computer_activation" => Self::ComputerActivation,
            _ => Self::Hostname,
        }
    }
}

/// Which machines, in which order, and which part of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MachineQuery {
    /// Which machines.
    pub filter: Filter,
    /// The column that orders the list; equal values are ordered by host name, then id.
    pub sort: Sort,
    /// Largest first. Missing values come last either way.
    pub descending: bool,
    /// How many matching machines to skip.
    pub offset: usize,
    /// How many machines to answer at the most; `None` for all.
    pub limit: Option<usize>,
}

/// One page of a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MachinePage {
    /// The machines of this page, in order.
    pub machines: Vec<Arc<Machine>>,
    /// How many machines match the query in all.
    pub total: usize,
}

impl MachineQuery {
    /// The places of the page's machines among so many that match.
    #[must_use]
    pub fn range(&self, matching: usize) -> Range<usize> {
        let start = self.offset.min(matching);
        let end = self.limit.map_or(matching, |limit| start.saturating_add(limit).min(matching));
        start..end
    }
}

impl Sort {
    /// The places of machines in this order; they come in the order of their names, in which equal
    /// values stay.
    #[must_use]
    pub fn order(self, descending: bool, machines: &[&Arc<Machine>]) -> Vec<usize> {
        match self {
            Self::Hostname if descending => (0..machines.len()).rev().collect(),
            Self::Hostname => (0..machines.len()).collect(),
            Self::Os => by_text(descending, machines, |machine| &machine.os),
            Self::OsVersion => by_text(descending, machines, |machine| &machine.os_version),
            Self::CreatedAt => by_value(descending, machines, |machine| Some(machine.created_at)),
            Self::UpdatedAt => by_value(descending, machines, |machine| machine.updated_at),
            Self::ComputerActivation => {
                by_value(descending, machines, |machine| machine.human.computer_activation)
            }
        }
    }
}

fn by_value<K: Ord>(
    descending: bool,
    machines: &[&Arc<Machine>],
    value: impl Fn(&Machine) -> Option<K>,
) -> Vec<usize> {
    let mut order: Vec<_> = (0..machines.len()).collect();
    order.sort_by_cached_key(|&place| {
        let value = value(machines[place]);
        let is_missing = value.is_none();
        let (up, down) = if descending { (None, value) } else { (value, None) };
        (is_missing, up, down.map(Reverse))
    });
    order
}

/// Few different texts stand in many machines: the machines are gathered by their text, and only
/// the texts are ordered.
fn by_text<'a>(
    descending: bool,
    machines: &[&'a Arc<Machine>],
    text: impl Fn(&'a Machine) -> &'a str,
) -> Vec<usize> {
    let mut gathered: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, machine) in machines.iter().enumerate() {
        gathered.entry(text(machine)).or_default().push(place);
    }
    let missing = gathered.remove("").unwrap_or_default();
    let mut groups: Vec<_> =
        gathered.into_iter().map(|(text, group)| (fold(text), group)).collect();
    groups.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    // Texts that differ only in case are one group, in the order of names.
    groups.dedup_by(|next, group| {
        let is_same = next.0 == group.0;
        if is_same {
            group.1.append(&mut next.1);
            group.1.sort_unstable();
        }
        is_same
    });
    if descending {
        groups.reverse();
    }
    groups.into_iter().flat_map(|(_, group)| group).chain(missing).collect()
}
