//! Every machine, in memory, for the reads.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::{Machine, MachineId, MachinePage, MachineQuery, NameKey};

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
            let old = self.slots[index].replace(Slot {
                key,
                machine: Arc::clone(machine),
            });
            let renamed = old.filter(|old| old.machine.hostname != machine.hostname);
            if let Some(old) = renamed {
                self.by_name
                    .remove(&NameKey::new(&old.machine.hostname, &machine.id));
                self.by_name
                    .insert(NameKey::new(&machine.hostname, &machine.id), index);
            }
            return;
        }
        let slot = Some(Slot {
            key,
            machine: Arc::clone(machine),
        });
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
        self.by_name
            .insert(NameKey::new(&machine.hostname, &machine.id), index);
    }

    pub(super) fn remove(&mut self, id: &MachineId) {
        let Some(index) = self.by_id.remove(id) else {
            return;
        };
        if let Some(slot) = self.slots[index].take() {
            self.by_name
                .remove(&NameKey::new(&slot.machine.hostname, id));
        }
        self.free.push(index);
    }

    /// Answers a query; the lock is only held while pointers are copied.
    pub(super) fn page(&self, query: &MachineQuery) -> MachinePage {
        let named = self
            .by_name
            .values()
            .filter_map(|&index| self.slots[index].as_ref());
        query.page(named.map(|slot| Arc::clone(&slot.machine)))
    }
}
