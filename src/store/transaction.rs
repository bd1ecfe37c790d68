//! Requests that share one commit: what each does, and what they change together.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::oneshot::Sender;

use super::change::{Change, Changes, RecordChange, SectionChange};
use super::memory::Memory;
use super::{Recorded, Section, StoreError};
use crate::model::access::{AuditEntry, Kept, Kind, Record};
use crate::model::{Filter, HardwareFields, HumanEdit, Machine, MachineId, MachineQuery, Report};

/// What a request does: called again, from the start, when its batch has to be begun again.
pub type Work = Box<dyn FnMut(&mut Transaction<'_>) -> Result<(), StoreError> + Send>;

/// How soon work is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A moment may pass, so that more work of this kind shares its commit.
    Shared,
    /// At once: somebody waits.
    AtOnce,
    /// At once, and it may take seconds: it is much that somebody waits for.
    Large,
}

/// Where an answer goes.
pub(super) type Reply = Sender<Result<(), StoreError>>;

/// Something to write.
pub(super) enum Request {
    /// Do this, and say what came of it when it is durable.
    Run { work: Work, pace: Pace, reply: Reply },
    /// Write what came before, then stop.
    Close,
}

impl Request {
    /// Whether somebody still waits for the answer.
    pub(super) fn is_awaited(&self) -> bool {
        matches!(self, Self::Run { reply, .. } if !reply.is_closed())
    }

    /// Answers, once its batch is durable or has failed. A receiver that is gone has given up
    /// waiting.
    pub(super) fn answer(self, answer: Result<(), StoreError>) {
        if let Self::Run { reply, .. } = self {
            drop(reply.send(answer));
        }
    }
}

/// The inventory as one request finds it, and changes it: all of its changes are made durable as
/// one, or none. Requests that share a batch see each other's changes.
///
/// What a request changed before it failed is taken back.
pub struct Transaction<'a> {
    memory: &'a Memory,
    next_key: u32,
    latest: HashMap<MachineId, usize>,
    latest_records: HashMap<(Kind, String), usize>,
    changes: Changes,
    /// Machines that the batch added, less those that it removed.
    added: isize,
    /// How to take back what the current request did, the last of it first.
    undo: Vec<Undo>,
}

/// How to take back one step.
enum Undo {
    /// A machine's change was added; before, this one was its last.
    MachineAdded { latest: Option<usize> },
    /// A machine's change led to this.
    MachineChanged { index: usize, after: Option<Arc<Machine>> },
    /// A record's change was added.
    RecordAdded,
    /// A record's change led to this.
    RecordChanged { index: usize, after: Option<Record> },
    /// An entry of the audit log was added.
    Audited,
    /// A section was put.
    SectionPut,
}

impl<'a> Transaction<'a> {
    /// Changes on top of `memory`.
    pub(super) fn new(memory: &'a Memory) -> Self {
        Self {
            memory,
            next_key: memory.next_key(),
            latest: HashMap::new(),
            latest_records: HashMap::new(),
            changes: Changes::default(),
            added: 0,
            undo: Vec::new(),
        }
    }

    /// Does what one request asks.
    pub(super) fn apply(&mut self, request: &mut Request) -> Result<(), StoreError> {
        match request {
            Request::Run { work, .. } => {
                self.undo.clear();
                let added = self.added;
                // A request that breaks must not take those with it that share its commit.
                let done = catch_unwind(AssertUnwindSafe(|| work(self))).unwrap_or_else(|_| {
                    Err(StoreError::Backend("a request broke; see the log above".into()))
                });
                if done.is_err() {
                    self.take_back();
                    self.added = added;
                }
                done
            }
            Request::Close => Ok(()),
        }
    }

    /// Leaves everything as the current request found it.
    fn take_back(&mut self) {
        while let Some(step) = self.undo.pop() {
            let Changes { machines, records, audit, sections } = &mut self.changes;
            match step {
                Undo::MachineAdded { latest } => {
                    let Some(Change { id, .. }) = machines.pop() else { continue };
                    match latest {
                        Some(index) => self.latest.insert(id, index),
                        None => self.latest.remove(&id),
                    };
                }
                Undo::MachineChanged { index, after } => machines[index].after = after,
                Undo::RecordAdded => {
                    if let Some(RecordChange { kind, id, .. }) = records.pop() {
                        self.latest_records.remove(&(kind, id));
                    }
                }
                Undo::RecordChanged { index, after } => records[index].after = after,
                Undo::Audited => drop(audit.pop()),
                Undo::SectionPut => drop(sections.pop()),
            }
        }
    }

    pub(super) fn into_changes(self) -> Changes {
        self.changes
    }

    /// One machine.
    #[must_use]
    pub fn machine(&self, id: &MachineId) -> Option<Arc<Machine>> {
        self.current(id).map(|(_, machine)| machine)
    }

    /// The machines that meet a filter, each once, in no order.
    #[must_use]
    pub fn matching(&self, filter: &Filter) -> Vec<Arc<Machine>> {
        let query = MachineQuery { filter: filter.clone(), ..MachineQuery::default() };
        let mut machines = self.memory.page(&query).machines;
        // What the batch has changed is judged as it is now, by the same rules.
        machines.retain(|machine| !self.latest.contains_key(&machine.id));
        let mut changed = Memory::default();
        for &index in self.latest.values() {
            let Change { key, after, .. } = &self.changes.machines[index];
            after.iter().for_each(|machine| changed.load(*key, machine));
        }
        machines.extend(changed.page(&query).machines);
        machines
    }

    /// How many machines there are.
    #[must_use]
    pub fn machine_count(&self) -> usize {
        self.memory.len().saturating_add_signed(self.added)
    }

    /// Records reports in the order given; all of them or none.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for an id that the store cannot tell from another one.
    pub fn record_reports(&mut self, reports: &[Report]) -> Result<Vec<Recorded>, StoreError> {
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

    /// Changes what people know about a machine.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown id.
    pub fn edit_machine(
        &mut self,
        id: &MachineId,
        edit: &HumanEdit,
    ) -> Result<Arc<Machine>, StoreError> {
        let (key, machine) = self.current(id).ok_or(StoreError::NotFound)?;
        let machine = Arc::new(self.edited(&machine, edit));
        self.set(key, id, Some(Arc::clone(&machine)));
        Ok(machine)
    }

    /// The machine as [`Transaction::edit_machine`] would keep it.
    #[must_use]
    pub fn edited(&self, machine: &Machine, edit: &HumanEdit) -> Machine {
        let mut edit = edit.clone();
        self.memory.precision().round_edit(&mut edit);
        machine.edited(&edit)
    }

    /// Keeps a section of a machine in place of the one with the same name, together with what else
    /// that changes of what is known of the machine.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown id.
    pub fn put_section(
        &mut self,
        id: &MachineId,
        section: &Arc<Section>,
        change: impl FnOnce(&mut HardwareFields),
    ) -> Result<Arc<Machine>, StoreError> {
        let (key, machine) = self.current(id).ok_or(StoreError::NotFound)?;
        let hardware = machine.hardware.with(|hardware| {
            change(hardware);
            hardware.receive(*section.received());
        });
        let machine = Arc::new(Machine { hardware, ..(*machine).clone() });
        self.set(key, id, Some(Arc::clone(&machine)));
        self.undo.push(Undo::SectionPut);
        self.changes.sections.push(SectionChange { key, section: Arc::clone(section) });
        Ok(machine)
    }

    /// Removes a machine and its sections, and answers it as it was.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown id.
    pub fn delete_machine(&mut self, id: &MachineId) -> Result<Arc<Machine>, StoreError> {
        let (key, machine) = self.current(id).ok_or(StoreError::NotFound)?;
        self.set(key, id, None);
        Ok(machine)
    }

    /// Puts machines as they are, in place of those with the same ids, and answers them as they are
    /// kept; all of them or none. Their sections are those that are kept, whatever they say.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for an id that the store cannot tell from another one.
    pub fn import_machines(
        &mut self,
        machines: &[Machine],
    ) -> Result<Vec<Arc<Machine>>, StoreError> {
        self.check_case(machines, |machine| &machine.id)?;
        let imported = machines.iter().map(|machine| {
            let held = self.current(&machine.id);
            let sections = held.as_ref().map_or(&[][..], |(_, held)| &held.hardware.sections);
            let hardware = machine.hardware.with_sections(sections);
            let key = held.as_ref().map_or_else(|| self.new_key(), |(key, _)| *key);
            let mut machine = Machine { hardware, ..machine.clone() };
            self.memory.precision().round_machine(&mut machine);
            let machine = Arc::new(machine);
            self.set(key, &machine.id, Some(Arc::clone(&machine)));
            machine
        });
        Ok(imported.collect())
    }

    /// A record.
    #[must_use]
    pub fn record_of<T: Kept>(&self, id: &str) -> Option<Arc<T>> {
        match self.latest_records.get(&(T::KIND, id.to_owned())) {
            Some(&index) => self.changes.records[index].after.as_ref().and_then(T::of).cloned(),
            None => self.memory.record(T::KIND, id).as_ref().and_then(T::of).cloned(),
        }
    }

    /// Every record of a kind.
    #[must_use]
    pub fn records_of<T: Kept>(&self) -> Vec<Arc<T>> {
        let changed = self.latest_records.iter().filter(|((kind, _), _)| *kind == T::KIND);
        let changed: Vec<_> = changed.map(|(_, &index)| &self.changes.records[index]).collect();
        let stored = self.memory.records(T::KIND).into_iter();
        let unchanged = stored
            .filter(|record| !self.latest_records.contains_key(&(T::KIND, record.id())))
            .collect::<Vec<_>>();
        let records = changed.iter().filter_map(|change| change.after.as_ref()).chain(&unchanged);
        records.filter_map(T::of).cloned().collect()
    }

    /// How many records there are of a kind, those not counted that the batch adds or removes.
    #[must_use]
    pub fn record_count<T: Kept>(&self) -> usize {
        self.memory.record_count(T::KIND)
    }

    /// Keeps a record, in place of that with the same id.
    pub fn put_record<T: Kept>(&mut self, record: T) {
        let id = record.id();
        self.set_record(T::KIND, id, Some(record.into_record()));
    }

    /// Keeps records of any kind, in place of those with the same ids.
    pub fn put_records(&mut self, records: &[Record]) {
        for record in records {
            self.set_record(record.kind(), record.id(), Some(record.clone()));
        }
    }

    /// Lets records of any kind go.
    pub fn remove_records(&mut self, records: &[Record]) {
        for record in records {
            self.set_record(record.kind(), record.id(), None);
        }
    }

    /// Lets a record go.
    pub fn remove_record<T: Kept>(&mut self, id: &str) {
        self.set_record(T::KIND, id.to_owned(), None);
    }

    /// Adds to the audit log.
    pub fn audit(&mut self, entry: AuditEntry) {
        self.undo.push(Undo::Audited);
        self.changes.audit.push(entry);
    }

    /// Refuses new ids that the database would take for others.
    fn check_case<T>(&self, items: &[T], id: fn(&T) -> &MachineId) -> Result<(), StoreError> {
        if !self.memory.is_case_blind() {
            return Ok(());
        }
        let folded = |id: &MachineId| id.as_str().to_lowercase();
        let new = self.changes.machines.iter().filter(|change| change.after.is_some());
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
            let change = &self.changes.machines[index];
            return change.after.clone().map(|machine| (change.key, machine));
        }
        self.memory.entry(id).map(|(key, machine)| (key, Arc::clone(machine)))
    }

    fn set_record(&mut self, kind: Kind, id: String, after: Option<Record>) {
        match self.latest_records.get(&(kind, id.clone())) {
            Some(&index) => {
                let before = std::mem::replace(&mut self.changes.records[index].after, after);
                self.undo.push(Undo::RecordChanged { index, after: before });
            }
            None => {
                self.undo.push(Undo::RecordAdded);
                self.latest_records.insert((kind, id.clone()), self.changes.records.len());
                self.changes.records.push(RecordChange { kind, id, after });
            }
        }
    }

    /// Only the last state of a key counts.
    fn set(&mut self, key: u32, id: &MachineId, after: Option<Arc<Machine>>) {
        let is_there = isize::from(after.is_some());
        match self.latest.get(id) {
            Some(&index) if self.changes.machines[index].key == key => {
                let before = std::mem::replace(&mut self.changes.machines[index].after, after);
                self.added += is_there - isize::from(before.is_some());
                self.undo.push(Undo::MachineChanged { index, after: before });
            }
            _ => {
                // Another key of the same id was let go of before this one was given.
                let before = self.memory.entry(id).filter(|(known, _)| *known == key);
                let before = before.map(|(_, machine)| Arc::clone(machine));
                let latest = self.latest.insert(id.clone(), self.changes.machines.len());
                self.added += is_there - isize::from(before.is_some());
                self.undo.push(Undo::MachineAdded { latest });
                self.changes.machines.push(Change { key, id: id.clone(), before, after });
            }
        }
    }
}
