//! Views: questions that people keep under a name, for themselves or for everybody.

use std::sync::Arc;

use super::Inventory;
use crate::model::access::Identity;
use crate::model::{Text, View};
use crate::store::{self, Pace, StoreError, Transaction, transact};

/// Views that one person may keep, and that all may share.
const MOST: usize = 200;

/// A view as somebody wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ViewChange {
    /// What people call it.
    pub name: Option<Text>,
    /// The question.
    pub query: Option<String>,
    /// Whether it is for everybody.
    pub is_shared: Option<bool>,
}

/// Why a view was not kept, changed or removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// There is none with this id that one may see.
    #[error("There is no view {0}")]
    Unknown(String),
    /// There is one with this name.
    #[error("There is a view '{0}' already")]
    Exists(Text),
    /// There are enough.
    #[error("There are {MOST} views already; remove one first")]
    TooMany,
    /// It is for everybody, or would be.
    #[error("Views that everybody sees are for admins to make and to change")]
    NotAdmin,
    /// A program keeps no views for itself.
    #[error("Only people keep views of their own: log in, or give shared: true")]
    NoPerson,
    /// The store cannot.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who somebody is, as far as views go.
pub struct Keeper {
    /// A person's name; `None` for a program, and for whom nobody asks.
    pub name: Option<String>,
    /// Whether views for everybody are theirs to make and to change.
    pub is_admin: bool,
}

impl Keeper {
    fn owns(&self, view: &View) -> bool {
        self.name.is_some() && self.name == view.owner
    }

    fn sees(&self, view: &View) -> bool {
        view.is_shared || self.owns(view)
    }
}

impl Inventory {
    /// The views that somebody sees, by name: one's own, and those for everybody.
    ///
    /// # Errors
    /// As [`store::Store::records`].
    pub async fn views(&self, keeper: &Keeper) -> Result<Vec<Arc<View>>, StoreError> {
        let mut views = store::records::<View>(&*self.store).await?;
        views.retain(|view| keeper.sees(view));
        views.sort_by_cached_key(|view| (view.name.to_lowercase(), view.id.clone()));
        Ok(views)
    }

    /// Keeps a view; `id` is one that no other has.
    ///
    /// # Errors
    /// [`ViewError`]
    pub async fn add_view(
        &self,
        id: Text,
        name: Text,
        query: String,
        is_shared: bool,
        keeper: Keeper,
        by: Identity,
    ) -> Result<View, ViewError> {
        transact(&*self.store, Pace::AtOnce, move |transaction| {
            let view = View {
                id: id.clone(),
                name: name.clone(),
                query: query.clone(),
                owner: keeper.name.clone(),
                is_shared,
                changed_at: by.at,
            };
            Ok(keep(transaction, None, view, &keeper, &by))
        })
        .await?
    }

    /// Changes a view.
    ///
    /// # Errors
    /// [`ViewError`]
    pub async fn change_view(
        &self,
        id: &str,
        change: ViewChange,
        keeper: Keeper,
        by: Identity,
    ) -> Result<View, ViewError> {
        let id = id.to_owned();
        transact(&*self.store, Pace::AtOnce, move |transaction| {
            let before = match seen(transaction, &id, &keeper) {
                Ok(before) => before,
                Err(error) => return Ok(Err(error)),
            };
            let ViewChange { name, query, is_shared } = change.clone();
            let after = View {
                name: name.unwrap_or_else(|| before.name.clone()),
                query: query.unwrap_or_else(|| before.query.clone()),
                is_shared: is_shared.unwrap_or(before.is_shared),
                changed_at: by.at,
                ..(*before).clone()
            };
            Ok(keep(transaction, Some(&before), after, &keeper, &by))
        })
        .await?
    }

    /// Removes a view.
    ///
    /// # Errors
    /// [`ViewError`]
    pub async fn remove_view(
        &self,
        id: &str,
        keeper: Keeper,
        by: Identity,
    ) -> Result<(), ViewError> {
        let id = id.to_owned();
        transact(&*self.store, Pace::AtOnce, move |transaction| {
            let view = match seen(transaction, &id, &keeper) {
                Ok(view) => view,
                Err(error) => return Ok(Err(error)),
            };
            if view.is_shared && !keeper.is_admin {
                return Ok(Err(ViewError::NotAdmin));
            }
            note(transaction, "view.delete", Some(&view), None, &by);
            transaction.remove_record::<View>(&id);
            Ok(Ok(()))
        })
        .await?
    }
}

fn seen(transaction: &Transaction<'_>, id: &str, keeper: &Keeper) -> Result<Arc<View>, ViewError> {
    let view = transaction.record_of::<View>(id).filter(|view| keeper.sees(view));
    view.ok_or_else(|| ViewError::Unknown(id.to_owned()))
}

/// Keeps a view in place of what it was before, if the rules let it be.
fn keep(
    transaction: &mut Transaction<'_>,
    before: Option<&View>,
    after: View,
    keeper: &Keeper,
    by: &Identity,
) -> Result<View, ViewError> {
    let is_shared = after.is_shared || before.is_some_and(|before| before.is_shared);
    if is_shared && !keeper.is_admin {
        return Err(ViewError::NotAdmin);
    }
    if !after.is_shared && after.owner.is_none() {
        return Err(ViewError::NoPerson);
    }
    let beside = transaction.records_of::<View>();
    let beside = beside.iter().filter(|other| {
        other.id != after.id
            && other.is_shared == after.is_shared
            && (after.is_shared || other.owner == after.owner)
    });
    let mut others = 0;
    for other in beside {
        others += 1;
        if other.name.to_lowercase() == after.name.to_lowercase() {
            return Err(ViewError::Exists(after.name));
        }
    }
    if others >= MOST {
        return Err(ViewError::TooMany);
    }
    let action = if before.is_some() { "view.change" } else { "view.create" };
    note(transaction, action, before, Some(&after), by);
    transaction.put_record(after.clone());
    Ok(after)
}

/// The audit log holds what is for everybody; what people keep for themselves is theirs.
fn note(
    transaction: &mut Transaction<'_>,
    action: &str,
    before: Option<&View>,
    after: Option<&View>,
    by: &Identity,
) {
    let Some(id) = before.or(after).map(|view| view.id.clone()) else { return };
    if before.into_iter().chain(after).any(|view| view.is_shared) {
        let entry = by.did(action, id.as_str(), before.map(shown), after.map(shown));
        transaction.audit(entry);
    }
}

fn shown(view: &View) -> String {
    serde_json::json!({
        "name": view.name.as_str(),
        "query": view.query,
        "shared": view.is_shared,
        "owner": view.owner,
    })
    .to_string()
}
