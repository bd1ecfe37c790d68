//! Requests that share one commit: what they change, and what each is answered.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::oneshot::Sender;

use super::memory::Memory;
use super::{Recorded, StoreError};
use crate::model::{HumanEdit, Machine, MachineId, Report};

/// Where an answer goes.
pub(super) type Reply<T> = Sender<Result<T, StoreError>>;

/// Something to write, and where the answer goes.
pub(super) enum Request {
    Record {
        reports: Vec<Report>,
        reply: Reply<Vec<Recorded>>,
    },
    Edit {
        id: MachineId,
        edit: HumanEdit,
        reply: Reply<Arc<Machine>>,
    },
    Delete {
        id: MachineId,
        reply: Reply<()>,
    },
    Import {
        machines: Vec<Machine>,
        reply: Reply<Vec<Arc<Machine>>>,
    },
    /// Write what came before, then stop.
    Close,
}

/// What a request is answered once its batch is durable.
pub(super) enum Answer {
    Recorded(Result<Vec<Recorded>, StoreError>),
    Edited(Result<Arc<Machine>, StoreError>),
    Deleted(Result<(), StoreError>),
    Imported(Result<Vec<Arc<Machine>>, StoreError>),
    Closed,
}

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

impl Request {
    /// Sends the answer, once its batch is durable.
    pub(super) fn answer(self, answer: Answer) {
        match (self, answer) {
            (Self::Record { reply, .. }, Answer::Recorded(recorded)) => say(reply, recorded),
            (Self::Edit { reply, .. }, Answer::Edited(edited)) => say(reply, edited),
            (Self::Delete { reply, .. }, Answer::Deleted(deleted)) => say(reply, deleted),
            (Self::Import { reply, .. }, Answer::Imported(imported)) => say(reply, imported),
            (request, _) => {
                request.refuse(StoreError::Backend("a request was not answered".into()));
            }
        }
    }

    /// Says why the request was not served.
    pub(super) fn refuse(self, error: StoreError) {
        match self {
            Self::Record { reply, .. } => say(reply, Err(error)),
            Self::Edit { reply, .. } => say(reply, Err(error)),
            Self::Delete { reply, .. } => say(reply, Err(error)),
            Self::Import { reply, .. } => say(reply, Err(error)),
            Self::Close => {}
        }
    }
}

/// A receiver that is gone has given up waiting.
fn say<T>(reply: Reply<T>, answer: Result<T, StoreError>) {
    drop(reply.send(answer));
}

/// The effect of requests on the inventory, not yet written.
pub(super) struct Batch<'a> {
    memory: &'a Memory,
    next_key: u32,
    latest: HashMap<MachineId, usize>,
    changes: Vec<Change>,
}

impl<'a> Batch<'a> {
    /// A batch on top of `memory`.
    pub(super) fn new(memory: &'a Memory) -> Self {
        let next_key = memory.next_key();
        Self { memory, next_key, latest: HashMap::new(), changes: Vec::new() }
    }

    /// Applies one request and says what it is answered once the batch is written.
    pub(super) fn apply(&mut self, request: &Request) -> Answer {
        match request {
            Request::Record { reports, .. } => Answer::Recorded(self.record_all(reports)),
            Request::Edit { id, edit, .. } => Answer::Edited(self.edit(id, edit)),
            Request::Delete { id, .. } => Answer::Deleted(self.delete(id)),
            Request::Import { machines, .. } => Answer::Imported(self.import(machines)),
            Request::Close => Answer::Closed,
        }
    }

    /// What has changed, in an order in which it can be replayed.
    pub(super) fn into_changes(self) -> Vec<Change> {
        self.changes
    }

    /// All of the reports, or none.
    fn record_all(&mut self, reports: &[Report]) -> Result<Vec<Recorded>, StoreError> {
        self.check_case(reports, |report| &report.id)?;
        Ok(reports.iter().map(|report| self.record(report.clone())).collect())
    }

    fn record(&mut self, mut report: Report) -> Recorded {
        self.memory.precision().round_report(&mut report);
        let id = report.id.clone();
        let (key, machine, created) = match self.current(&id) {
            Some((key, machine)) => (key, machine.reported(report), false),
            None => (self.new_key(), Machine::first_seen(report), true),
        };
        let machine = Arc::new(machine);
        self.set(key, &id, Some(Arc::clone(&machine)));
        Recorded { machine, created }
    }

    fn edit(&mut self, id: &MachineId, edit: &HumanEdit) -> Result<Arc<Machine>, StoreError> {
        let (key, machine) = self.current(id).ok_or(StoreError::NotFound)?;
        let mut edit = edit.clone();
        self.memory.precision().round_edit(&mut edit);
        let machine = Arc::new(machine.edited(&edit));
        self.set(key, id, Some(Arc::clone(&machine)));
        Ok(machine)
    }

    fn delete(&mut self, id: &MachineId) -> Result<(), StoreError> {
        let (key, _) = self.current(id).ok_or(StoreError::NotFound)?;
        self.set(key, id, None);
        Ok(())
    }

    /// All of the machines, or none.
    fn import(&mut self, machines: &[Machine]) -> Result<Vec<Arc<Machine>>, StoreError> {
        self.check_case(machines, |machine| &machine.id)?;
        let imported = machines.iter().map(|machine| {
            let key = self.current(&machine.id).map_or_else(|| self.new_key(), |(key, _)| key);
            let mut machine = machine.clone();
            self.memory.precision().round_machine(&mut machine);
            let machine = Arc::new(machine);
            self.set(key, &machine.id, Some(Arc::clone(&machine)));
            machine
        });
        Ok(imported.collect())
    }

    /// Refuses new ids that the database would take for others.
    fn check_case<T>(&self, items: &[T], id: fn(&T) -> &MachineId) -> Result<(), StoreError> {
        if !self.memory.is_case_blind() {
            return Ok(());
        }
        let folded = |id: &MachineId| id.as_str().to_lowercase();
        let new = self.changes.iter().filter(|change| change.after.is_some());
        let mut seen: HashMap<_, _> = new.map(|change| (folded(&change.id), &change.id)).collect();
        for id in items.iter().map(id) {
            let stored = self.memory.same_but_for_case(id);
            let other = stored.or(seen.get(&folded(id)).copied().filter(|other| *other != id));
            if let Some(other) = other.filter(|_| self.current(id).is_none()) {
                return Err(StoreError::Conflict(format!(
                    "machine_id {id} differs only by case from {other}, and this database cannot \
                     tell them apart"
                )));
            }
            seen.insert(folded(id), id);
        }
        Ok(())
    }

    fn new_key(&mut self) -> u32 {
        self.next_key += 1;
        self.next_key - 1
    }

    fn current(&self, id: &MachineId) -> Option<(u32, Arc<Machine>)> {
        if let Some(&index) = self.latest.get(id) {
            let change = &self.changes[index];
            return change.after.clone().map(|machine| (change.key, machine));
        }
        self.memory.entry(id).map(|(key, machine)| (key, Arc::clone(machine)))
    }

    /// Only the last state of a key counts.
    fn set(&mut self, key: u32, id: &MachineId, after: Option<Arc<Machine>>) {
        match self.latest.get(id) {
            Some(&index) if self.changes[index].key == key => self.changes[index].after = after,
            _ => {
                let before = self.memory.entry(id).filter(|(known, _)| *known == key);
                let before = before.map(|(_, machine)| Arc::clone(machine));
                self.latest.insert(id.clone(), self.changes.len());
                self.changes.push(Change { key, id: id.clone(), before, after });
            }
        }
    }
}
