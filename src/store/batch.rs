//! Requests that share one commit: what they change, and what each is answered.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::oneshot::Sender;

use super::codec::Change;
use super::memory::Memory;
use crate::model::{HumanEdit, Machine, MachineId, Report};
use crate::store::{Recorded, StoreError};

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

impl Answer {
    /// Sends the answer, or the reason why the batch was not written. A receiver that is gone has
    /// given up waiting.
    pub(super) fn send(self, committed: &Result<(), StoreError>) {
        fn say<T>(reply: Sender<Result<T, StoreError>>, answer: Result<T, StoreError>) {
            drop(reply.send(answer));
        }
        // A failed batch answers nothing but its failure: what it found may not be so.
        match (self, committed.clone()) {
            (Self::Recorded(recorded, reply), committed) => {
                say(reply, committed.map(|()| recorded))
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

/// The new state of one machine; `None` when it is removed.
pub(super) struct NewState {
    pub(super) key: u32,
    pub(super) id: MachineId,
    pub(super) machine: Option<Arc<Machine>>,
}

/// The effect of requests on the inventory, not yet written.
pub(super) struct Batch<'a> {
    memory: &'a Memory,
    next_key: &'a mut u32,
    latest: HashMap<MachineId, usize>,
    states: Vec<NewState>,
}

impl<'a> Batch<'a> {
    /// A batch on top of `memory`; new machines get their keys from `next_key` on.
    pub(super) fn new(memory: &'a Memory, next_key: &'a mut u32) -> Self {
        Self { memory, next_key, latest: HashMap::new(), states: Vec::new() }
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
                    self.set(key, id, Some(Arc::clone(&machine)));
                    machine
                });
                Some(Answer::Edited(edited, reply))
            }
            Request::Delete { id, reply } => {
                let found = self.current(&id);
                if let Some((key, _)) = &found {
                    self.set(*key, id, None);
                }
                Some(Answer::Deleted(found.is_some(), reply))
            }
            Request::Close => None,
        }
    }

    /// The new states, in an order in which they can be replayed.
    pub(super) fn into_states(self) -> Vec<NewState> {
        self.states
    }

    fn record(&mut self, report: Report) -> Recorded {
        let id = report.id.clone();
        let (key, machine, created) = match self.current(&id) {
            Some((key, machine)) => (key, machine.reported(report), false),
            None => {
                let key = *self.next_key;
                *self.next_key += 1;
                (key, Machine::first_seen(report), true)
            }
        };
        let machine = Arc::new(machine);
        self.set(key, id, Some(Arc::clone(&machine)));
        Recorded { machine, created }
    }

    fn current(&self, id: &MachineId) -> Option<(u32, Arc<Machine>)> {
        if let Some(&index) = self.latest.get(id) {
            let state = &self.states[index];
            return state.machine.clone().map(|machine| (state.key, machine));
        }
        self.memory.entry(id).map(|(key, machine)| (key, Arc::clone(machine)))
    }

    fn set(&mut self, key: u32, id: MachineId, machine: Option<Arc<Machine>>) {
        match self.latest.get(&id) {
            Some(&index) if self.states[index].key == key => self.states[index].machine = machine,
            _ => {
                self.latest.insert(id.clone(), self.states.len());
                self.states.push(NewState { key, id, machine });
            }
        }
    }
}

/// The states as the journal keeps them.
pub(super) fn changes(states: &[NewState]) -> Vec<Change<'_>> {
    states.iter().map(NewState::change).collect()
}

impl NewState {
    fn change(&self) -> Change<'_> {
        match &self.machine {
            Some(machine) => Change::Put(self.key, machine.as_ref().into()),
            None => Change::Removed(self.key, self.id.as_str()),
        }
    }
}
