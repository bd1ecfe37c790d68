//! The use cases: what can be done with the inventory, whoever asks and whatever keeps it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::model::{
    self, Facets, Filter, HumanEdit, Machine, MachineId, MachinePage, MachineQuery, Moment, Report,
    StatusRules, Summary,
};
use crate::store::{Recorded, Store, StoreError, StoreStats};

/// The inventory and its rules.
#[derive(Clone)]
pub struct Inventory {
    store: Arc<dyn Store>,
    rules: StatusRules,
}

impl Inventory {
    /// The inventory that `store` keeps.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, rules: StatusRules) -> Self {
        Self { store, rules }
    }

    /// The limits between the states of a machine.
    #[must_use]
    pub fn rules(&self) -> StatusRules {
        self.rules
    }

    /// Records one report; the answer means that it is on disk.
    ///
    /// # Errors
    /// As [`Store::record_reports`].
    pub async fn record(&self, report: Report) -> Result<Recorded, StoreError> {
        let mut recorded = self.store.record_reports(vec![report]).await?;
        recorded.pop().ok_or_else(|| StoreError::Backend("a report was not answered".into()))
    }

    /// One machine.
    ///
    /// # Errors
    /// As [`Store::machine`].
    pub async fn machine(&self, id: &MachineId) -> Result<Arc<Machine>, StoreError> {
        self.store.machine(id).await
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

    /// How many machines there are.
    ///
    /// # Errors
    /// As [`Store::machine_count`].
    pub async fn machine_count(&self) -> Result<usize, StoreError> {
        self.store.machine_count().await
    }

    /// Changes what people know about a machine.
    ///
    /// # Errors
    /// As [`Store::edit_machine`].
    pub async fn edit(&self, id: &MachineId, edit: HumanEdit) -> Result<Arc<Machine>, StoreError> {
        self.store.edit_machine(id, edit).await
    }

    /// Removes a machine.
    ///
    /// # Errors
    /// As [`Store::delete_machine`].
    pub async fn delete(&self, id: &MachineId) -> Result<(), StoreError> {
        self.store.delete_machine(id).await
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
