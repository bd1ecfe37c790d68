//! Machines with keys of their own.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use ring::signature::{ED25519, UnparsedPublicKey};

use super::secret::{hash, scope_of};
use super::{Access, Caller, Identity};
use crate::model::access::{MachineKey, Scope, SecretHash, Token, WaitingKey, hex};
use crate::model::{AssetEdit, HumanEdit, MachineId, TAGS, Text, with_tags};
use crate::store::{self, Pace, StoreError, Transaction, transact};
use crate::wire::signing;

/// How long after one key another one that waits for approval is no news.
const ASKED: TimeDelta = TimeDelta::minutes(1);

/// What became of an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enrolled {
    /// The key counts; the machine's next report has a number above this one.
    Yes {
        /// The number of the last report.
        last_seq: u64,
    },
    /// The machine has another key: an admin must approve this one.
    Waiting,
}

/// Why a machine was not enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnrolmentError {
    /// The token is none, is used up, or is for something else.
    Token,
    /// The signature is not the key's.
    Signature,
    /// There are as many keys as there may be machines.
    TooMany,
    /// The store cannot.
    Store(StoreError),
}

impl From<StoreError> for EnrolmentError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Access {
    /// Gives a machine its key.
    ///
    /// # Errors
    /// [`EnrolmentError`].
    pub async fn enrol(
        &self,
        token: &str,
        id: &MachineId,
        public_key: [u8; 32],
        signature: &[u8],
        peer: IpAddr,
        now: DateTime<Utc>,
    ) -> Result<Enrolled, EnrolmentError> {
        if scope_of(token) != Some(Scope::Enrol) {
            return Err(EnrolmentError::Token);
        }
        let message = signing::enrolment(id.as_str(), &public_key);
        let key = UnparsedPublicKey::new(&ED25519, public_key);
        if key.verify(message.as_bytes(), signature).is_err() {
            return Err(EnrolmentError::Signature);
        }
        let (token_id, id) = (hex(&hash(token)), id.clone());
        // What was made up costs no write.
        if store::record::<Token>(self.store(), &token_id).await?.is_none() {
            return Err(EnrolmentError::Token);
        }
        let most_keys = self.inner.settings.flood.most;
        let enrolled = transact(self.store(), Pace::AtOnce, move |transaction| {
            let token = transaction.record_of::<Token>(&token_id);
            let Some(token) =
                token.filter(|token| token.scope == Scope::Enrol && is_left(token, now))
            else {
                return Ok(None);
            };
            let by = Identity { caller: Caller::Token(token.clone()), peer: Some(peer), at: now };
            let known = transaction.record_of::<MachineKey>(id.as_str());
            let (forgotten, known) = match known {
                Some(key) if key.is_forgotten => (Some(key), None),
                known => (None, known),
            };
            if let Some(known) = known {
                if known.public_key == public_key {
                    return Ok(Some(Ok(Enrolled::Yes { last_seq: known.sequence })));
                }
                let asked = known.waiting.as_ref().map(|waiting| waiting.public_key);
                if asked == Some(public_key) {
                    return Ok(Some(Ok(Enrolled::Waiting)));
                }
                let peer = peer.to_string();
                let tags = token.tags.clone();
                let waiting = WaitingKey { public_key, asked_at: now, peer, tags };
                // Whoever asks with one key after the other fills no log.
                let asked_at = known.waiting.as_ref().map(|waiting| waiting.asked_at);
                if asked_at.is_none_or(|asked_at| (now - asked_at).abs() >= ASKED) {
                    transaction.audit(by.did(
                        "key.ask",
                        id.as_str(),
                        None,
                        Some(shown(&public_key)),
                    ));
                }
                transaction.put_record(MachineKey { waiting: Some(waiting), ..(*known).clone() });
                return Ok(Some(Ok(Enrolled::Waiting)));
            }
            let is_one_more = forgotten.is_none();
            if is_one_more && transaction.record_count::<MachineKey>() >= most_keys {
                return Ok(Some(Err(EnrolmentError::TooMany)));
            }
            transaction.put_record(Token {
                uses: token.uses.saturating_add(1),
                used_at: Some(now),
                ..(*token).clone()
            });
            let tags = with_machine_tags(transaction, &id, token.tags.clone(), &by)?;
            let key = MachineKey { tags, ..new_key(&id, public_key, forgotten.as_deref(), now) };
            let sequence = key.sequence;
            transaction.put_record(key);
            transaction.audit(by.did("key.enrol", id.as_str(), None, Some(shown(&public_key))));
            Ok(Some(Ok(Enrolled::Yes { last_seq: sequence })))
        });
        enrolled.await?.unwrap_or(Err(EnrolmentError::Token))
    }

    /// The machine whose signature a report carries or, with its name, a section; `None` when it is not
    /// the machine's.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot say.
    pub async fn caller_of_signature(
        &self,
        id: &MachineId,
        sequence: u64,
        digest: SecretHash,
        signature: &[u8],
        section: Option<&str>,
    ) -> Result<Option<Caller>, StoreError> {
        let key = store::record::<MachineKey>(self.store(), id.as_str()).await?;
        let Some(key) = key.filter(|key| !key.is_forgotten) else { return Ok(None) };
        let message = match section {
            Some(name) => signing::section(id.as_str(), sequence, name, &digest),
            None => signing::report(id.as_str(), sequence, &digest),
        };
        let public_key = key.public_key;
        let verifier = UnparsedPublicKey::new(&ED25519, public_key);
        let is_its_own = verifier.verify(message.as_bytes(), signature).is_ok();
        let id = id.clone();
        Ok(is_its_own.then_some(Caller::Machine { id, public_key, sequence, digest }))
    }

    /// Every machine's key that counts.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot say.
    pub async fn keys(&self) -> Result<Vec<Arc<MachineKey>>, StoreError> {
        let mut keys = store::records::<MachineKey>(self.store()).await?;
        keys.retain(|key| !key.is_forgotten);
        Ok(keys)
    }

    /// Lets the key that waits take the machine's place, when it is the one that was looked at.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when none waits, [`StoreError::Conflict`] when another one does.
    pub async fn approve_key(
        &self,
        id: &MachineId,
        public_key: [u8; 32],
        by: Identity,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        transact(self.store(), Pace::AtOnce, move |transaction| {
            let known = transaction.record_of::<MachineKey>(id.as_str());
            let known = known.ok_or(StoreError::NotFound)?;
            let waiting = known.waiting.as_ref().ok_or(StoreError::NotFound)?;
            if waiting.public_key != public_key {
                let text = "Another key waits by now; look at it before you approve it";
                return Err(StoreError::Conflict(text.into()));
            }
            let (before, after) = (shown(&known.public_key), shown(&waiting.public_key));
            let entry = by.did("key.approve", id.as_str(), Some(before), Some(after));
            let tags = with_tags(&known.tags, &waiting.tags);
            let tags = with_machine_tags(transaction, &id, tags, &by)?;
            let approved = new_key(&id, waiting.public_key, Some(&*known), by.at);
            transaction.put_record(MachineKey { tags, ..approved });
            transaction.audit(entry);
            Ok(())
        })
        .await
    }

    /// Forgets a machine's key: it may report without one again, or enrol anew.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it has none.
    pub async fn reset_key(&self, id: &MachineId, by: Identity) -> Result<(), StoreError> {
        let id = id.clone();
        transact(self.store(), Pace::AtOnce, move |transaction| {
            let known = transaction.record_of::<MachineKey>(id.as_str());
            let known = known.filter(|key| !key.is_forgotten).ok_or(StoreError::NotFound)?;
            let before = Some(shown(&known.public_key));
            let entry = by.did("key.reset", id.as_str(), before, None);
            let forgotten = MachineKey { is_forgotten: true, waiting: None, ..(*known).clone() };
            transaction.put_record(forgotten);
            transaction.audit(entry);
            Ok(())
        })
        .await
    }
}

/// Gives a machine the tags that come with its enrolment, and answers those that are left to give: one
/// that is not there yet gets them at its first report.
fn with_machine_tags(
    transaction: &mut Transaction<'_>,
    id: &MachineId,
    tags: Vec<Text>,
    by: &Identity,
) -> Result<Vec<Text>, StoreError> {
    if transaction.machine(id).is_none() {
        return Ok(tags);
    }
    tag(transaction, id, &tags, by)?;
    Ok(Vec::new())
}

/// Gives a machine the tags that come with its enrolment.
pub(super) fn tag(
    transaction: &mut Transaction<'_>,
    id: &MachineId,
    tags: &[Text],
    by: &Identity,
) -> Result<(), StoreError> {
    let before = transaction.machine(id).ok_or(StoreError::NotFound)?;
    let asset = AssetEdit { add_tags: tags.to_vec(), ..AssetEdit::default() };
    let edit = HumanEdit { asset, ..HumanEdit::default() };
    let after = edit.applied(&before.human);
    if after == before.human {
        return Ok(());
    }
    if after.asset.tags.len() > TAGS {
        tracing::warn!(machine = %id, "it has too many tags for those of its enrolment token");
        return Ok(());
    }
    transaction.edit_machine(id, &edit)?;
    let shown = |tags: &[Text]| {
        let tags: Vec<_> = tags.iter().map(Text::as_str).collect();
        Some(serde_json::json!({"tags": tags}).to_string())
    };
    let (before, after) = (shown(&before.human.asset.tags), shown(&after.asset.tags));
    transaction.audit(by.did("machine.edit", id.as_str(), before, after));
    Ok(())
}

fn is_left(token: &Token, now: DateTime<Utc>) -> bool {
    !token.is_over(now) && token.max_uses.is_none_or(|most| token.uses < most)
}

/// A key in place of another one, if there was one. The numbers of a machine's reports go on whatever
/// key it has: what was signed before is not taken again, and a machine that signed once is not open to
/// unsigned reports until it signs anew.
fn new_key(
    id: &MachineId,
    public_key: [u8; 32],
    before: Option<&MachineKey>,
    now: DateTime<Utc>,
) -> MachineKey {
    let is_same = |before: &&MachineKey| before.public_key == public_key;
    MachineKey {
        machine_id: id.clone(),
        public_key,
        sequence: before.map_or(0, |before| before.sequence),
        digest: before.filter(is_same).map_or([0; 32], |before| before.digest),
        enrolled_at: now,
        is_forgotten: false,
        tags: Vec::new(),
        waiting: None,
    }
}

/// What the audit log says of a key.
fn shown(public_key: &[u8; 32]) -> String {
    serde_json::json!({"public_key": hex(public_key)}).to_string()
}
