//! Machines that may be one: to be looked at, merged, and told apart.

use std::collections::HashSet;
use std::sync::Arc;

use super::edit::MOST_AT_ONCE;
use super::{Inventory, history};
use crate::model::access::Identity;
use crate::model::{
    self, Candidate, Distinct, Filter, MOST_DISTINCT, Machine, MachineId, MachineQuery,
    MergedMachine, Text,
};
use crate::store::{self, Pace, StoreError, Transaction, transact};

/// Most statements that machines are different ones.
const MOST_STATEMENTS: usize = 10_000;

/// Machines to be made one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The one to keep.
    pub keep: MachineId,
    /// The others.
    pub others: Vec<MachineId>,
}

/// What is to be merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merges {
    /// These.
    These(Vec<Merge>),
    /// All candidates against which nothing speaks.
    Safe,
}

/// What a merge came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// The machines that were kept, as they are now.
    pub kept: Vec<Arc<Machine>>,
    /// How many were merged into them.
    pub merged: usize,
}

/// Why machines were not merged or told apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DuplicateError {
    /// There is no machine with this id.
    #[error("Inventory not found: {0}")]
    Unknown(MachineId),
    /// A machine was named twice.
    #[error("{0} is named more than once")]
    Twice(MachineId),
    /// Too few machines were named.
    #[error("Name two machines or more")]
    TooFew,
    /// Too many machines were named at once.
    #[error("{0} machines are named, but at most {MOST_AT_ONCE} are merged at once")]
    TooMany(usize),
    /// Too many machines are told apart at once.
    #[error("{0} machines are named, but at most {MOST_DISTINCT} are told apart at once")]
    TooManyDistinct(usize),
    /// There are enough statements.
    #[error("{MOST_STATEMENTS} times machines were told apart; remove some of these first")]
    TooManyStatements,
    /// There is no such statement.
    #[error("Nobody told machines apart as {0}")]
    UnknownStatement(String),
    /// The machine was not merged.
    #[error("{0} was not merged into another machine")]
    NotMerged(MachineId),
    /// The machine is there.
    #[error("{0} is in the inventory")]
    IsThere(MachineId),
    /// The store cannot.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Inventory {
    /// Machines that may be one.
    ///
    /// # Errors
    /// As [`store::Store::machines`].
    pub async fn duplicates(&self) -> Result<Vec<Candidate>, StoreError> {
        let distinct = self.distinct().await?;
        let page = self.store.machines(&MachineQuery::default()).await?;
        Ok(model::candidates(&page.machines, &distinct))
    }

    /// Makes machines one, all of them or none; with `dry_run` it only says what that would come to.
    ///
    /// # Errors
    /// [`DuplicateError`]; then nothing is changed.
    pub async fn merge(
        &self,
        merges: Merges,
        dry_run: bool,
        by: Identity,
    ) -> Result<Merged, DuplicateError> {
        transact(&*self.store, Pace::Large, move |transaction| {
            let merges = match chosen(transaction, &merges) {
                Ok(merges) => merges,
                Err(error) => return Ok(Err(error)),
            };
            let mut merged = Merged { kept: Vec::new(), merged: 0 };
            for Merge { keep, others } in merges {
                let mut kept = transaction.machine(&keep).ok_or(StoreError::NotFound)?;
                for other in others {
                    let machine = transaction.machine(&other).ok_or(StoreError::NotFound)?;
                    merged.merged += 1;
                    kept = if dry_run {
                        Arc::new(model::merged(&kept, &machine))
                    } else {
                        merge(transaction, &kept, machine, &by)?
                    };
                }
                merged.kept.push(kept);
            }
            Ok(Ok(merged))
        })
        .await?
    }

    /// Makes a machine that was merged one of its own again. What the merge gave the other one goes
    /// back, unless somebody changed it since.
    ///
    /// # Errors
    /// [`DuplicateError`]; then nothing is changed.
    pub async fn unmerge(
        &self,
        id: &MachineId,
        by: Identity,
    ) -> Result<Arc<Machine>, DuplicateError> {
        let id = id.clone();
        transact(&*self.store, Pace::AtOnce, move |transaction| {
            let Some(merge) = transaction.record_of::<MergedMachine>(id.as_str()) else {
                return Ok(Err(DuplicateError::NotMerged(id.clone())));
            };
            if transaction.machine(&id).is_some() {
                return Ok(Err(DuplicateError::IsThere(id.clone())));
            }
            let into = merge.into_id();
            if let Some(kept) = transaction.machine(into) {
                let back = model::unmerged(&kept, &merge);
                if let Some((was, is)) = history::difference(&kept.human, &back.human) {
                    transaction.audit(by.did("machine.edit", into.as_str(), Some(was), Some(is)));
                }
                transaction.import_machines(&[back])?;
            }
            let machine = transaction.import_machines(&[(*merge.machine).clone()])?;
            transaction.remove_record::<MergedMachine>(id.as_str());
            let before = Some(serde_json::json!({"merged_into": into.as_str()}).to_string());
            let after = Some(history::summary(&merge.machine));
            transaction.audit(by.did("machine.unmerge", id.as_str(), before, after));
            machine.into_iter().next().map(Ok).ok_or(StoreError::NotFound)
        })
        .await?
    }

    /// Machines that were merged, the last one first.
    ///
    /// # Errors
    /// As [`store::Store::records`].
    pub async fn merges(&self) -> Result<Vec<Arc<MergedMachine>>, StoreError> {
        let mut merges = store::records::<MergedMachine>(&*self.store).await?;
        merges.sort_by_key(|merge| std::cmp::Reverse(merge.merged_at));
        Ok(merges)
    }

    /// What was said about machines being different ones.
    ///
    /// # Errors
    /// As [`store::Store::records`].
    pub async fn distinct(&self) -> Result<Vec<Arc<Distinct>>, StoreError> {
        store::records::<Distinct>(&*self.store).await
    }

    /// Says that no two of these machines are one; `id` names the statement unless it was made before.
    ///
    /// # Errors
    /// [`DuplicateError`]
    pub async fn tell_apart(
        &self,
        id: Text,
        machine_ids: Vec<MachineId>,
        by: Identity,
    ) -> Result<Arc<Distinct>, DuplicateError> {
        let mut machine_ids = machine_ids;
        machine_ids.sort_unstable();
        machine_ids.dedup();
        if machine_ids.len() < 2 {
            return Err(DuplicateError::TooFew);
        }
        if machine_ids.len() > MOST_DISTINCT {
            return Err(DuplicateError::TooManyDistinct(machine_ids.len()));
        }
        transact(&*self.store, Pace::AtOnce, move |transaction| {
            let missing = machine_ids.iter().find(|id| transaction.machine(id).is_none());
            if let Some(missing) = missing {
                return Ok(Err(DuplicateError::Unknown(missing.clone())));
            }
            let known = transaction.records_of::<Distinct>();
            if let Some(same) = known.iter().find(|known| known.machine_ids == machine_ids) {
                return Ok(Ok(Arc::clone(same)));
            }
            if known.len() >= MOST_STATEMENTS {
                return Ok(Err(DuplicateError::TooManyStatements));
            }
            let distinct = Distinct {
                id: id.clone(),
                machine_ids: machine_ids.clone(),
                said_at: by.at,
                said_by: by.caller.to_string(),
            };
            transaction.audit(by.did(
                "machines.tell_apart",
                id.as_str(),
                None,
                Some(shown(&distinct)),
            ));
            transaction.put_record(distinct.clone());
            Ok(Ok(Arc::new(distinct)))
        })
        .await?
    }

    /// Takes back that machines are different ones.
    ///
    /// # Errors
    /// [`DuplicateError`]
    pub async fn forget_distinct(&self, id: &str, by: Identity) -> Result<(), DuplicateError> {
        let id = id.to_owned();
        transact(&*self.store, Pace::AtOnce, move |transaction| {
            let Some(distinct) = transaction.record_of::<Distinct>(&id) else {
                return Ok(Err(DuplicateError::UnknownStatement(id.clone())));
            };
            let before = Some(shown(&distinct));
            transaction.audit(by.did("machines.tell_apart", id.as_str(), before, None));
            transaction.remove_record::<Distinct>(&id);
            Ok(Ok(()))
        })
        .await?
    }
}

/// The merges, each of machines that are there and are in no other one.
fn chosen(transaction: &Transaction<'_>, merges: &Merges) -> Result<Vec<Merge>, DuplicateError> {
    match merges {
        Merges::Safe => {
            let machines = transaction.matching(&Filter::default());
            let distinct = transaction.records_of::<Distinct>();
            let safe = model::candidates(&machines, &distinct);
            let safe = safe.into_iter().filter(Candidate::is_safe);
            let mut taken = HashSet::new();
            let mut merges = Vec::new();
            for candidate in safe {
                let mut ids = candidate.machines.iter().map(|machine| machine.id.clone());
                let (Some(keep), others) = (ids.next(), ids.collect::<Vec<_>>()) else { continue };
                // Alike in two ways: the next look finds what is left.
                let is_new = |id: &MachineId| !taken.contains(id);
                if !is_new(&keep) || !others.iter().all(is_new) {
                    continue;
                }
                if taken.len() + 1 + others.len() > MOST_AT_ONCE {
                    break;
                }
                taken.extend(others.iter().cloned().chain([keep.clone()]));
                merges.push(Merge { keep, others });
            }
            Ok(merges)
        }
        Merges::These(merges) => {
            let named = merges.iter().map(|merge| merge.others.len() + 1).sum();
            if named > MOST_AT_ONCE {
                return Err(DuplicateError::TooMany(named));
            }
            let mut seen = HashSet::new();
            for Merge { keep, others } in merges {
                if others.is_empty() {
                    return Err(DuplicateError::TooFew);
                }
                for id in others.iter().chain([keep]) {
                    if !seen.insert(id) {
                        return Err(DuplicateError::Twice(id.clone()));
                    }
                    if transaction.machine(id).is_none() {
                        return Err(DuplicateError::Unknown(id.clone()));
                    }
                }
            }
            Ok(merges.clone())
        }
    }
}

/// Merges one machine into another one, and answers the latter.
fn merge(
    transaction: &mut Transaction<'_>,
    kept: &Arc<Machine>,
    machine: Arc<Machine>,
    by: &Identity,
) -> Result<Arc<Machine>, StoreError> {
    let after = transaction.import_machines(&[model::merged(kept, &machine)])?;
    let after = after.into_iter().next().ok_or(StoreError::NotFound)?;
    transaction.delete_machine(&machine.id)?;
    let before = Some(history::summary(&machine));
    let into = Some(serde_json::json!({"merged_into": kept.id.as_str()}).to_string());
    transaction.audit(by.did("machine.merge", machine.id.as_str(), before, into));
    if let Some((was, is)) = history::difference(&kept.human, &after.human) {
        transaction.audit(by.did("machine.edit", kept.id.as_str(), Some(was), Some(is)));
    }
    transaction.put_record(MergedMachine {
        machine,
        before: Arc::clone(kept),
        after: Arc::clone(&after),
        merged_at: by.at,
        merged_by: by.caller.to_string(),
    });
    Ok(after)
}

fn shown(distinct: &Distinct) -> String {
    let ids: Vec<_> = distinct.machine_ids.iter().map(MachineId::as_str).collect();
    serde_json::json!({"machine_ids": ids}).to_string()
}
