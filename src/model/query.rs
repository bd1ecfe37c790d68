//! What a list of machines is asked for, and what it answers.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use super::order::fold;
use super::{Filter, Machine};

/// The column that orders a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
    /// Answers the query from the machines that match its filter, given in the order of their
    /// names (see [`super::NameKey`]).
    #[must_use]
    pub fn page(&self, mut machines: Vec<Arc<Machine>>) -> MachinePage {
        // Every sort is stable: equal values stay in the order of their names.
        match self.sort {
            Sort::Hostname if self.descending => machines.reverse(),
            Sort::Hostname => {}
            Sort::Os => self.sort_by_text(&mut machines, |machine| &machine.os),
            Sort::OsVersion => self.sort_by_text(&mut machines, |machine| &machine.os_version),
            Sort::CreatedAt => self.sort_by(&mut machines, |machine| Some(machine.created_at)),
            Sort::UpdatedAt => self.sort_by(&mut machines, |machine| machine.updated_at),
            Sort::ComputerActivation => {
                self.sort_by(&mut machines, |machine| machine.human.computer_activation);
            }
        }
        let total = machines.len();
        let end = self.limit.map_or(total, |limit| self.offset.saturating_add(limit)).min(total);
        machines.truncate(end);
        machines.drain(..self.offset.min(end));
        MachinePage { machines, total }
    }

    fn sort_by<K: Ord + Copy>(
        &self,
        machines: &mut [Arc<Machine>],
        value: impl Fn(&Machine) -> Option<K>,
    ) {
        machines.sort_by_cached_key(|machine| {
            let value = value(machine);
            let (up, down) = if self.descending { (None, value) } else { (value, None) };
            (value.is_none(), up, down.map(Reverse))
        });
    }

    /// Few different texts stand in many machines, so only those are ordered; a machine is then
    /// sorted by its text's place.
    fn sort_by_text(&self, machines: &mut [Arc<Machine>], text: impl Fn(&Machine) -> &str) {
        let mut places: HashMap<&str, usize> =
            machines.iter().map(|machine| (text(machine), 0)).collect();
        let mut texts: Vec<_> = places.keys().map(|text| (fold(text), *text)).collect();
        texts.sort_unstable();
        let (mut place, mut last) = (0, None);
        for (folded, text) in &texts {
            place += usize::from(last.replace(folded) != Some(folded));
            places.insert(text, place);
        }
        let keys: Vec<_> = machines
            .iter()
            .map(|machine| {
                let text = text(machine);
                (!text.is_empty()).then_some(places[text])
            })
            .collect();
        drop(places);
        let mut order: Vec<_> = (0..machines.len()).collect();
        order.sort_by_key(|&index| {
            let value = keys[index];
            let (up, down) = if self.descending { (None, value) } else { (value, None) };
            (value.is_none(), up, down.map(Reverse))
        });
        let sorted: Vec<_> = order.into_iter().map(|index| Arc::clone(&machines[index])).collect();
        machines.clone_from_slice(&sorted);
    }
}
