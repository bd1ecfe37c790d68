//! Every machine, in memory, for the reads.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::change::{Change, Changes, SectionChange};
use super::facts::{Facts, Sieve, Vocabulary};
use super::precision::Precision;
use super::{Section, Snapshot};
use crate::model::access::{AuditEntry, Kind, Record};
use crate::model::search::search_text;
use crate::model::{
    Filter, Hardware, HumanFields, Machine, MachineId, MachinePage, MachineQuery, NameKey,
    SectionName, Sort,
};

/// The machines by id and in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Memory {
    slots: Vec<Option<Slot>>,
    /// The facts of the machine in the slot of the same number.
    facts: Vec<Facts>,
    vocabulary: Vocabulary,
    free: Vec<u32>,
    by_id: HashMap<MachineId, u32>,
    by_name: BTreeMap<NameKey, u32>,
    /// The ids without regard to case, where the back end has none.
    by_folded_id: Option<HashMap<String, MachineId>>,
    /// The last batch that is in here.
    version: u64,
    /// Whether what was stored before is in here.
    is_loaded: bool,
    precision: Precision,
    /// No machine has a key from here on, and none ever had.
    next_key: u32,
    /// Counts changes of anything that an order in `orders` depends on.
    changes: u64,
    orders: Mutex<HashMap<(Sort, bool), Order>>,
    records: BTreeMap<(Kind, String), Record>,
    record_counts: HashMap<Kind, usize>,
    /// What is not in the back end's tables yet, where it comes there later.
    unfolded: Option<Unfolded>,
}

/// What of the batches since the last fold is not part of the machines and records.
#[derive(Debug, Default)]
struct Unfolded {
    /// Entries of the audit log, by number.
    audit: BTreeMap<u64, Arc<AuditEntry>>,
    /// Sections by their machine's key and their name, each with its batch.
    sections: BTreeMap<(u32, SectionName), (u64, Arc<Section>)>,
}

/// Entries of the audit log that one batch may have.
const AUDIT_PLACES: u64 = 1 << 20;

/// The numbers of a batch's entries in the audit log.
pub(super) fn audit_numbers(version: u64) -> std::ops::Range<u64> {
    version.saturating_mul(AUDIT_PLACES)..(version + 1).saturating_mul(AUDIT_PLACES)
}

/// The slots in an order, as it was after so many changes.
#[derive(Debug, Clone)]
struct Order {
    changes: u64,
    slots: Arc<[u32]>,
}

#[derive(Debug)]
struct Slot {
    key: u32,
    machine: Arc<Machine>,
    /// The machine's search text, made once for each change of what is in it.
    text: Box<str>,
}

impl Memory {
    /// The memory of a store that gave the keys below `next_key`.
    pub(super) fn with_next_key(next_key: u32) -> Self {
        Self { next_key, unfolded: Some(Unfolded::default()), ..Self::default() }
    }

    /// The memory of a store that keeps what it is given with this precision, and whose ids may
    /// have no case.
    pub(super) fn with_precision(precision: Precision, is_case_blind: bool) -> Self {
        Self { precision, by_folded_id: is_case_blind.then(HashMap::new), ..Self::default() }
    }

    pub(super) fn precision(&self) -> Precision {
        self.precision
    }

    pub(super) fn next_key(&self) -> u32 {
        self.next_key
    }

    /// The last batch that is in here.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Makes the changes of a batch visible that is durable, unless it or a later one is here.
    pub(super) fn apply(&mut self, version: u64, changes: &Changes) {
        if version > self.version {
            self.version = version;
            changes.machines.iter().for_each(|change| self.apply_one(change));
            self.apply_others(version, changes);
        }
    }

    /// As [`Memory::apply`], for a batch that was read back. Answers its changes with the sections that
    /// its machines have.
    pub(super) fn replay(&mut self, version: u64, mut changes: Changes) -> Changes {
        if version > self.version {
            self.version = version;
            for change in &mut changes.machines {
                change.after = change
                    .after
                    .take()
                    .map(|machine| self.with_sections(machine, change.key, &changes.sections));
                self.apply_one(change);
            }
            self.apply_others(version, &changes);
        }
        changes
    }

    /// A machine with the sections that it has, and those that a batch puts under its key there.
    fn with_sections(
        &self,
        machine: Arc<Machine>,
        key: u32,
        put: &[SectionChange],
    ) -> Arc<Machine> {
        let held = self.entry(&machine.id).map(|(_, held)| &held.hardware.sections);
        let mut put = put.iter().filter(|put| put.key == key).peekable();
        if held.is_none_or(|sections| sections.is_empty()) && put.peek().is_none() {
            return machine;
        }
        let hardware = machine.hardware.with(|hardware| {
            hardware.sections = held.cloned().unwrap_or_default();
            put.for_each(|put| hardware.receive(*put.section.received()));
        });
        Arc::new(Machine { hardware, ..(*machine).clone() })
    }

    fn apply_others(&mut self, version: u64, changes: &Changes) {
        for change in &changes.records {
            match &change.after {
                Some(record) => self.load_record(record.clone()),
                None => self.remove_record(change.kind, &change.id),
            }
        }
        if let Some(unfolded) = &mut self.unfolded {
            for (number, entry) in audit_numbers(version).zip(&changes.audit) {
                unfolded.audit.insert(number, Arc::new(entry.clone()));
            }
            for SectionChange { key, section } in &changes.sections {
                let put = (version, Arc::clone(section));
                unfolded.sections.insert((*key, section.received().name), put);
            }
            // Keys are never given again.
            for change in changes.machines.iter().filter(|change| change.after.is_none()) {
                for name in SectionName::ALL {
                    unfolded.sections.remove(&(change.key, name));
                }
            }
        }
    }

    /// Fills a memory from what is stored.
    pub(super) fn load_record(&mut self, record: Record) {
        let kind = record.kind();
        if self.records.insert((kind, record.id()), record).is_none() {
            *self.record_counts.entry(kind).or_default() += 1;
        }
    }

    fn remove_record(&mut self, kind: Kind, id: &str) {
        if self.records.remove(&(kind, id.to_owned())).is_some()
            && let Some(count) = self.record_counts.get_mut(&kind)
        {
            *count -= 1;
        }
    }

    pub(super) fn record(&self, kind: Kind, id: &str) -> Option<Record> {
        self.records.get(&(kind, id.to_owned())).cloned()
    }

    /// How many records there are of a kind.
    pub(super) fn record_count(&self, kind: Kind) -> usize {
        self.record_counts.get(&kind).copied().unwrap_or(0)
    }

    /// Every record of a kind, in the order of their ids.
    pub(super) fn records(&self, kind: Kind) -> Vec<Record> {
        let from = self.records.range((kind, String::new())..);
        from.take_while(|((of, _), _)| *of == kind).map(|(_, record)| record.clone()).collect()
    }

    /// Everything that is in here.
    pub(super) fn snapshot(&self) -> Snapshot {
        let slots = self.by_name.values().filter_map(|&index| self.slot(index));
        Snapshot {
            machines: slots.map(|slot| Arc::clone(&slot.machine)).collect(),
            records: self.records.values().cloned().collect(),
            version: self.version,
        }
    }

    /// The entries of the audit log that the back end does not have yet.
    pub(super) fn audit(&self) -> Vec<(u64, Arc<AuditEntry>)> {
        let entries = self.unfolded.iter().flat_map(|unfolded| &unfolded.audit);
        entries.map(|(number, entry)| (*number, Arc::clone(entry))).collect()
    }

    /// The sections, of the machine with this key, that the back end does not have yet.
    pub(super) fn sections(&self, key: u32) -> impl Iterator<Item = &Arc<Section>> {
        let (first, last) = (SectionName::ALL[0], SectionName::ALL[SectionName::ALL.len() - 1]);
        let unfolded = self.unfolded.iter();
        let sections = unfolded.flat_map(move |one| one.sections.range((key, first)..=(key, last)));
        sections.map(|(_, (_, section))| section)
    }

    /// The back end has what the batches up to this one added.
    pub(super) fn folded(&mut self, version: u64) {
        if let Some(Unfolded { audit, sections }) = &mut self.unfolded {
            *audit = audit.split_off(&(version + 1).saturating_mul(AUDIT_PLACES));
            sections.retain(|_, (of, _)| *of > version);
        }
    }

    /// Fills a memory from what is stored.
    pub(super) fn load(&mut self, key: u32, machine: &Arc<Machine>) {
        self.put(key, machine);
    }

    /// Everything that was stored up to this batch is in here now.
    pub(super) fn loaded_at(&mut self, version: u64) {
        self.version = version;
        self.is_loaded = true;
    }

    pub(super) fn is_loaded(&self) -> bool {
        self.is_loaded
    }

    /// As [`Memory::apply`], for a batch of another server, which gives keys of its own.
    pub(super) fn apply_of_another(&mut self, version: u64, changes: &Changes) {
        if version > self.version {
            self.version = version;
            for change in &changes.machines {
                let key = self.entry(&change.id).map_or(self.next_key, |(key, _)| key);
                let after = change.after.clone();
                let after =
                    after.map(|after| self.with_sections(after, change.key, &changes.sections));
                self.apply_one(&Change { key, after, ..change.clone() });
            }
            self.apply_others(version, changes);
        }
    }

    fn apply_one(&mut self, change: &Change) {
        match &change.after {
            Some(machine) => self.put(change.key, machine),
            None => self.remove(change.key, &change.id),
        }
    }

    /// Whether ids that differ only by case are one to the back end.
    pub(super) fn is_case_blind(&self) -> bool {
        self.by_folded_id.is_some()
    }

    /// Another id that differs from this one only by case, when the back end has no case.
    pub(super) fn same_but_for_case(&self, id: &MachineId) -> Option<&MachineId> {
        let ids = self.by_folded_id.as_ref()?;
        ids.get(&id.as_str().to_lowercase()).filter(|other| *other != id)
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn machine(&self, id: &MachineId) -> Option<Arc<Machine>> {
        self.entry(id).map(|(_, machine)| Arc::clone(machine))
    }

    /// The machine and the key it is stored under.
    pub(super) fn entry(&self, id: &MachineId) -> Option<(u32, &Arc<Machine>)> {
        let slot = self.slot(*self.by_id.get(id)?)?;
        Some((slot.key, &slot.machine))
    }

    fn slot(&self, index: u32) -> Option<&Slot> {
        self.slots.get(index as usize)?.as_ref()
    }

    fn put(&mut self, key: u32, machine: &Arc<Machine>) {
        self.next_key = self.next_key.max(key + 1);
        if let Some(&index) = self.by_id.get(&machine.id) {
            if let Some(slot) = self.slots[index as usize].as_mut() {
                let old = slot.update(key, machine);
                let facts = &mut self.facts[index as usize];
                *facts = self.vocabulary.renewed(machine, &old, facts);
                self.changes += u64::from(ordered(&old) != ordered(machine));
                if old.hostname != machine.hostname {
                    self.by_name.remove(&NameKey::new(&old.hostname, &machine.id));
                    self.by_name.insert(NameKey::new(&machine.hostname, &machine.id), index);
                }
            }
            return;
        }
        self.changes += 1;
        let facts = self.vocabulary.facts(machine);
        let text = search_text(machine).into();
        let slot = Some(Slot { key, machine: Arc::clone(machine), text });
        let index = match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = slot;
                self.facts[index as usize] = facts;
                index
            }
            None => {
                self.slots.push(slot);
                self.facts.push(facts);
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            }
        };
        self.by_id.insert(machine.id.clone(), index);
        if let Some(ids) = &mut self.by_folded_id {
            ids.insert(machine.id.as_str().to_lowercase(), machine.id.clone());
        }
        self.by_name.insert(NameKey::new(&machine.hostname, &machine.id), index);
    }

    fn remove(&mut self, key: u32, id: &MachineId) {
        self.next_key = self.next_key.max(key + 1);
        self.changes += 1;
        let Some(index) = self.by_id.remove(id) else {
            return;
        };
        if let Some(ids) = &mut self.by_folded_id {
            ids.remove(&id.as_str().to_lowercase());
        }
        if let Some(slot) = self.slots[index as usize].take() {
            self.by_name.remove(&NameKey::new(&slot.machine.hostname, id));
            self.vocabulary.forget(&self.facts[index as usize]);
        }
        self.free.push(index);
    }

    /// Answers a query.
    pub(super) fn page(&self, query: &MachineQuery) -> MachinePage {
        let everything = query.filter == Filter::default();
        let sieve = self.vocabulary.sieve(&query.filter);
        let order = match query.sort {
            // Every report changes this order: it is made for each query.
            Sort::UpdatedAt => self.order(Sort::Hostname, false),
            sort => self.order(sort, query.descending),
        };
        let mut matching = Vec::new();
        let matching = if everything {
            &order
        } else {
            // Looked at as they lie in memory, not in the order of the answer: a processor's caches
            // miss less often.
            let met: Vec<_> = (0..self.slots.len()).map(|at| self.matches(&sieve, at)).collect();
            matching.extend(order.iter().filter(|&&index| met[index as usize]));
            &matching[..]
        };
        let slots = query.range(matching.len());
        let page = if query.sort == Sort::UpdatedAt {
            &self.by_last_report(matching, query.descending, slots.end)[slots]
        } else {
            &matching[slots]
        };
        let machines = page.iter().filter_map(|&index| self.slot(index));
        MachinePage {
            machines: machines.map(|slot| Arc::clone(&slot.machine)).collect(),
            total: matching.len(),
        }
    }

    fn matches(&self, sieve: &Sieve<'_>, at: usize) -> bool {
        self.slots[at]
            .as_ref()
            .is_some_and(|slot| sieve.lets_through(&self.facts[at], &slot.machine, &slot.text))
    }

    /// The first `wanted` of these slots, which come in the order of names, by their last report;
    /// machines without a second one come last.
    fn by_last_report(&self, slots: &[u32], descending: bool, wanted: usize) -> Vec<u32> {
        let key = |(place, index): (usize, &u32)| {
            let at = self.facts[*index as usize].updated_at.map(|at| at.timestamp_micros());
            let rank = at.map(|at| if descending { -at } else { at });
            (rank.is_none(), rank, place, *index)
        };
        let mut keys: Vec<_> = slots.iter().enumerate().map(key).collect();
        if wanted < keys.len() {
            keys.select_nth_unstable(wanted);
            keys.truncate(wanted);
        }
        keys.sort_unstable();
        keys.into_iter().map(|(.., index)| index).collect()
    }

    /// The slots in an order that reports seldom change: made once, and again after a change.
    fn order(&self, sort: Sort, descending: bool) -> Arc<[u32]> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(order) = orders.get(&(sort, descending))
            && order.changes == self.changes
        {
            return Arc::clone(&order.slots);
        }
        let named: Vec<_> = self.by_name.values().copied().collect();
        let slots: Arc<[u32]> = if sort == Sort::Hostname && !descending {
            named.into()
        } else {
            let machines: Vec<_> = named.iter().filter_map(|&index| self.slot(index)).collect();
            let machines: Vec<_> = machines.iter().map(|slot| &slot.machine).collect();
            sort.order(descending, &machines).into_iter().map(|place| named[place]).collect()
        };
        let order = Order { changes: self.changes, slots: Arc::clone(&slots) };
        orders.insert((sort, descending), order);
        slots
    }
}

impl Slot {
    /// Replaces the machine and answers the old one.
    fn update(&mut self, key: u32, machine: &Arc<Machine>) -> Arc<Machine> {
        let old = std::mem::replace(&mut self.machine, Arc::clone(machine));
        self.key = key;
        if searched(&old) != searched(machine) {
            self.text = search_text(machine).into();
        }
        old
    }
}

/// What the orders that are kept depend on.
fn ordered(machine: &Machine) -> ([&str; 3], Option<DateTime<Utc>>) {
    let texts = [machine.hostname.as_str(), &machine.os, &machine.os_version];
    (texts, machine.human.computer_activation)
}

/// What [`search_text`] is made of, beside the id.
fn searched(machine: &Machine) -> ([&str; 4], &HumanFields, &Hardware) {
    let texts = [machine.hostname.as_str(), &machine.ip, &machine.os, &machine.os_version];
    (texts, &machine.human, &machine.hardware)
}
