//! The use cases: what can be done with the inventory, whoever asks and whatever keeps it.

mod backup;
mod duplicates;
mod edit;
mod fields;
mod history;
mod import;
mod manual;
mod software;
mod views;

use std::sync::Arc;

pub use backup::Taken;
pub use duplicates::{DuplicateError, Merge, Merged, Merges};
pub use edit::{EditError, Edited, MOST_AT_ONCE, Selection};
pub use fields::{FieldChange, FieldError, NewField};
pub use import::{Import, ImportChange, Imported, LineProblem, MOST_IMPORTED};
pub use software::ReadPackages;
pub use views::{Keeper, ViewChange, ViewError};

use chrono::{DateTime, Datelike as _, Utc};
use chrono_tz::Tz;

use crate::model::access::{AuditPage, AuditQuery, Identity, RemovedMachine};
use crate::model::{
    self, Facets, Filter, HumanFields, Machine, MachineId, MachinePage, MachineQuery, Moment,
    StatusRules, Summary,
};
use crate::store::{self, Pace, Section, Store, StoreError, StoreStats, transact};

/// Entries of the audit log looked at at once.
const AUDIT_PAGE: usize = 1_000;
/// What is dated before this year was dated by a wrong clock: there was no program to date it.
const FIRST_YEAR: i32 = 2025;

/// The inventory and its rules.
#[derive(Clone)]
pub struct Inventory {
    store: Arc<dyn Store>,
    rules: StatusRules,
    /// Held by whoever takes a backup: one at a time.
    backing_up: Arc<tokio::sync::Mutex<()>>,
}

impl Inventory {
    /// The inventory that `store` keeps.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, rules: StatusRules) -> Self {
        Self { store, rules, backing_up: Arc::default() }
    }

    /// The limits between the states of a machine.
    #[must_use]
    pub fn rules(&self) -> StatusRules {
        self.rules
    }

    /// One machine.
    ///
    /// # Errors
    /// As [`Store::machine`].
    pub async fn machine(&self, id: &MachineId) -> Result<Arc<Machine>, StoreError> {
        self.store.machine(id).await
    }

    /// Every section of a machine; none of an unknown one.
    ///
    /// # Errors
    /// As [`Store::sections`].
    pub async fn sections(&self, id: &MachineId) -> Result<Vec<Arc<Section>>, StoreError> {
        let sections = self.store.sections(std::slice::from_ref(id)).await?;
        Ok(sections.into_iter().map(|(_, section)| section).collect())
    }

    /// A page of machines.
    ///
    /// # Errors
    /// As [`Store::machines`].
    pub async fn machines(&self, query: &MachineQuery) -> Result<MachinePage, StoreError> {
        self.store.machines(query).await
    }

    /// How many machines of each kind there are among those that meet a filter.
    ///
    /// # Errors
    /// As [`Store::machines`].
    pub async fn facets(&self, filter: Filter, now: DateTime<Utc>) -> Result<Facets, StoreError> {
        let query = MachineQuery { filter: filter.without_choices(), ..MachineQuery::default() };
        let page = self.store.machines(&query).await?;
        Ok(model::facets(&filter, self.rules, now, &page.machines))
    }

    /// Figures over the machines that meet a filter; ages are counted in days of `zone`.
    ///
    /// # Errors
    /// As [`Store::machines`].
    pub async fn summary(
        &self,
        filter: Filter,
        now: DateTime<Utc>,
        zone: Tz,
    ) -> Result<Summary, StoreError> {
        let query = MachineQuery { filter, ..MachineQuery::default() };
        let page = self.store.machines(&query).await?;
        let day = move |instant: DateTime<Utc>| instant.with_timezone(&zone).date_naive();
        Ok(model::summary(&Moment { now, rules: self.rules, day }, &page.machines))
    }

    /// The last sign of life in it: a report, or an entry of the audit log.
    ///
    /// # Errors
    /// As [`Store::machines`] and [`Store::audit`].
    pub async fn last_sign(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let machines = self.store.machines(&MachineQuery::default()).await?.machines;
        let seen = machines.iter().map(|machine| machine.last_seen()).max();
        let (subject, action) = (None, None);
        let newest = AuditQuery { before: None, subject, action, until: None, limit: 1 };
        let newest = self.store.audit(&newest).await?.entries;
        Ok(seen.max(newest.first().map(|(_, entry)| entry.at)))
    }

    /// How many machines there are.
    ///
    /// # Errors
    /// As [`Store::machine_count`].
    pub async fn machine_count(&self) -> Result<usize, StoreError> {
        self.store.machine_count().await
    }

    /// Removes a machine. For 30 days it can be brought back.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown id.
    pub async fn delete(&self, id: &MachineId, by: Identity) -> Result<(), StoreError> {
        let id = id.clone();
        transact(&*self.store, Pace::AtOnce, move |transaction| {
            let mut machine = transaction.delete_machine(&id)?;
            // Its sections are gone: when it comes back, it is asked for them.
            let hardware = machine.hardware.with_sections(&[]);
            machine = Arc::new(Machine { hardware, ..(*machine).clone() });
            // It was removed before, and reported again: what people know is not lost with it.
            let earlier = transaction.record_of::<RemovedMachine>(id.as_str());
            let earlier = earlier.filter(|earlier| !earlier.is_gone(by.at));
            if let Some(earlier) = earlier {
                let (earlier, human) = (&earlier.machine.human, &machine.human);
                let human = if *human == HumanFields::default() {
                    earlier.clone()
                } else if human.asset.is_empty() {
                    HumanFields { asset: earlier.asset.clone(), ..human.clone() }
                } else {
                    human.clone()
                };
                machine = Arc::new(Machine { human, ..(*machine).clone() });
            }
            for removed in transaction.records_of::<RemovedMachine>() {
                if removed.is_gone(by.at) {
                    transaction.remove_record::<RemovedMachine>(removed.machine.id.as_str());
                }
            }
            let before = Some(history::summary(&machine));
            transaction.audit(by.did("machine.delete", id.as_str(), before, None));
            let removed_by = by.caller.to_string();
            transaction.put_record(RemovedMachine { machine, removed_at: by.at, removed_by });
            Ok(())
        })
        .await
    }

    /// Brings a removed machine back as it was.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when none of this id was removed in the last 30 days,
    /// [`StoreError::Conflict`] when the id has reported again since.
    pub async fn restore(&self, id: &MachineId, by: Identity) -> Result<Arc<Machine>, StoreError> {
        let id = id.clone();
        transact(&*self.store, Pace::AtOnce, move |transaction| {
            let removed = transaction.record_of::<RemovedMachine>(id.as_str());
            let removed = removed.filter(|removed| !removed.is_gone(by.at));
            let removed = removed.ok_or(StoreError::NotFound)?;
            if transaction.machine(&id).is_some() {
                let text = "The machine has reported again since it was removed; it is there";
                return Err(StoreError::Conflict(text.into()));
            }
            let restored = transaction.import_machines(&[(*removed.machine).clone()])?;
            transaction.remove_record::<RemovedMachine>(id.as_str());
            let after = Some(history::summary(&removed.machine));
            transaction.audit(by.did("machine.restore", id.as_str(), None, after));
            restored.into_iter().next().ok_or(StoreError::NotFound)
        })
        .await
    }

    /// Machines that can be brought back, the last removed first.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub async fn removed(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Vec<Arc<RemovedMachine>>, StoreError> {
        let mut removed = store::records::<RemovedMachine>(&*self.store).await?;
        removed.retain(|removed| !removed.is_gone(now));
        removed.sort_by_key(|removed| std::cmp::Reverse(removed.removed_at));
        Ok(removed)
    }

    /// What people and tokens changed, the newest first.
    ///
    /// # Errors
    /// As [`Store::audit`].
    pub async fn audit(&self, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        self.store.audit(query).await
    }

    /// Removes what the audit log holds from before a moment. Entries that a wrong clock dated say
    /// nothing of their age: they go with the next one that was dated by a right one.
    ///
    /// # Errors
    /// As [`Store::audit`] and [`Store::forget_audit`].
    pub async fn forget_audit(
        &self,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (subject, action) = (None, None);
        let old = AuditQuery { before: None, subject, action, until: Some(until), limit: 1 };
        if self.store.audit(&old).await?.entries.is_empty() {
            return Ok(());
        }
        let (mut before, mut newest_old) = (None, None);
        loop {
            let (subject, action) = (None, None);
            let query = AuditQuery { before, subject, action, until: None, limit: AUDIT_PAGE };
            let entries = self.store.audit(&query).await?.entries;
            let Some((oldest, _)) = entries.last() else { break };
            before = Some(*oldest);
            for (number, entry) in entries {
                match entry.at {
                    at if at > now || at.year() < FIRST_YEAR => {}
                    at if at < until => newest_old = newest_old.or(Some(number)),
                    // What is newer than one that stays stays too.
                    _ => newest_old = None,
                }
            }
        }
        match newest_old {
            Some(number) => self.store.forget_audit(number.saturating_add(1)).await,
            None => Ok(()),
        }
    }

    /// Whether the inventory can be read and written now.
    ///
    /// # Errors
    /// As [`Store::check`].
    pub async fn check(&self) -> Result<(), StoreError> {
        self.store.check().await
    }

    /// What the store did since it was opened.
    #[must_use]
    pub fn stats(&self) -> StoreStats {
        self.store.stats()
    }

    /// Finishes what was asked before and lets go of the store.
    pub async fn close(&self) {
        self.store.close().await;
    }
}
