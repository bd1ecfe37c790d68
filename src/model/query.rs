//! What a list of machines is asked for, and what it answers.

use std::cmp::Reverse;
use std::sync::Arc;

use super::Machine;
use super::order::fold;

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
        match name.to_ascii_lowercase().as_str() {
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MachineQuery {
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
    /// Answers the query from every machine of the inventory, given in the order of their names
    /// (see [`super::NameKey`]).
    #[must_use]
    pub fn page(&self, by_name: impl DoubleEndedIterator<Item = Arc<Machine>>) -> MachinePage {
        let mut machines: Vec<_> = match (self.sort, self.descending) {
            (Sort::Hostname, true) => by_name.rev().collect(),
            _ => by_name.collect(),
        };
        // Every sort below is stable: equal values stay in the order of their names.
        match self.sort {
            Sort::Hostname => {}
            Sort::Os => self.sort_by(&mut machines, |machine| text(&machine.os)),
            Sort::OsVersion => self.sort_by(&mut machines, |machine| text(&machine.os_version)),
            Sort::CreatedAt => self.sort_by(&mut machines, |machine| Some(machine.created_at)),
            Sort::UpdatedAt => self.sort_by(&mut machines, |machine| machine.updated_at),
            Sort::ComputerActivation => {
                self.sort_by(&mut machines, |machine| machine.human.computer_activation);
            }
        }
        let total = machines.len();
        let end = self
            .limit
            .map_or(total, |limit| self.offset.saturating_add(limit))
            .min(total);
        machines.truncate(end);
        machines.drain(..self.offset.min(end));
        MachinePage { machines, total }
    }

    fn sort_by<K: Ord>(
        &self,
        machines: &mut [Arc<Machine>],
        value: impl Fn(&Machine) -> Option<K>,
    ) {
        if self.descending {
            machines.sort_by_cached_key(|machine| {
                let value = value(machine);
                (value.is_none(), value.map(Reverse))
            });
        } else {
            machines.sort_by_cached_key(|machine| {
                let value = value(machine);
                (value.is_none(), value)
            });
        }
    }
}

/// The sort value of free text; empty text is missing.
fn text(text: &str) -> Option<Vec<u8>> {
    (!text.is_empty()).then(|| fold(text))
}
