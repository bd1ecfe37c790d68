//! People who are logged in.

use chrono::{DateTime, TimeDelta, Utc};

use super::failures::{admit, count};
use super::secret::hash;
use super::{Access, Caller, Identity, LoginError, Secret};
use crate::model::access::{Failures, Kept as _, SecretHash, Session, User, hex};
use crate::store::{self, Pace, StoreError, Transaction, transact};

/// How exactly the last use is kept.
const USED: TimeDelta = TimeDelta::minutes(5);

impl Access {
    /// Whose a browser's cookie is; `None` when the session is over.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot say.
    pub async fn caller_of_session(
        &self,
        cookie: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Caller>, StoreError> {
        let hash = hash(cookie);
        let session = store::record::<Session>(self.store(), &hex(&hash)).await?;
        let Some(session) = session.filter(|session| !session.is_over(now)) else {
            return Ok(None);
        };
        let Some(user) = store::record::<User>(self.store(), &session.user).await? else {
            return Ok(None);
        };
        if now - session.used_at >= USED {
            self.note_session(&session, now);
        }
        let (name, role) = (user.name.clone(), user.role);
        Ok(Some(Caller::Person { name, role, session: hash }))
    }

    /// Logs a person in, and answers what the browser's cookie holds from then on.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn log_in(
        &self,
        name: &str,
        password: &str,
        by: Identity,
    ) -> Result<(Secret, User), LoginError> {
        let name = name.trim().to_lowercase();
        let user = store::record::<User>(self.store(), &name).await?;
        let nobody = store::record::<Failures>(self.store(), "failures").await?;
        admit(user.as_deref(), nobody.as_deref(), by.at)?;
        let phc = user.as_ref().map(|user| user.password.as_str());
        if !self.inner.hashing.verify(password, phc).await {
            let now = by.at;
            transact(self.store(), Pace::AtOnce, move |transaction| {
                count(transaction, &name, now);
                Ok(())
            })
            .await?;
            return Err(LoginError::Wrong);
        }
        let verified = user.ok_or(LoginError::Wrong)?;
        let secret = Secret::random();
        let name = verified.name.clone();
        let begun = self.begin_session(&secret, &name, by, move |transaction| {
            let user = transaction.record_of::<User>(&verified.name);
            // The password may have changed, and others may have failed, meanwhile.
            let user = user.filter(|user| user.password == verified.password)?;
            let user = User { failures: 0, failed_at: None, ..(*user).clone() };
            transaction.put_record(user.clone());
            Some(user)
        });
        let user = begun.await?.ok_or(LoginError::Wrong)?;
        Ok((secret, user))
    }

    /// Keeps a session for whom `admit` lets in.
    pub(super) async fn begin_session(
        &self,
        secret: &Secret,
        name: &str,
        by: Identity,
        mut admit: impl FnMut(&mut Transaction<'_>) -> Option<User> + Send + 'static,
    ) -> Result<Option<User>, StoreError> {
        let (hash, name) = (secret.hash(), name.to_owned());
        transact(self.store(), Pace::AtOnce, move |transaction| {
            let Some(user) = admit(transaction) else { return Ok(None) };
            for session in transaction.records_of::<Session>() {
                if session.is_over(by.at) {
                    transaction.remove_record::<Session>(&session.id());
                }
            }
            transaction.put_record(Session {
                hash,
                user: name.clone(),
                created_at: by.at,
                used_at: by.at,
                peer: by.peer.map(|peer| peer.to_string()).unwrap_or_default(),
            });
            Ok(Some(user))
        })
        .await
    }

    /// Ends all sessions of the person whose this one is.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be ended.
    pub async fn log_out(&self, session: SecretHash) -> Result<(), StoreError> {
        transact(self.store(), Pace::AtOnce, move |transaction| {
            let Some(session) = transaction.record_of::<Session>(&hex(&session)) else {
                return Ok(());
            };
            for other in transaction.records_of::<Session>() {
                if other.user == session.user {
                    transaction.remove_record::<Session>(&other.id());
                }
            }
            Ok(())
        })
        .await
    }

    /// Keeps when a session was used last, without anybody waiting for it.
    fn note_session(&self, session: &Session, now: DateTime<Utc>) {
        let (access, id) = (self.clone(), session.id());
        tokio::spawn(async move {
            let noted = transact(access.store(), Pace::Shared, move |transaction| {
                if let Some(session) = transaction.record_of::<Session>(&id) {
                    transaction.put_record(Session { used_at: now, ..(*session).clone() });
                }
                Ok(())
            });
            // The next use tries again.
            drop(noted.await);
        });
    }
}
