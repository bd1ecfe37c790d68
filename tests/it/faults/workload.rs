//! What servers are asked for, by chance, and what a store may then hold: everything that was
//! acknowledged, perhaps what was refused because the store was not available, and nothing else.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chrono::TimeDelta;
use tatuscan::model::access::{AuditEntry, AuditQuery, Record, Scope, Token, hex};
use tatuscan::model::{
    HumanEdit, HumanFields, Machine, MachineId, MachineQuery, Report, SectionName,
};
use tatuscan::store::{self, Pace, Section, Store, StoreError, Transaction, transact};

use crate::support::machines::{noon, report, section};
use crate::support::seed::Round;

/// Few, so that much happens to each.
const MACHINES: u64 = 7;
const TOKENS: u64 = 3;

#[derive(Debug, Clone)]
enum Step {
    Report(Report),
    Edit(MachineId, HumanEdit),
    Delete(MachineId),
    Section(MachineId, Arc<Section>),
    Import(Box<Machine>),
    Count(u8),
    Forget(u8),
    Note(AuditEntry),
}

/// Several things that are asked for as one.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    steps: Vec<Step>,
    pace: Pace,
}

/// Everything that a store holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct State {
    machines: BTreeMap<MachineId, Machine>,
    sections: BTreeMap<(MachineId, SectionName), String>,
    /// How often each token was used.
    tokens: BTreeMap<String, u32>,
    /// The oldest first.
    audit: Vec<AuditEntry>,
}

/// What a store may hold, after what it was asked for and what it answered.
#[derive(Debug)]
pub(crate) struct Ledger {
    possible: Vec<State>,
    /// Subjects of entries of the audit log that may be there or not.
    forgettable: HashSet<String>,
    /// The number of the last request.
    number: i64,
    pub(crate) acknowledged: u64,
    /// Requests of which nobody knows whether they were done.
    pub(crate) unknown: u64,
    /// How often everything was read and compared.
    pub(crate) compared: u64,
}

fn token(number: u8, uses: u32) -> Token {
    Token {
        hash: [number; 32],
        name: format!("token {number}"),
        scope: Scope::Enrol,
        created_at: noon(),
        created_by: "test".into(),
        expires_at: None,
        used_at: None,
        uses,
        max_uses: None,
        tags: Vec::new(),
    }
}

impl Step {
    fn any(round: &mut Round, number: i64) -> Self {
        let id = MachineId::stored(&format!("m{}", round.below(MACHINES)));
        let machine = Report { memory_total_mb: number, id: id.clone(), ..report("", number) };
        match round.below(16) {
            0..=5 => Self::Report(machine),
            6 | 7 => {
                let days = i32::try_from(round.below(900)).unwrap();
                let activation_days = (days < 700).then_some(days);
                Self::Edit(
                    id,
                    HumanEdit {
                        activation_days: Some(activation_days),
                        computer_model: Some(Some(format!("model {number}").into())),
                        ..HumanEdit::default()
                    },
                )
            }
            8 => Self::Delete(id),
            9..=11 => Self::Section(id, any_section(round, number)),
            12 => {
                let machine = Machine {
                    human: HumanFields { activation_days: Some(3), ..HumanFields::default() },
                    ..Machine::first_seen(machine)
                };
                Self::Import(Box::new(machine))
            }
            13 => Self::Count(u8::try_from(round.below(TOKENS)).unwrap()),
            14 if round.once_in(3) => Self::Forget(u8::try_from(round.below(TOKENS)).unwrap()),
            _ => Self::Note(AuditEntry {
                at: noon() + TimeDelta::seconds(number),
                actor: "user ana".into(),
                peer: "10.0.0.1".into(),
                action: "machine.edit".into(),
                subject: format!("request {number}"),
                before: None,
                after: None,
            }),
        }
    }

    fn run(&self, transaction: &mut Transaction<'_>) -> Result<(), StoreError> {
        match self {
            Self::Report(report) => {
                transaction.record_reports(std::slice::from_ref(report))?;
            }
            Self::Edit(id, edit) => {
                transaction.edit_machine(id, edit)?;
            }
            Self::Delete(id) => {
                transaction.delete_machine(id)?;
            }
            Self::Section(id, section) => {
                let serial = section.content()?.len().to_string();
                let serial = Some(serial.as_str().into());
                transaction.put_section(id, section, |hardware| hardware.serial = serial)?;
            }
            Self::Import(machine) => {
                transaction.import_machines(std::slice::from_ref(&**machine))?;
            }
            Self::Count(number) => {
                let known = transaction.record_of::<Token>(&hex(&[*number; 32]));
                let uses = known.map_or(0, |token| token.uses) + 1;
                transaction.put_record(token(*number, uses));
            }
            Self::Forget(number) => {
                transaction.remove_record::<Token>(&hex(&[*number; 32]));
            }
            Self::Note(entry) => transaction.audit(entry.clone()),
        }
        Ok(())
    }
}

/// One that takes from one block of the disk to a dozen.
fn any_section(round: &mut Round, number: i64) -> Arc<Section> {
    let words = 1 << round.below(12);
    let text: Vec<_> = (0..words).map(|_| format!("{:x}", round.below(u64::MAX))).collect();
    let name = SectionName::ALL[round.index(3)];
    section(name, &serde_json::json!(text).to_string(), number)
}

impl Request {
    pub(crate) fn any(round: &mut Round, number: i64) -> Self {
        let steps = if round.once_in(4) { round.within(2..5) } else { 1 };
        let steps = (0..steps).map(|_| Step::any(round, number)).collect();
        Self { steps, pace: if round.once_in(2) { Pace::AtOnce } else { Pace::Shared } }
    }

    async fn send(&self, store: &dyn Store) -> Result<(), StoreError> {
        let steps = self.steps.clone();
        transact(store, self.pace, move |transaction| {
            steps.iter().try_for_each(|step| step.run(transaction))
        })
        .await
    }
}

impl State {
    /// What a store holds now.
    pub(crate) async fn of(store: &dyn Store) -> Result<Self, StoreError> {
        let mut state = Self::default();
        for machine in store.machines(&MachineQuery::default()).await?.machines {
            state.machines.insert(machine.id.clone(), (*machine).clone());
        }
        let ids: Vec<_> = state.machines.keys().cloned().collect();
        for (id, section) in store.sections(&ids).await? {
            let received = *section.received();
            let known = state.machines[&id].hardware.section(received.name);
            assert_eq!(known, Some(&received), "{id}");
            state.sections.insert((id, received.name), section.content()?);
        }
        let known = state.machines.values().map(|machine| machine.hardware.sections.len());
        assert_eq!(known.sum::<usize>(), state.sections.len(), "a section is not there");
        for token in store::records::<Token>(store).await? {
            state.tokens.insert(token.name.clone(), token.uses);
        }
        let (subject, action) = (None, None);
        let all = AuditQuery { before: None, subject, action, until: None, limit: usize::MAX / 4 };
        let entries = store.audit(&all).await?.entries;
        assert!(entries.is_sorted_by(|(newer, _), (older, _)| newer > older));
        state.audit = entries.into_iter().rev().map(|(_, entry)| entry).collect();
        Ok(state)
    }

    /// What a backup holds.
    pub(crate) fn of_backup(backup: &store::backup::Backup) -> Self {
        let mut state = Self::default();
        let snapshot = backup.snapshot();
        let ids: Vec<_> = snapshot.machines.iter().map(|machine| machine.id.clone()).collect();
        for machine in snapshot.machines {
            state.machines.insert(machine.id.clone(), (*machine).clone());
        }
        for (id, section) in backup.sections(&ids).unwrap() {
            let at = (id, section.received().name);
            state.sections.insert(at, section.content().unwrap());
        }
        for record in snapshot.records {
            if let Record::Token(token) = record {
                state.tokens.insert(token.name.clone(), token.uses);
            }
        }
        let audit = backup.audit(0, usize::MAX / 4).unwrap();
        state.audit = audit.into_iter().map(|(_, entry)| entry).collect();
        state
    }

    fn forget(&mut self, forgettable: &HashSet<String>) {
        self.audit.retain(|entry| !forgettable.contains(&entry.subject));
    }

    /// What it is after a request; `None` when that must be refused.
    fn after(&self, request: &Request) -> Option<Self> {
        let mut state = self.clone();
        for step in &request.steps {
            state.take(step)?;
        }
        Some(state)
    }

    fn take(&mut self, step: &Step) -> Option<()> {
        match step {
            Step::Report(report) => {
                let machine = match self.machines.get(&report.id) {
                    Some(machine) => machine.reported(report.clone()),
                    None => Machine::first_seen(report.clone()),
                };
                self.machines.insert(report.id.clone(), machine);
            }
            Step::Edit(id, edit) => {
                let machine = self.machines.get_mut(id)?;
                *machine = machine.edited(edit);
            }
            Step::Delete(id) => {
                self.machines.remove(id)?;
                self.sections.retain(|(of, _), _| of != id);
            }
            Step::Section(id, section) => {
                let machine = self.machines.get_mut(id)?;
                let content = section.content().unwrap();
                machine.hardware = machine.hardware.with(|hardware| {
                    hardware.serial = Some(content.len().to_string().as_str().into());
                    hardware.receive(*section.received());
                });
                self.sections.insert((id.clone(), section.received().name), content);
            }
            Step::Import(machine) => {
                let mut machine = (**machine).clone();
                if let Some(held) = self.machines.get(&machine.id) {
                    machine.hardware = machine.hardware.with_sections(&held.hardware.sections);
                }
                self.machines.insert(machine.id.clone(), machine);
            }
            Step::Count(number) => {
                *self.tokens.entry(format!("token {number}")).or_default() += 1;
            }
            Step::Forget(number) => {
                self.tokens.remove(&format!("token {number}"));
            }
            Step::Note(entry) => self.audit.push(entry.clone()),
        }
        Some(())
    }

    /// Where it differs from another one, in few words.
    fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for id in self.machines.keys().chain(other.machines.keys()) {
            let (mine, theirs) = (self.machines.get(id), other.machines.get(id));
            if mine != theirs && !found.iter().any(|text: &String| text.contains(id.as_str())) {
                found.push(format!("{id}: {mine:?} and {theirs:?}"));
            }
        }
        if self.sections != other.sections {
            let of = |state: &Self| {
                let sections = state.sections.iter();
                sections.map(|(at, text)| format!("{at:?} {}", text.len())).collect::<Vec<_>>()
            };
            found.push(format!("sections: {:?} and {:?}", of(self), of(other)));
        }
        if self.tokens != other.tokens {
            found.push(format!("tokens: {:?} and {:?}", self.tokens, other.tokens));
        }
        if self.audit != other.audit {
            let of = |state: &Self| {
                let entries = state.audit.iter();
                entries.map(|entry| entry.subject.clone()).collect::<Vec<_>>()
            };
            found.push(format!("audit: {:?} and {:?}", of(self), of(other)));
        }
        found
    }
}

impl Ledger {
    /// Of a store that holds nothing.
    pub(crate) fn new() -> Self {
        let possible = vec![State::default()];
        let forgettable = HashSet::new();
        Self { possible, forgettable, number: 0, acknowledged: 0, unknown: 0, compared: 0 }
    }

    /// A request that was not sent yet.
    pub(crate) fn next(&mut self, round: &mut Round) -> Request {
        self.number += 1;
        Request::any(round, self.number)
    }

    /// Sends a request, and draws the conclusions from the answer. Answers why it was not done, if that
    /// is the store's fault.
    pub(crate) async fn send(
        &mut self,
        store: &dyn Store,
        request: &Request,
    ) -> Result<(), StoreError> {
        let answer = request.send(store).await;
        let after = self.possible.iter().map(|state| state.after(request));
        match answer {
            Ok(()) => {
                self.possible = after.flatten().collect();
                assert!(!self.possible.is_empty(), "it did what it must refuse: {request:?}");
                self.acknowledged += 1;
                // An answer is given on what is there: there is one state that it can be given on.
                if self.possible.len() > 1
                    && let Ok(state) = State::of(store).await
                {
                    self.is(&state, "after an answer");
                }
                Ok(())
            }
            Err(StoreError::NotFound) => {
                let refused: Vec<_> = after.map(|after| after.is_none()).collect();
                let mut refused = refused.into_iter();
                self.possible.retain(|_| refused.next().unwrap());
                assert!(!self.possible.is_empty(), "it refused what it must do: {request:?}");
                Ok(())
            }
            Err(error @ (StoreError::Unavailable(_) | StoreError::Full)) => {
                let after: Vec<_> = after.flatten().collect();
                for state in after {
                    if !self.possible.contains(&state) {
                        self.possible.push(state);
                    }
                }
                self.unknown += 1;
                Err(error)
            }
            Err(error) => panic!("{error}: {request:?}"),
        }
    }

    /// Lets a part of the audit log be forgotten.
    pub(crate) async fn forget_audit(
        &mut self,
        store: &dyn Store,
        round: &mut Round,
    ) -> Result<(), StoreError> {
        let (subject, action) = (None, None);
        let all = AuditQuery { before: None, subject, action, until: None, limit: usize::MAX / 4 };
        let entries = store.audit(&all).await?.entries;
        if entries.is_empty() {
            return Ok(());
        }
        // The newest first. Those that no fold has brought into the database may stay.
        let kept = round.index(entries.len());
        let older = entries[kept + 1..].iter().map(|(_, entry)| entry.subject.clone());
        self.forgettable.extend(older);
        self.possible.iter_mut().for_each(|state| state.forget(&self.forgettable));
        store.forget_audit(entries[kept].0).await
    }

    /// Checks that a store holds what it may, and nothing else.
    pub(crate) async fn compare(&mut self, store: &dyn Store, context: &str) {
        let state = State::of(store).await.unwrap_or_else(|error| panic!("{context}: {error}"));
        self.is(&state, context);
    }

    /// Checks that this is what there may be; from then on it is what there is.
    pub(crate) fn is(&mut self, state: &State, context: &str) {
        self.compared += 1;
        let mut state = state.clone();
        state.forget(&self.forgettable);
        if self.possible.contains(&state) {
            self.possible = vec![state];
            return;
        }
        for (number, possible) in self.possible.iter().enumerate() {
            let differences = possible.differences(&state).join("\n  ");
            eprintln!("{context}: what may be there ({number}) and what is:\n  {differences}");
        }
        panic!("{context}: after request {} it holds what it must not", self.number);
    }
}
