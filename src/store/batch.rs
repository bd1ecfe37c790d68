//! Requests that share one commit: what they change, and what each is answered.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::oneshot::Sender;

use super::memory::Memory;
use super::{Recorded, StoreError};
use crate::model::{HumanEdit, Machine, MachineId, Report};

/// Something to write, and where the answer goes.
pub(super) enum Request {
    Record {
        reports: Vec<Report>,
        reply: Sender<Result<Vec<Recorded>, StoreError>>,
    },
    Edit {
        id: MachineId,
        edit: HumanEdit,
        reply: Sender<Result<Arc<Machine>, StoreError>>,
    },
    Delete {
        id: MachineId,
        reply: Sender<Result<(), StoreError>>,
    },
    /// Write what came before, then stop.
    Close,
}

/// An answer that waits for the commit.
pub(super) enum Answer {
    Recorded(Vec<Recorded>, Sender<Result<Vec<Recorded>, StoreError>>),
    Edited(Option<Arc<Machine>>, Sender<Result<Arc<Machine>, StoreError>>),
    Deleted(bool, Sender<Result<(), StoreError>>),
}

/// What a batch does to one machine. Keys are given once and never reused.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// The machine with this key is now so.
    Put(u32, Arc<Machine>),
    /// The machine with this key and id is gone.
    Removed(u32, MachineId),
}

impl Request {
    /// Says why the request was not served.
    pub(super) fn refuse(self, error: StoreError) {
        match self {
            Self::Record { reply, .. } => say(reply, Err(error)),
            Self::Edit { reply, .. } => say(reply, Err(error)),
            Self::Delete { reply, .. } => say(reply, Err(error)),
            Self::Close => {}
        }
    }
}

impl Answer {
    /// Sends the answer, or the reason why the batch was not written.
    pub(super) fn send(self, committed: &Result<(), StoreError>) {
        // A failed batch answers nothing but its failure: what it found may not be so.
        match (self, committed.clone()) {
            (Self::Recorded(recorded, reply), committed) => {
                say(reply, committed.map(|()| recorded));
            }
            (Self::Edited(edited, reply), committed) => {
                say(reply, committed.and_then(|()| edited.ok_or(StoreError::NotFound)));
            }
            (Self::Deleted(found, reply), committed) => {
                let found = if found { Ok(()) } else { Err(StoreError::NotFound) };
                say(reply, committed.and(found));
            }
        }
    }
}

/// A receiver that is gone has given up waiting.
fn say<T>(reply: Sender<Result<T, StoreError>>, answer: Result<T, StoreError>) {
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
    pub(super) fn apply(&mut self, request: Request) -> Option<Answer> {
        match request {
            Request::Record { reports, reply } => {
                let recorded = reports.into_iter().map(|report| self.record(report)).collect();
                Some(Answer::Recorded(recorded, reply))
            }
            Request::Edit { id, edit, reply } => {
                let edited = self.current(&id).map(|(key, machine)| {
                    let machine = Arc::new(machine.edited(&edit));
                    self.put(key, Arc::clone(&machine));
                    machine
                });
                Some(Answer::Edited(edited, reply))
            }
            Request::Delete { id, reply } => {
                let found = self.current(&id);
                if let Some((key, _)) = &found {
                    self.set(&id, Change::Removed(*key, id.clone()));
                }
                Some(Answer::Deleted(found.is_some(), reply))
            }
            Request::Close => None,
        }
    }

    /// What has changed, in an order in which it can be replayed.
    pub(super) fn into_changes(self) -> Vec<Change> {
        self.changes
    }

    fn record(&mut self, report: Report) -> Recorded {
        let (key, machine, created) = match self.current(&report.id) {
            Some((key, machine)) => (key, machine.reported(report), false),
            None => {
                let key = self.next_key;
                self.next_key += 1;
                (key, Machine::first_seen(report), true)
            }
        };
        let machine = Arc::new(machine);
        self.put(key, Arc::clone(&machine));
        Recorded { machine, created }
    }

    fn current(&self, id: &MachineId) -> Option<(u32, Arc<Machine>)> {
        match self.latest.get(id).map(|&index| &self.changes[index]) {
            Some(Change::Put(key, machine)) => Some((*key, Arc::clone(machine))),
            Some(Change::Removed(..)) => None,
            None => self.memory.entry(id).map(|(key, machine)| (key, Arc::clone(machine))),
        }
    }

    fn put(&mut self, key: u32, machine: Arc<Machine>) {
        let id = machine.id.clone();
        self.set(&id, Change::Put(key, machine));
    }

    /// Only the last state of a key counts.
    fn set(&mut self, id: &MachineId, change: Change) {
        match self.latest.get(id) {
            Some(&index) if self.changes[index].key() == change.key() => {
                self.changes[index] = change;
            }
            _ => {
                self.latest.insert(id.clone(), self.changes.len());
                self.changes.push(change);
            }
        }
    }
}

impl Change {
    pub(super) fn key(&self) -> u32 {
        match self {
            Self::Put(key, _) | Self::Removed(key, _) => *key,
        }
    }
}
