//! Every machine, in memory, for the reads.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::{Filter, Machine, MachineId, MachinePage, MachineQuery, NameKey, search_text};

/// The machines by id and in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Memory {
    slots: Vec<Option<Slot>>,
    free: Vec<usize>,
    by_id: HashMap<MachineId, usize>,
    by_name: BTreeMap<NameKey, usize>,
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
                if old.hostname != machine.hostname {
                    self.by_name.remove(&NameKey::new(&old.hostname, &machine.id));
                    self.by_name.insert(NameKey::new(&machine.hostname, &machine.id), index);
                }
            }
            return;
        }
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
        let slots = self.by_name.values().filter_map(|&index| self.slots[index].as_ref());
        if query.filter == Filter::default() {
            return query.page(slots.map(|slot| &slot.machine));
        }
        let matching = slots.filter(|slot| query.filter.matches(&slot.machine, &slot.text));
        query.page(matching.map(|slot| &slot.machine))
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

/// What [`search_text`] is made of.
fn searched(machine: &Machine) -> [&str; 5] {
    let model = machine.human.computer_model.as_deref().unwrap_or_default();
    [&machine.hostname, &machine.ip, &machine.os, &machine.os_version, model]
}
