//! Machines that are entered by hand.

use std::sync::Arc;

use super::{Inventory, history};
use crate::model::access::{Identity, MachineKey};
use crate::model::{Machine, MergedMachine, Report};
use crate::store::{Pace, Recorded, StoreError, transact};

impl Inventory {
    /// Enters a machine by hand, or again, if it was entered so before; with `dry_run` it only says
    /// what would be there.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for a machine that reports by itself, has a key to do so, or was merged
    /// into another one.
    pub async fn enter(
        &self,
        entry: Report,
        dry_run: bool,
        by: Identity,
    ) -> Result<Recorded, StoreError> {
        transact(&*self.store, Pace::AtOnce, move |transaction| {
            let id = &entry.id;
            if let Some(merge) = transaction.record_of::<MergedMachine>(id.as_str()) {
                return Err(StoreError::Conflict(format!(
                    "machine_id {id} is one of a machine that was merged into {}; undo that, or \
                     enter this one with another machine_id or salt",
                    merge.into_id()
                )));
            }
            let before = transaction.machine(id);
            let key = transaction.record_of::<MachineKey>(id.as_str());
            let has_key = key.is_some_and(|key| !key.is_forgotten);
            if has_key || before.as_ref().is_some_and(|before| !before.is_manual()) {
                return Err(StoreError::Conflict(format!(
                    "machine_id {id} is one of a machine that reports by itself; remove it before \
                     it is entered by hand, or enter this one with another machine_id or salt"
                )));
            }
            if dry_run {
                let machine = match &before {
                    Some(before) => before.reported(entry.clone()),
                    None => Machine::first_seen(entry.clone()),
                };
                return Ok(Recorded { machine: Arc::new(machine), created: before.is_none() });
            }
            let recorded = transaction.record_reports(std::slice::from_ref(&entry))?;
            let recorded = recorded.into_iter().next();
            let recorded =
                recorded.ok_or_else(|| StoreError::Backend("an entry was not answered".into()))?;
            let was = before.map(|before| history::summary(&before));
            let is = Some(history::summary(&recorded.machine));
            transaction.audit(by.did("machine.enter", id.as_str(), was, is));
            Ok(recorded)
        })
        .await
    }
}
