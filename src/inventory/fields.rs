//! Fields that admins define: what machines can have a value of.

use std::sync::Arc;

use super::edit::clear_values;
use super::{Inventory, history};
use crate::model::access::{Identity, RemovedMachine};
use crate::model::{
    CUSTOM_FIELDS, CustomField, CustomKind, CustomValue, Filter, Labels, Machine, Text,
};
use crate::store::{self, Pace, StoreError, Transaction, transact};

/// Machines whose values are cleared in one transaction.
const PIECE: usize = 1_000;

/// A field to define.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewField {
    /// What programs call it; see [`crate::model::is_key`].
    pub key: Text,
    /// What it holds.
    pub kind: CustomKind,
    /// What people call it.
    pub labels: Labels,
    /// Where it stands; `None` for the end.
    pub order: Option<i32>,
}

/// What is to be different about a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldChange {
    /// What people call it.
    pub labels: Option<Labels>,
    /// Where it stands.
    pub order: Option<i32>,
    /// What can be chosen.
    pub choices: Option<Vec<Text>>,
}

/// Why a field was not defined, changed or removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// There is one with this key.
    #[error("There is a field {0} already")]
    Exists(Text),
    /// There is none with this key.
    #[error("There is no field {0}")]
    Unknown(Text),
    /// There are enough.
    #[error("There are {CUSTOM_FIELDS} fields already; remove one first")]
    TooMany,
    /// Nothing can be chosen in it.
    #[error("choices are for fields of the type choice, and {0} is of the type {1}")]
    NoChoice(Text, &'static str),
    /// Machines have values that would be lost.
    #[error(
        "{machines} machines have values of {key} that would be lost, removed machines included; \
         discard_values=true clears them"
    )]
    InUse {
        /// The field.
        key: Text,
        /// How many machines.
        machines: usize,
    },
    /// The store cannot.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of an attempt to take values away.
enum Step<T> {
    Done(T),
    /// Some are cleared; there are more.
    Again,
}

impl Inventory {
    /// Every field, in order.
    ///
    /// # Errors
    /// As [`store::Store::records`].
    pub async fn fields(&self) -> Result<Vec<Arc<CustomField>>, StoreError> {
        let mut fields = store::records::<CustomField>(&*self.store).await?;
        fields.sort_by(|a, b| (a.order, &a.key).cmp(&(b.order, &b.key)));
        Ok(fields)
    }

    /// Defines a field.
    ///
    /// # Errors
    /// [`FieldError`]
    pub async fn add_field(&self, new: NewField, by: Identity) -> Result<CustomField, FieldError> {
        transact(&*self.store, Pace::AtOnce, move |transaction| {
            let fields = transaction.records_of::<CustomField>();
            if fields.iter().any(|field| field.key == new.key) {
                return Ok(Err(FieldError::Exists(new.key.clone())));
            }
            if fields.len() >= CUSTOM_FIELDS {
                return Ok(Err(FieldError::TooMany));
            }
            let last = fields.iter().map(|field| field.order).max();
            let field = CustomField {
                key: new.key.clone(),
                kind: new.kind.clone(),
                labels: new.labels.clone(),
                order: new.order.unwrap_or(last.map_or(0, |last| last.saturating_add(1))),
            };
            let after = Some(history::field(&field));
            transaction.audit(by.did("field.create", field.key.as_str(), None, after));
            transaction.put_record(field.clone());
            Ok(Ok(field))
        })
        .await?
    }

    /// Changes a field. Values that can no longer be chosen are cleared first, if `discard` allows it,
    /// some machines after the others: when that is interrupted, the field is still as it was.
    ///
    /// # Errors
    /// [`FieldError`]
    pub async fn change_field(
        &self,
        key: &str,
        change: FieldChange,
        discard: bool,
        by: Identity,
    ) -> Result<CustomField, FieldError> {
        let key = Text::from(key);
        loop {
            let (key, change, by) = (key.clone(), change.clone(), by.clone());
            let step = transact(&*self.store, Pace::Large, move |transaction| {
                let before = match transaction.record_of::<CustomField>(&key) {
                    Some(field) => field,
                    None => return Ok(Err(FieldError::Unknown(key.clone()))),
                };
                let mut after = (*before).clone();
                if let Some(choices) = &change.choices {
                    let CustomKind::Choice(offered) = &mut after.kind else {
                        return Ok(Err(FieldError::NoChoice(key.clone(), before.kind.name())));
                    };
                    offered.clone_from(choices);
                }
                after.labels = change.labels.clone().unwrap_or(after.labels);
                after.order = change.order.unwrap_or(after.order);
                let lost = |value: &CustomValue| !after.takes(value);
                if change.choices.is_some()
                    && let Some(step) = take_away(transaction, &key, discard, lost, &by)?
                {
                    return Ok(step);
                }
                if after != *before {
                    let (was, is) = (history::field(&before), history::field(&after));
                    transaction.audit(by.did("field.change", key.as_str(), Some(was), Some(is)));
                    transaction.put_record(after.clone());
                }
                Ok(Ok(Step::Done(after)))
            });
            if let Step::Done(field) = step.await?? {
                return Ok(field);
            }
        }
    }

    /// Removes a field. Its values are cleared first, if `discard` allows it, as in
    /// [`Inventory::change_field`].
    ///
    /// # Errors
    /// [`FieldError`]
    pub async fn remove_field(
        &self,
        key: &str,
        discard: bool,
        by: Identity,
    ) -> Result<(), FieldError> {
        let key = Text::from(key);
        loop {
            let (key, by) = (key.clone(), by.clone());
            let step = transact(&*self.store, Pace::Large, move |transaction| {
                let Some(before) = transaction.record_of::<CustomField>(&key) else {
                    return Ok(Err(FieldError::Unknown(key.clone())));
                };
                if let Some(step) = take_away(transaction, &key, discard, |_| true, &by)? {
                    return Ok(step);
                }
                let was = Some(history::field(&before));
                transaction.audit(by.did("field.delete", key.as_str(), was, None));
                transaction.remove_record::<CustomField>(&key);
                Ok(Ok(Step::Done(())))
            });
            if let Step::Done(()) = step.await?? {
                return Ok(());
            }
        }
    }
}

/// Clears values of a field, of some machines; `None` when no machine has one that is to go.
fn take_away<T>(
    transaction: &mut Transaction<'_>,
    key: &Text,
    discard: bool,
    is_lost: impl Fn(&CustomValue) -> bool,
    by: &Identity,
) -> Result<Option<Result<Step<T>, FieldError>>, StoreError> {
    let has = |machine: &Machine| machine.human.asset.custom.get(key).is_some_and(&is_lost);
    let mut machines = transaction.matching(&Filter::default());
    machines.retain(|machine| has(machine));
    let mut removed = transaction.records_of::<RemovedMachine>();
    removed.retain(|removed| has(&removed.machine));
    let count = machines.len() + removed.len();
    if count == 0 {
        return Ok(None);
    }
    if !discard {
        return Ok(Some(Err(FieldError::InUse { key: key.clone(), machines: count })));
    }
    machines.truncate(PIECE);
    removed.truncate(PIECE);
    clear_values(transaction, &machines, key, by)?;
    for removed in removed {
        let mut machine = (*removed.machine).clone();
        machine.human.asset = machine.human.asset.with(|fields| fields.custom.remove(key));
        let removed = (*removed).clone();
        transaction.put_record(RemovedMachine { machine: Arc::new(machine), ..removed });
    }
    Ok(Some(Ok(Step::Again)))
}
