//! Changes by people: of one machine, or of many as one.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Inventory, MOST_IMPORTED, history};
use crate::model::access::Identity;
use crate::model::{CustomField, Filter, HumanEdit, Machine, MachineId, TAGS, Text};
use crate::store::{Pace, StoreError, Transaction, transact};

/// Most machines that are changed at once.
pub const MOST_AT_ONCE: usize = 10_000;

/// Which machines are to be changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection {
    /// These.
    Ids(Vec<MachineId>),
    /// Those that meet a filter.
    Filter(Box<Filter>),
}

/// What a change of many machines came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edited {
    /// Machines that were chosen.
    pub matched: usize,
    /// Those of them that are now different.
    pub changed: usize,
}

/// Why nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// There is no machine with this id.
    #[error("Inventory not found: {0}")]
    Unknown(MachineId),
    /// A machine would have too many tags.
    #[error("tags: {id} would have {tags}, but a machine takes at most {TAGS}")]
    TooManyTags {
        /// The machine.
        id: MachineId,
        /// How many it would have.
        tags: usize,
    },
    /// A custom field is not what it was when its value was read.
    #[error("custom.{0} was removed or changed by somebody else meanwhile; try again")]
    FieldChanged(Text),
    /// More machines were chosen than are changed at once.
    #[error(
        "{0} machines are chosen, but at most {MOST_AT_ONCE} are changed at once; narrow the conditions"
    )]
    TooMany(usize),
    /// More machines would be different than one import changes.
    #[error(
        "The file changes {0} machines, but an import changes at most {MOST_IMPORTED}; split it"
    )]
    TooManyImported(usize),
    /// The store cannot.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Inventory {
    /// Changes what people know about a machine.
    ///
    /// # Errors
    /// [`EditError`]; then nothing is changed.
    pub async fn edit(
        &self,
        id: &MachineId,
        edit: HumanEdit,
        by: Identity,
    ) -> Result<Arc<Machine>, EditError> {
        let id = id.clone();
        transact(&*self.store, Pace::AtOnce, move |transaction| {
            let planned = match plan(transaction, std::slice::from_ref(&id), &edit) {
                Ok(planned) => planned,
                Err(error) => return Ok(Err(error)),
            };
            let after = match transaction.machine(&id).filter(|_| planned.is_empty()) {
                Some(unchanged) => unchanged,
                None => transaction.edit_machine(&id, &edit)?,
            };
            note(transaction, &planned, &by);
            Ok(Ok(after))
        })
        .await?
    }

    /// Changes what people know about many machines, all of them or none; with `dry_run` it only
    /// says what that would come to.
    ///
    /// # Errors
    /// [`EditError`]; then nothing is changed.
    pub async fn edit_many(
        &self,
        selection: Selection,
        edit: HumanEdit,
        dry_run: bool,
        by: Identity,
    ) -> Result<Edited, EditError> {
        transact(&*self.store, Pace::Large, move |transaction| {
            let ids = chosen(transaction, &selection);
            if ids.len() > MOST_AT_ONCE {
                return Ok(Err(EditError::TooMany(ids.len())));
            }
            let planned = match plan(transaction, &ids, &edit) {
                Ok(planned) => planned,
                Err(error) => return Ok(Err(error)),
            };
            if !dry_run {
                for (before, _) in &planned {
                    transaction.edit_machine(&before.id, &edit)?;
                }
                note(transaction, &planned, &by);
            }
            Ok(Ok(Edited { matched: ids.len(), changed: planned.len() }))
        })
        .await?
    }
}

/// A machine before and after.
pub(super) type Planned = (Arc<Machine>, Machine);

fn chosen(transaction: &Transaction<'_>, selection: &Selection) -> Vec<MachineId> {
    match selection {
        Selection::Filter(filter) => {
            let mut ids: Vec<_> =
                transaction.matching(filter).iter().map(|machine| machine.id.clone()).collect();
            ids.sort_unstable();
            ids
        }
        Selection::Ids(ids) => {
            let mut seen = HashSet::new();
            ids.iter().filter(|id| seen.insert(*id)).cloned().collect()
        }
    }
}

/// What the machines would become, of those that would be different.
fn plan(
    transaction: &Transaction<'_>,
    ids: &[MachineId],
    edit: &HumanEdit,
) -> Result<Vec<Planned>, EditError> {
    check_custom(transaction, edit)?;
    let mut planned = Vec::new();
    for id in ids {
        let before = transaction.machine(id).ok_or_else(|| EditError::Unknown(id.clone()))?;
        let after = transaction.edited(&before, edit);
        let tags = after.human.asset.tags.len();
        if tags > TAGS {
            return Err(EditError::TooManyTags { id: id.clone(), tags });
        }
        if before.human != after.human {
            planned.push((before, after));
        }
    }
    Ok(planned)
}

/// Refuses values of custom fields that are not what they were when the change was read.
pub(super) fn check_custom(
    transaction: &Transaction<'_>,
    edit: &HumanEdit,
) -> Result<(), EditError> {
    for (key, value) in &edit.asset.custom {
        let field = transaction.record_of::<CustomField>(key);
        let takes = |value| field.as_ref().is_some_and(|field| field.takes(value));
        if !value.as_ref().is_none_or(takes) {
            return Err(EditError::FieldChanged(key.clone()));
        }
    }
    Ok(())
}

/// One entry of the audit log for each machine that is different.
pub(super) fn note(transaction: &mut Transaction<'_>, planned: &[Planned], by: &Identity) {
    for (before, after) in planned {
        if let Some((was, is)) = history::difference(&before.human, &after.human) {
            let entry = by.did("machine.edit", before.id.as_str(), Some(was), Some(is));
            transaction.audit(entry);
        }
    }
}

/// Clears values of a custom field, as [`note`] does for any other change.
pub(super) fn clear_values(
    transaction: &mut Transaction<'_>,
    machines: &[Arc<Machine>],
    key: &Text,
    by: &Identity,
) -> Result<(), StoreError> {
    let mut edit = HumanEdit::default();
    edit.asset.custom.insert(key.clone(), None);
    let planned: Vec<_> = machines
        .iter()
        .map(|before| (Arc::clone(before), transaction.edited(before, &edit)))
        .collect();
    for (before, _) in &planned {
        transaction.edit_machine(&before.id, &edit)?;
    }
    note(transaction, &planned, by);
    Ok(())
}
