//! What is done to one machine.

use crate::cli::{MachineAction, MachineEntry, Target};

/// What `tatuscan machine` does.
#[derive(Debug, Clone)]
pub enum MachineTask {
    /// Enter one by hand.
    Add(Box<MachineEntry>),
    /// List those that a search finds.
    List {
        /// The search; every machine when it is empty.
        search: String,
    },
    /// Show one.
    Show {
        /// Its id.
        machine_id: String,
    },
    /// Remove one.
    Delete {
        /// Its id.
        machine_id: String,
    },
}

impl MachineTask {
    pub(super) fn of(action: MachineAction) -> (Self, Target) {
        match action {
            MachineAction::Add(mut entry) => {
                let target = std::mem::take(&mut entry.target);
                (Self::Add(entry), target)
            }
            MachineAction::List { search, target } => {
                (Self::List { search: search.join(" ") }, target)
            }
            MachineAction::Show { machine_id, target } => (Self::Show { machine_id }, target),
            MachineAction::Delete { machine_id, target } => (Self::Delete { machine_id }, target),
        }
    }
}
