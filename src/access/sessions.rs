//! People who are logged in.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::failures::{Attempt, admit};
use super::password::Hashing;
use super::secret::hash;
use super::{Access, Caller, Identity, LoginError, Secret, browsers};
use crate::model::access::{
    Browser, Failures, Founding, Kept as _, SecretHash, Session, User, hex,
};
use crate::store::{self, Pace, StoreError, Transaction, transact};

/// How exactly the last use is kept.
const USED: TimeDelta = TimeDelta::minutes(5);
/// Sessions that a person may have at once; beyond them the one ends that was unused for longest.
const MOST: usize = 50;

/// Somebody who was just logged in.
#[derive(Debug)]
pub struct LoggedIn {
    /// Who.
    pub user: User,
    /// What the session's cookie holds from now on.
    pub session: Secret,
    /// What the browser's own cookie holds from now on; `None` when it has one that counts.
    pub browser: Option<Secret>,
}

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
        if (now - session.used_at).abs() >= USED {
            self.note_session(&session, now);
        }
        let (name, role) = (user.name.clone(), user.role);
        Ok(Some(Caller::Person { name, role, session: hash }))
    }

    /// Logs a person in; `browser` is what the browser's own cookie holds, if it has one.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn log_in(
        &self,
        name: &str,
        password: &str,
        browser: Option<&str>,
        by: Identity,
    ) -> Result<LoggedIn, LoginError> {
        let name = name.trim().to_lowercase();
        let salt = self.salt(by.at).await?;
        // With the turn comes the look at earlier failures: many at once get no more guesses.
        let turn = self.inner.hashing.turn().await;
        let known = self.browser(browser, &name).await?;
        let attempt = Attempt::new(&name, &salt, known.as_deref());
        for bucket in attempt.buckets() {
            if let Some(failures) = store::record::<Failures>(self.store(), &bucket).await? {
                admit(&failures, by.at)?;
            }
        }
        let user = store::record::<User>(self.store(), &name).await?;
        let phc = user.as_ref().map(|user| user.password.as_str());
        if !Hashing::verify(&turn, password, phc).await {
            transact(self.store(), Pace::AtOnce, move |transaction| {
                attempt.failed(transaction, &by);
                Ok(())
            })
            .await?;
            return Err(LoginError::Wrong);
        }
        drop(turn);
        let verified = user.ok_or(LoginError::Wrong)?;
        let session = Secret::random();
        let fresh = known.is_none().then(Secret::random);
        let (cookie, now, entry) =
            (fresh.clone().unwrap_or_else(Secret::random), by.at, by.clone());
        let begun = self.begin_session(&session, &name, by, move |transaction| {
            let user = transaction.record_of::<User>(&verified.name);
            // The password may have changed meanwhile.
            let user = user.filter(|user| user.password == verified.password)?;
            attempt.succeeded(transaction);
            browsers::note(transaction, &user, known.as_deref(), &cookie, now);
            transaction.audit(entry.did("login", &user.name, None, None));
            Some((*user).clone())
        });
        let user = begun.await?.ok_or(LoginError::Wrong)?;
        Ok(LoggedIn { user, session, browser: fresh })
    }

    /// The browser whose cookie this is, when this person logged in there before.
    async fn browser(
        &self,
        cookie: Option<&str>,
        name: &str,
    ) -> Result<Option<Arc<Browser>>, StoreError> {
        let Some(cookie) = cookie else { return Ok(None) };
        let browser = store::record::<Browser>(self.store(), &hex(&hash(cookie))).await?;
        Ok(browser.filter(|browser| browser.user == name))
    }

    /// What buckets of names are chosen with.
    async fn salt(&self, now: DateTime<Utc>) -> Result<[u8; 32], StoreError> {
        match store::record::<Founding>(self.store(), "founding").await? {
            Some(founding) => Ok(founding.salt),
            None => Ok(self.found(now).await?.salt),
        }
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
            let (over, mut own): (Vec<_>, Vec<_>) =
                transaction.records_of::<Session>().into_iter().partition(|it| it.is_over(by.at));
            own.retain(|session| session.user == name);
            own.sort_by_key(|session| std::cmp::Reverse(session.used_at));
            for session in over.iter().chain(own.iter().skip(MOST - 1)) {
                transaction.remove_record::<Session>(&session.id());
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

    /// Sessions that are not over, the last used first.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot say.
    pub async fn sessions(&self, now: DateTime<Utc>) -> Result<Vec<Arc<Session>>, StoreError> {
        let mut sessions = store::records::<Session>(self.store()).await?;
        sessions.retain(|session| !session.is_over(now));
        sessions.sort_by_key(|session| std::cmp::Reverse(session.used_at));
        Ok(sessions)
    }

    /// Ends the session with this label.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown one.
    pub async fn end_session(&self, label: &str, by: Identity) -> Result<(), StoreError> {
        let label = label.to_owned();
        transact(self.store(), Pace::AtOnce, move |transaction| {
            let sessions = transaction.records_of::<Session>();
            let session = sessions.iter().find(|session| session.label() == label);
            let session = session.ok_or(StoreError::NotFound)?;
            let before = serde_json::json!({"user": session.user, "peer": session.peer});
            let entry = by.did("session.end", &label, Some(before.to_string()), None);
            transaction.remove_record::<Session>(&session.id());
            transaction.audit(entry);
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
