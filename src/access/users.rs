//! People: added, changed, removed.

use std::sync::Arc;

use super::{Access, Identity, PasswordError, browsers};
use crate::model::View;
use crate::model::access::{Kept as _, Role, Session, User};
use crate::store::{self, Pace, StoreError, Transaction, transact};

/// Most characters of a name.
const NAME_CHARS: usize = 64;

/// Why a person was not added or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// The name is none.
    #[error("name must be 1 to 64 characters from a-z 0-9 . _ @ -")]
    Name,
    /// The password is none.
    #[error("password: {0}")]
    Password(#[from] PasswordError),
    /// There is somebody with this name.
    #[error("There is a user {0} already")]
    Exists(String),
    /// There is nobody with this name.
    #[error("There is no user {0}")]
    Unknown(String),
    /// Nobody would be left to let anybody in.
    #[error("{0} is the last admin; make another one first")]
    LastAdmin(String),
    /// The store cannot.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Access {
    /// Adds a person.
    ///
    /// # Errors
    /// What is wrong with the name or the password.
    pub async fn add_user(
        &self,
        name: &str,
        role: Role,
        password: &str,
        by: Identity,
    ) -> Result<User, UserError> {
        let name = user_name(name)?;
        let password = self.inner.hashing.hash(password).await?;
        let user = User { name, role, password, created_at: by.at };
        self.put_user(user, by).await
    }

    /// Keeps a new person, whose password is hashed already.
    pub(super) async fn put_user(&self, user: User, by: Identity) -> Result<User, UserError> {
        let added = transact(self.store(), Pace::AtOnce, move |transaction| {
            if transaction.record_of::<User>(&user.name).is_some() {
                return Ok(Err(UserError::Exists(user.name.clone())));
            }
            let after = Some(shown(&user));
            transaction.audit(by.did("user.add", &user.name, None, after));
            transaction.put_record(user.clone());
            Ok(Ok(user.clone()))
        });
        added.await?
    }

    /// Gives a person another password, another role, or both, and ends all of the person's
    /// sessions.
    ///
    /// # Errors
    /// What is wrong with the password, or that there is no such person.
    pub async fn change_user(
        &self,
        name: &str,
        role: Option<Role>,
        password: Option<&str>,
        by: Identity,
    ) -> Result<User, UserError> {
        let name = name.to_lowercase();
        let password = match password {
            Some(password) => Some(self.inner.hashing.hash(password).await?),
            None => None,
        };
        let changed = transact(self.store(), Pace::AtOnce, move |transaction| {
            let Some(user) = transaction.record_of::<User>(&name) else {
                return Ok(Err(UserError::Unknown(name.clone())));
            };
            let role = role.unwrap_or(user.role);
            if role != Role::Admin && is_last_admin(transaction, &user) {
                return Ok(Err(UserError::LastAdmin(name.clone())));
            }
            let password = password.clone().unwrap_or_else(|| user.password.clone());
            let now = User { role, password, ..(*user).clone() };
            let entry = by.did("user.change", &name, Some(shown(&user)), Some(shown(&now)));
            end_sessions(transaction, &name);
            transaction.audit(entry);
            transaction.put_record(now.clone());
            Ok(Ok(now))
        });
        changed.await?
    }

    /// Removes a person, and ends all of the person's sessions.
    ///
    /// # Errors
    /// That there is no such person, or that it is the last admin.
    pub async fn remove_user(&self, name: &str, by: Identity) -> Result<(), UserError> {
        let name = name.to_lowercase();
        let removed = transact(self.store(), Pace::AtOnce, move |transaction| {
            let Some(user) = transaction.record_of::<User>(&name) else {
                return Ok(Err(UserError::Unknown(name.clone())));
            };
            if is_last_admin(transaction, &user) {
                return Ok(Err(UserError::LastAdmin(name.clone())));
            }
            end_sessions(transaction, &name);
            forget_views(transaction, &name);
            transaction.audit(by.did("user.remove", &name, Some(shown(&user)), None));
            transaction.remove_record::<User>(&name);
            Ok(Ok(()))
        });
        removed.await?
    }

    /// Everybody, by name.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot say.
    pub async fn users(&self) -> Result<Vec<Arc<User>>, StoreError> {
        store::records::<User>(self.store()).await
    }
}

/// A name to log in with: capitals make no difference.
pub(super) fn user_name(text: &str) -> Result<String, UserError> {
    let name = text.trim().to_lowercase();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._@-".contains(c);
    if name.is_empty() || name.len() > NAME_CHARS || !name.chars().all(allowed) {
        return Err(UserError::Name);
    }
    Ok(name)
}

/// Ends a person's sessions, and forgets the person's browsers.
pub(super) fn end_sessions(transaction: &mut Transaction<'_>, name: &str) {
    browsers::forget(transaction, name);
    for session in transaction.records_of::<Session>() {
        if session.user == name {
            transaction.remove_record::<Session>(&session.id());
        }
    }
}

/// Removes what a person kept for nobody else: whoever gets the name later shall not find it.
fn forget_views(transaction: &mut Transaction<'_>, name: &str) {
    for view in transaction.records_of::<View>() {
        if !view.is_shared && view.owner.as_deref() == Some(name) {
            transaction.remove_record::<View>(&view.id);
        }
    }
}

fn is_last_admin(transaction: &Transaction<'_>, user: &User) -> bool {
    let users = transaction.records_of::<User>();
    let admins = users.iter().filter(|user| user.role == Role::Admin);
    user.role == Role::Admin && admins.count() == 1
}

/// What the audit log says of a person.
pub(super) fn shown(user: &User) -> String {
    serde_json::json!({"role": user.role.name()}).to_string()
}
