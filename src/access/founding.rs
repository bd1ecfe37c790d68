//! The first hours of a new box: how its first admin comes in, and what it shows until then.

use chrono::{DateTime, TimeDelta, Utc};

use super::secret::hash;
use super::users::{end_sessions, shown, user_name};
use super::{Access, Identity, Secret, UserError};
use crate::model::access::{Founding, Kept as _, Role, SetupLink, User, hex};
use crate::store::{self, Pace, StoreError, transact};

/// How long a new box shows its inventory to the computer it runs on.
const GRACE: TimeDelta = TimeDelta::hours(24);
/// How long a setup link counts.
const LINK: TimeDelta = TimeDelta::minutes(30);

/// Whether a setup link takes the place of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPlace {
    /// It is the only one from now on.
    Alone,
    /// Others count too.
    BesideOthers,
}

impl Access {
    /// Whether an admin with a password exists.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot say.
    pub async fn is_claimed(&self) -> Result<bool, StoreError> {
        let users = store::records::<User>(self.store()).await?;
        Ok(users.iter().any(|user| user.role == Role::Admin))
    }

    /// Whether the inventory, which was empty when this program first used it, is younger than a
    /// day and nobody's yet.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot say.
    pub async fn is_in_grace(&self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let founding = match store::record::<Founding>(self.store(), "founding").await? {
            Some(founding) => *founding,
            None => self.found(now).await?,
        };
        let age = now - founding.at;
        // A clock that was set back proves nothing.
        let is_young = (TimeDelta::zero()..GRACE).contains(&age);
        Ok(founding.was_fresh && is_young && !self.is_claimed().await?)
    }

    /// Notes when this program first used the store, and whether that held nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be used.
    pub async fn found(&self, now: DateTime<Utc>) -> Result<Founding, StoreError> {
        let salt = Secret::random().hash();
        transact(self.store(), Pace::AtOnce, move |transaction| {
            if let Some(founding) = transaction.record_of::<Founding>("founding") {
                return Ok(*founding);
            }
            let was_fresh = transaction.machine_count() == 0;
            let founding = Founding { at: now, was_fresh, salt };
            transaction.put_record(founding);
            Ok(founding)
        })
        .await
    }

    /// A new setup link's secret. When somebody asks for it, it takes the place of all others;
    /// servers that start make theirs beside those of the others.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept.
    pub async fn new_setup_link(
        &self,
        place: LinkPlace,
        by: Identity,
    ) -> Result<Secret, StoreError> {
        let secret = Secret::random();
        let link = SetupLink { hash: secret.hash(), expires_at: by.at + LINK };
        transact(self.store(), Pace::AtOnce, move |transaction| {
            for other in transaction.records_of::<SetupLink>() {
                if place == LinkPlace::Alone || other.expires_at <= by.at {
                    transaction.remove_record::<SetupLink>(&other.id());
                }
            }
            transaction.audit(by.did("setup_link.create", "", None, None));
            transaction.put_record(link.clone());
            Ok(())
        })
        .await?;
        Ok(secret)
    }

    /// Makes the admin whom a setup link admits, and logs that admin in; `None` when the link no
    /// longer counts. An account of that name gets the new password.
    ///
    /// # Errors
    /// What is wrong with the name or the password.
    pub async fn set_up(
        &self,
        link: &str,
        name: &str,
        password: &str,
        by: Identity,
    ) -> Result<Option<(Secret, User)>, UserError> {
        let name = user_name(name)?;
        let given = hash(link);
        let found = store::record::<SetupLink>(self.store(), &hex(&given)).await?;
        if found.is_none_or(|link| by.at >= link.expires_at) {
            return Ok(None);
        }
        let password = self.inner.hashing.hash(password).await?;
        let user = User { name: name.clone(), role: Role::Admin, password, created_at: by.at };
        let secret = Secret::random();
        let made = by.clone();
        let begun = self.begin_session(&secret, &name, by, move |transaction| {
            // One use, whoever is first.
            transaction.record_of::<SetupLink>(&hex(&given))?;
            let known = transaction.record_of::<User>(&user.name);
            let created_at = known.as_ref().map_or(user.created_at, |known| known.created_at);
            let user = User { created_at, ..user.clone() };
            end_sessions(transaction, &user.name);
            for link in transaction.records_of::<SetupLink>() {
                transaction.remove_record::<SetupLink>(&link.id());
            }
            transaction.audit(made.did(
                "user.setup",
                &user.name,
                known.as_deref().map(shown),
                Some(shown(&user)),
            ));
            transaction.put_record(user.clone());
            Some(user)
        });
        Ok(begun.await?.map(|user| (secret, user)))
    }
}
