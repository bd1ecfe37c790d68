//! Programs over all machines: which, in which version, and where.

use super::Inventory;
use crate::model::{
    Filter, FoundSoftware, MachineQuery, Package, ProgramTally, SectionName, SoftwareQuery,
};
use crate::store::StoreError;
use crate::store::backup::section_pieces;

/// Calls the second argument with each program in a section's content.
pub type ReadPackages = fn(&str, &mut dyn FnMut(&Package));

impl Inventory {
    /// The programs that are looked for, on the machines that meet a filter. Takes as long as reading
    /// their sections does: a second for some thousands of machines.
    ///
    /// # Errors
    /// As [`crate::store::Store::machines`] and [`crate::store::Store::sections`].
    pub async fn software(
        &self,
        filter: Filter,
        query: SoftwareQuery,
        read: ReadPackages,
    ) -> Result<FoundSoftware, StoreError> {
        let page = self.store.machines(&MachineQuery { filter, ..MachineQuery::default() }).await?;
        let mut machines = page.machines;
        machines.retain(|machine| machine.hardware.section(SectionName::Software).is_some());
        let mut tally = ProgramTally::default();
        let mut first = 0;
        for ids in section_pieces(&machines) {
            let sections = self.store.sections(&ids).await?;
            let (at, query) = (first, query.clone());
            first += ids.len();
            let counting = tokio::task::spawn_blocking(move || {
                for (id, section) in &sections {
                    if section.received().name != SectionName::Software {
                        continue;
                    }
                    let Some(place) = ids.iter().position(|one| one == id) else { continue };
                    let content = section.content()?;
                    if query.may_be_in(&content) {
                        read(&content, &mut |package| tally.count(&query, at + place, package));
                    }
                }
                Ok::<_, StoreError>(tally)
            });
            let broken = |_| StoreError::Backend("a section broke while it was read".into());
            tally = counting.await.map_err(broken)??;
        }
        let (programs, is_cut) = tally.programs();
        Ok(FoundSoftware { programs, is_cut, machines })
    }
}
