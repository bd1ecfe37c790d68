//! Every machine, in memory, for the reads.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::model::{
    Filter, Machine, MachineId, MachinePage, MachineQuery, NameKey, Sort, search_text,
};

/// The machines by id and in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Memory {
    slots: Vec<Option<Slot>>,
    free: Vec<usize>,
    by_id: HashMap<MachineId, usize>,
    by_name: BTreeMap<NameKey, usize>,
    /// Counts changes of anything that an order in `orders` depends on.
    changes: u64,
    orders: Mutex<HashMap<(Sort, bool), Order>>,
}

/// The slots in an order, as it was after so many changes.
#[derive(Debug, Clone)]
struct Order {
    changes: u64,
    slots: Arc<[usize]>,
}

#[derive(Debug)]
struct Slot {
    key: u32,
    machine: Arc<Machine>,
    /// The machine's search text, made once for each change of what is in it.
    text: Box<str>,
}

impl Memory {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn machine(&self, id: &MachineId) -> Option<Arc<Machine>> {
        self.entry(id).map(|(_, machine)| Arc::clone(machine))
    }

    /// The machine and the key it is stored under.
    pub(super) fn entry(&self, id: &MachineId) -> Option<(u32, &Arc<Machine>)> {
        let slot = self.slots.get(*self.by_id.get(id)?)?.as_ref()?;
        Some((slot.key, &slot.machine))
    }

    pub(super) fn put(&mut self, key: u32, machine: &Arc<Machine>) {
        if let Some(&index) = self.by_id.get(&machine.id) {
            if let Some(slot) = self.slots[index].as_mut() {
                let old = slot.update(key, machine);
                self.changes += u64::from(ordered(&old) != ordered(machine));
                if old.hostname != machine.hostname {
                    self.by_name.remove(&NameKey::new(&old.hostname, &machine.id));
                    self.by_name.insert(NameKey::new(&machine.hostname, &machine.id), index);
                }
            }
            return;
        }
        self.changes += 1;
        let text = search_text(machine).into();
        let slot = Some(Slot { key, machine: Arc::clone(machine), text });
        let index = match self.free.pop() {
            Some(index) => {
                self.slots[index] = slot;
                index
            }
            None => {
                self.slots.push(slot);
                self.slots.len() - 1
            }
        };
        self.by_id.insert(machine.id.clone(), index);
        self.by_name.insert(NameKey::new(&machine.hostname, &machine.id), index);
    }

    pub(super) fn remove(&mut self, id: &MachineId) {
        self.changes += 1;
        let Some(index) = self.by_id.remove(id) else {
            return;
        };
        if let Some(slot) = self.slots[index].take() {
            self.by_name.remove(&NameKey::new(&slot.machine.hostname, id));
        }
        self.free.push(index);
    }

    /// Answers a query.
    pub(super) fn page(&self, query: &MachineQuery) -> MachinePage {
        let everything = query.filter == Filter::default();
        let matches = |slot: &&Slot| everything || query.filter.matches(&slot.machine, &slot.text);
        match query.sort {
            // Every report changes this order: it is made for each query.
            Sort::UpdatedAt => query.page(self.by_name().filter(matches).map(Slot::machine)),
            Sort::Hostname if !query.descending => {
                query.cut(self.by_name().filter(matches).map(Slot::machine))
            }
            _ => {
                let order = self.order(query.sort, query.descending);
                let slots = order.iter().filter_map(|&index| self.slots[index].as_ref());
                query.cut(slots.filter(matches).map(Slot::machine))
            }
        }
    }

    fn by_name(&self) -> impl Iterator<Item = &Slot> {
        self.by_name.values().filter_map(|&index| self.slots[index].as_ref())
    }

    /// The slots in an order that reports seldom change: made once, and again after a change.
    fn order(&self, sort: Sort, descending: bool) -> Arc<[usize]> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(order) = orders.get(&(sort, descending))
            && order.changes == self.changes
        {
            return Arc::clone(&order.slots);
        }
        let machines: Vec<_> = self.by_name().map(|slot| &slot.machine).collect();
        let named: Vec<_> = self.by_name.values().copied().collect();
        let places = sort.order(descending, &machines);
        let slots: Arc<[usize]> = places.into_iter().map(|place| named[place]).collect();
        let order = Order { changes: self.changes, slots: Arc::clone(&slots) };
        orders.insert((sort, descending), order);
        slots
    }
}

impl Slot {
    fn machine(&self) -> &Arc<Machine> {
        &self.machine
    }

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

/// What [`search_text`] is made of.
fn searched(machine: &Machine) -> [&str; 5] {
    let model = machine.human.computer_model.as_deref().unwrap_or_default();
    [&machine.hostname, &machine.ip, &machine.os, &machine.os_version, model]
}
