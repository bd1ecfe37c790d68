//! The first hours of a new box: how its first admin comes in, and what it shows until then.

use chrono::{DateTime, TimeDelta, Utc};

use super::secret::hash;
use super::users::user_name;
use super::{Access, Identity, Secret, UserError};
use crate::model::access::{Founding, Role, SetupLink, User};
use crate::store::{self, Pace, StoreError, transact};

/// How long a new box shows its inventory to the computer it runs on.
const GRACE: TimeDelta = TimeDelta::hours(24);
/// How long a setup link counts.
const LINK: TimeDelta = TimeDelta::minutes(30);

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
        let is_young = now - founding.at < GRACE;
        Ok(founding.was_fresh && is_young && !self.is_claimed().await?)
    }

    /// Notes when this program first used the store, and whether that held nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be used.
    pub async fn found(&self, now: DateTime<Utc>) -> Result<Founding, StoreError> {
        transact(self.store(), Pace::AtOnce, move |transaction| {
            if let Some(founding) = transaction.record_of::<Founding>("founding") {
                return Ok(*founding);
            }
            let founding = Founding { at: now, was_fresh: transaction.machine_count() == 0 };
            transaction.put_record(founding);
            Ok(founding)
        })
        .await
    }

    /// A new setup link's secret, in place of the last one.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept.
    pub async fn new_setup_link(&self, now: DateTime<Utc>) -> Result<Secret, StoreError> {
        let secret = Secret::random();
        let link = SetupLink { hash: secret.hash(), expires_at: now + LINK };
        transact(self.store(), Pace::AtOnce, move |transaction| {
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
        let found = store::record::<SetupLink>(self.store(), "link").await?;
        if !found.is_some_and(|link| link.hash == given && by.at < link.expires_at) {
            return Ok(None);
        }
        let password = self.inner.hashing.hash(password).await?;
        let user = User {
            name: name.clone(),
            role: Role::Admin,
            password,
            created_at: by.at,
            failures: 0,
            failed_at: None,
        };
        let secret = Secret::random();
        let entry = by.did("user.setup", &name, None, Some("{\"role\":\"admin\"}".into()));
        let begun = self.begin_session(&secret, &name, by, move |transaction| {
            // One use, whoever is first.
            let link = transaction.record_of::<SetupLink>("link")?;
            if link.hash != given {
                return None;
            }
            transaction.remove_record::<SetupLink>("link");
            transaction.put_record(user.clone());
            transaction.audit(entry.clone());
            Some(user.clone())
        });
        Ok(begun.await?.map(|user| (secret, user)))
    }
}
