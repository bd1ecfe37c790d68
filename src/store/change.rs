//! What a batch of requests does to what is kept.

use std::sync::Arc;

use super::Section;
use crate::model::access::{AuditEntry, Kind, Record};
use crate::model::{Machine, MachineId};

/// What a batch does to one machine.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// The machine's key: given once and never reused.
    pub(super) key: u32,
    pub(super) id: MachineId,
    /// As it was before the batch.
    pub(super) before: Option<Arc<Machine>>,
    /// As it is now; `None` when it is gone.
    pub(super) after: Option<Arc<Machine>>,
}

/// What a batch does to one record.
#[derive(Debug, Clone)]
pub(super) struct RecordChange {
    pub(super) kind: Kind,
    pub(super) id: String,
    /// As it is now; `None` when it is gone.
    pub(super) after: Option<Record>,
}

/// A section that a batch puts.
#[derive(Debug, Clone)]
pub(super) struct SectionChange {
    /// The machine's key.
    pub(super) key: u32,
    pub(super) section: Arc<Section>,
}

/// Everything that a batch does.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// In an order in which they can be replayed.
    pub(super) machines: Vec<Change>,
    pub(super) records: Vec<RecordChange>,
    /// Entries to be added, the oldest first.
    pub(super) audit: Vec<AuditEntry>,
    /// The last of a machine and a name counts. What is known of them is in the machines too.
    pub(super) sections: Vec<SectionChange>,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        let Self { machines, records, audit, sections } = self;
        machines.is_empty() && records.is_empty() && audit.is_empty() && sections.is_empty()
    }
}
