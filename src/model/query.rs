//! What a list of machines is asked for, and what it answers.

use std::sync::Arc;

use super::Machine;

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
