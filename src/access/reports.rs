//! Whose report a machine's is.

use std::sync::Arc;

use super::enrolment::tag;
use super::{Access, Caller, Identity, Inner, Mode};
use crate::model::access::{MachineKey, Role, Scope, SecretHash};
use crate::model::{MachineId, MergedMachine, Proof, Report, SectionFacts};
use crate::store::{Pace, Recorded, Section, StoreError, Transaction, transact};

/// What a report proves of the one who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// Nothing.
    Nobody,
    /// That it may report machines.
    Reporter,
    /// That it is an admin, who still is no machine.
    Admin,
    /// That it has a machine's key.
    Machine {
        /// The key.
        public_key: [u8; 32],
        /// The number of the report.
        sequence: u64,
        /// The SHA-256 of the body.
        digest: SecretHash,
    },
}

/// What became of a report.
#[derive(Debug, Clone, PartialEq)]
pub enum Ingested {
    /// It is on disk.
    Recorded(Recorded),
    /// It was not taken, and nothing changed.
    Refused(Refusal),
}

/// Why a report was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The machine signs its reports, and this one is not signed.
    Enrolled,
    /// The machine signs its reports, and an admin cannot stand in for it.
    NotTheMachine,
    /// The machine has no key, or another one.
    UnknownKey,
    /// A report with this number or a later one was taken already, or the number is so far ahead that
    /// the machine was told a wrong one.
    Stale {
        /// The last number.
        last_seq: u64,
    },
    /// There are too many new machines.
    TooManyNew,
}

/// The largest number of a report: what JSON carries exactly.
const LARGEST: u64 = (1 << 53) - 1;
/// By how many a number may be ahead of the last one: more than a machine sends while a server is set
/// back to a backup. Whoever has it take a larger one would soon leave none for later reports.
const AHEAD: u64 = 1 << 32;

impl Access {
    /// Records one report, when it is its sender's to make; the answer means that it is on disk.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be recorded.
    pub async fn report(&self, report: Report, by: Identity) -> Result<Ingested, StoreError> {
        if !self.inner.space.is_enough(report.received_at) {
            return Err(StoreError::Full);
        }
        let sender = self.sender(&by.caller);
        let report = Report { proof: proof(&by.caller), ..report };
        let access = Arc::clone(&self.inner);
        let mut unsigned = None;
        transact(&*self.inner.store, Pace::Shared, move |transaction| {
            let own_id = &report.id;
            let admitted = access.admitted(transaction, own_id, &sender, &by, &mut unsigned);
            let Admitted { is_new, merged, key } = match admitted {
                Ok(admitted) => admitted,
                Err(answer) => return Ok(answer),
            };
            let id = merged.as_ref().unwrap_or(own_id);
            let has_token = sender != Sender::Nobody;
            let (machines, now) = (transaction.machine_count(), report.received_at);
            if is_new && !access.flood.admits(has_token, machines, now) {
                return Ok(Ingested::Refused(Refusal::TooManyNew));
            }
            let recorded = match &merged {
                Some(id) => {
                    transaction.record_reports(&[Report { id: id.clone(), ..report.clone() }])?
                }
                None => transaction.record_reports(std::slice::from_ref(&report))?,
            };
            if let (Sender::Machine { sequence, digest, .. }, Some(key)) = (&sender, key) {
                let (sequence, digest) = (*sequence, *digest);
                let tags = Vec::new();
                if !key.tags.is_empty() {
                    tag(transaction, id, &key.tags, &by)?;
                }
                transaction.put_record(MachineKey { sequence, digest, tags, ..(*key).clone() });
            }
            match recorded.into_iter().next() {
                Some(recorded) => Ok(Ingested::Recorded(recorded)),
                None => Err(StoreError::Backend("a report was not answered".into())),
            }
        })
        .await
    }

    /// Keeps a section of a machine that has reported, when it is its sender's to send; the answer means
    /// that it is on disk. Sections are numbered together with reports.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the machine has not reported, and [`StoreError`] when it cannot be
    /// kept.
    pub async fn put_section(
        &self,
        own_id: &MachineId,
        section: Section,
        facts: SectionFacts,
        by: Identity,
    ) -> Result<Ingested, StoreError> {
        if !self.inner.space.is_enough(by.at) {
            return Err(StoreError::Full);
        }
        let sender = self.sender(&by.caller);
        let (own_id, section) = (own_id.clone(), Arc::new(section));
        let access = Arc::clone(&self.inner);
        let mut unsigned = None;
        transact(&*self.inner.store, Pace::Shared, move |transaction| {
            let admitted = access.admitted(transaction, &own_id, &sender, &by, &mut unsigned);
            let Admitted { merged, key, .. } = match admitted {
                Ok(admitted) => admitted,
                Err(answer) => return Ok(answer),
            };
            let id = merged.as_ref().unwrap_or(&own_id);
            let machine = transaction.put_section(id, &section, |hardware| facts.note(hardware))?;
            if let (Sender::Machine { sequence, digest, .. }, Some(key)) = (&sender, key) {
                let (sequence, digest) = (*sequence, *digest);
                transaction.put_record(MachineKey { sequence, digest, ..(*key).clone() });
            }
            Ok(Ingested::Recorded(Recorded { machine, created: false }))
        })
        .await
    }

    fn sender(&self, caller: &Caller) -> Sender {
        match caller {
            Caller::Anonymous if self.mode() == Mode::Off => Sender::Reporter,
            Caller::Anonymous => Sender::Nobody,
            Caller::Token(token) if token.scope == Scope::Admin => Sender::Admin,
            Caller::Token(_) => Sender::Reporter,
            Caller::TokenFile | Caller::Person { role: Role::Admin, .. } => Sender::Admin,
            Caller::Person { .. } => Sender::Nobody,
            Caller::Machine { public_key, sequence, digest, .. } => {
                Sender::Machine { public_key: *public_key, sequence: *sequence, digest: *digest }
            }
        }
    }
}

/// What a report, or a section, that is its sender's to make is about.
struct Admitted {
    /// Whether there is no such machine yet.
    is_new: bool,
    /// The machine, when that of the report's own id was merged into it.
    merged: Option<MachineId>,
    /// The key of the report's own id.
    key: Option<Arc<MachineKey>>,
}

impl Inner {
    /// Whether what comes under `own_id` is its sender's to send; when it is not, or came before, the
    /// answer. One that must be signed and is not is counted, once however often the work is begun
    /// again, in `unsigned`.
    fn admitted(
        &self,
        transaction: &mut Transaction<'_>,
        own_id: &MachineId,
        sender: &Sender,
        by: &Identity,
        unsigned: &mut Option<u64>,
    ) -> Result<Admitted, Ingested> {
        let is_known = transaction.machine(own_id).is_some();
        let merged = if is_known { None } else { merged_into(transaction, own_id) };
        let is_new = !is_known && merged.is_none();
        let id = merged.as_ref().unwrap_or(own_id);
        let key = transaction.record_of::<MachineKey>(own_id.as_str());
        let key = key.filter(|key| !key.is_forgotten);
        let admitted = admit(transaction, id, sender, key.as_deref())
            .and_then(|()| admit_merged(transaction, merged.as_ref(), sender));
        let Err(answer) = admitted else { return Ok(Admitted { is_new, merged, key }) };
        if answer == Ingested::Refused(Refusal::Enrolled) {
            let reports = *unsigned.get_or_insert_with(|| self.refused.count_unsigned(own_id));
            // Whoever goes on for long fills no log.
            if u64::is_power_of_two(reports) {
                let after = serde_json::json!({"reports": reports}).to_string();
                transaction.audit(by.did("report.refuse", own_id.as_str(), None, Some(after)));
            }
        }
        Err(answer)
    }
}

/// What whoever sends a report proves by it.
fn proof(caller: &Caller) -> Proof {
    match caller {
        Caller::Anonymous => Proof::Legacy,
        Caller::Token(_) | Caller::TokenFile | Caller::Person { .. } => Proof::Token,
        Caller::Machine { .. } => Proof::Signature,
    }
}

/// The machine that reports under this id are about, when there is none of it because it was merged into
/// another one. When that one was removed, this is a machine of its own again.
fn merged_into(transaction: &Transaction<'_>, id: &MachineId) -> Option<MachineId> {
    /// One into the other, and that one into a third; more than anybody merges.
    const MOST: usize = 16;
    let mut id = id.clone();
    for _ in 0..MOST {
        id = transaction.record_of::<MergedMachine>(id.as_str())?.into_id().clone();
        if transaction.machine(&id).is_some() {
            return Some(id);
        }
    }
    None
}

/// Whether a report under the id of a merged machine may be about the one that was kept: one that
/// proves nothing is not taken where that one's own reports are signed.
fn admit_merged(
    transaction: &Transaction<'_>,
    merged: Option<&MachineId>,
    sender: &Sender,
) -> Result<(), Ingested> {
    let is_signed = matches!(sender, Sender::Machine { .. });
    let Some(id) = merged.filter(|_| !is_signed) else { return Ok(()) };
    let key = transaction.record_of::<MachineKey>(id.as_str());
    admit(transaction, id, sender, key.filter(|key| !key.is_forgotten).as_deref())
}

/// Whether a report is its sender's to make; when it is not, or was made before, the answer. `id` is
/// the machine that it is about.
fn admit(
    transaction: &Transaction<'_>,
    id: &MachineId,
    sender: &Sender,
    key: Option<&MachineKey>,
) -> Result<(), Ingested> {
    let refused = |refusal| Err(Ingested::Refused(refusal));
    match (sender, key) {
        (Sender::Nobody | Sender::Reporter | Sender::Admin, None) => Ok(()),
        // The ratchet closes at the first signed report.
        (Sender::Nobody | Sender::Reporter | Sender::Admin, Some(key)) if key.sequence == 0 => {
            Ok(())
        }
        (Sender::Admin, Some(_)) => refused(Refusal::NotTheMachine),
        (Sender::Nobody | Sender::Reporter, Some(_)) => refused(Refusal::Enrolled),
        (Sender::Machine { public_key, sequence, digest }, Some(key))
            if key.public_key == *public_key =>
        {
            let most = key.sequence.saturating_add(AHEAD).min(LARGEST);
            if (key.sequence + 1..=most).contains(sequence) {
                return Ok(());
            }
            let is_same = *sequence == key.sequence && *digest == key.digest;
            match transaction.machine(id).filter(|_| is_same) {
                // The answer to the first one was lost.
                Some(machine) => Err(Ingested::Recorded(Recorded { machine, created: false })),
                None => refused(Refusal::Stale { last_seq: key.sequence }),
            }
        }
        (Sender::Machine { .. }, _) => refused(Refusal::UnknownKey),
    }
}
