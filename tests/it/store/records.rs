//! What every store must do with users, tokens and the like, with the audit log, and with requests
//! that do several things.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::TimeDelta;
use tatuscan::model::access::{
    AuditEntry, AuditQuery, Browser, Failures, Founding, Kept as _, Kind, MachineKey, Record,
    RefusedSource, RemovedMachine, Role, Scope, Session, SetupLink, Token, User, WaitingKey, hex,
};
use tatuscan::model::{
    BackupRun, CustomField, CustomKind, Distinct, Labels, Machine, MachineId, MachineQuery,
    MergedMachine, View,
};
use tatuscan::store::{self, Pace, Store, StoreError, Transaction, transact};

use super::places::Place;
use crate::support::machines::{noon, report};

pub(super) fn user(name: &str) -> User {
    User {
        name: name.into(),
        role: Role::Admin,
        password: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into(),
        created_at: noon(),
    }
}

pub(super) fn entry(number: i64, subject: &str) -> AuditEntry {
    AuditEntry {
        at: noon() + TimeDelta::seconds(number),
        actor: "user ção 😀 'x' \"y\" \\ %_".into(),
        peer: "10.0.0.1".into(),
        action: if number % 2 == 0 { "machine.edit".into() } else { "token.create".into() },
        subject: subject.into(),
        before: None,
        after: Some(format!("{{\"n\":{number}}}")),
    }
}

fn all() -> AuditQuery {
    AuditQuery { before: None, subject: None, action: None, until: None, limit: 1_000 }
}

async fn put(store: &dyn Store, work: impl Fn(&mut Transaction<'_>) + Send + 'static) {
    let work = move |transaction: &mut Transaction<'_>| {
        work(transaction);
        Ok(())
    };
    transact(store, Pace::AtOnce, work).await.unwrap();
}

/// One record of each kind, put, read, read again after opening anew, replaced and removed.
pub(super) async fn records_of_every_kind_are_kept(place: &dyn Place) {
    let id = MachineId::stored("a/b 'c' \"d\" ç");
    let key = MachineKey {
        machine_id: id.clone(),
        public_key: [7; 32],
        sequence: u64::MAX,
        digest: [255; 32],
        enrolled_at: noon(),
        is_forgotten: true,
        tags: vec!["lab 😀".into()],
        waiting: Some(WaitingKey {
            public_key: [1; 32],
            asked_at: noon(),
            peer: "::1".into(),
            tags: vec!["a".into()],
        }),
    };
    let token = Token {
        hash: [9; 32],
        name: "scripts 😀".into(),
        scope: Scope::Write,
        created_at: noon(),
        created_by: "user ana".into(),
        expires_at: Some(noon()),
        used_at: None,
        uses: 1,
        max_uses: Some(5),
        tags: vec!["lab 😀".into(), "x".into()],
    };
    let session = Session {
        hash: [8; 32],
        user: "ana".into(),
        created_at: noon(),
        used_at: noon(),
        peer: "10.0.0.9".into(),
    };
    let mut gone = Machine::first_seen(report("gone", 0));
    gone.human.asset = super::conformance::whole_asset();
    let removed = RemovedMachine {
        machine: Arc::new(gone),
        removed_at: noon(),
        removed_by: "user ana".into(),
    };
    let link = SetupLink { hash: [3; 32], expires_at: noon() };
    let founding = Founding { at: noon(), was_fresh: true, salt: [3; 32] };
    let failures = Failures { bucket: 9, count: 9, last_at: noon() };
    let field = CustomField {
        key: "rack".into(),
        kind: CustomKind::Choice(vec!["R1".into(), "ção 😀, 'x'".into()]),
        labels: Labels { pt_br: Some("Armário".into()), en: None, es: Some("\"\\".into()) },
        order: -7,
    };
    let run = BackupRun {
        begun_at: noon(),
        server: "host (process 7)".into(),
        ended_at: Some(noon()),
        error: Some("no space".into()),
        succeeded_at: None,
        bytes: u64::MAX,
    };
    let view = View {
        id: "5f1c0e9a7b3d0000".into(),
        name: "Sem sinal há 7 dias 😀".into(),
        query: "seen=%3E7d".into(),
        owner: Some("ana".into()),
        is_shared: true,
        changed_at: noon(),
    };
    let part = |name: &str, version: &str| {
        let mut machine = Machine::first_seen(report(name, 0));
        machine.human.asset = super::conformance::whole_asset();
        machine.os_version = version.into();
        Arc::new(machine)
    };
    let merged = MergedMachine {
        machine: part("part", ""),
        before: part("whole", "12"),
        after: part("whole", "13 ção"),
        merged_at: noon(),
        merged_by: "user ana".into(),
    };
    let distinct = Distinct {
        id: "5f1c0e9a7b3d0001".into(),
        machine_ids: vec![MachineId::stored("a"), MachineId::stored("ção/😀")],
        said_at: noon(),
        said_by: "admin.token".into(),
    };
    let browser = Browser { hash: [6; 32], user: "ana".into(), used_at: noon(), failures: 2 };
    let source =
        RefusedSource { network: "2001:db8::/64".parse().unwrap(), reports: 7, last_at: noon() };
    let mut store = place.open().await;
    let kept = [
        user("ana").into_record(),
        key.into_record(),
        token.into_record(),
        session.into_record(),
        removed.into_record(),
        link.into_record(),
        founding.into_record(),
        failures.into_record(),
        field.into_record(),
        run.into_record(),
        view.into_record(),
        merged.into_record(),
        distinct.into_record(),
        browser.into_record(),
        source.into_record(),
    ];
    let kinds: HashSet<_> = kept.iter().map(Record::kind).collect();
    assert_eq!(kinds.len(), Kind::ALL.len(), "one of each kind");
    let mine = kept.clone();
    put(&*store, move |transaction| transaction.put_records(&mine)).await;
    for round in 0..2 {
        store = place.open_again(&store, round).await;
        for record in &kept {
            let (kind, id) = (record.kind(), record.id());
            assert_eq!(store.record(kind, &id).await.unwrap().as_ref(), Some(record));
            assert_eq!(store.records(kind).await.unwrap().len(), 1, "{kind:?}");
        }
        assert_eq!(store.record(Kind::User, "bea").await.unwrap(), None);
    }
    put(&*store, |transaction| {
        transaction.put_record(User { role: Role::Viewer, ..user("ana") });
        transaction.remove_record::<Token>(&hex(&[9; 32]));
    })
    .await;
    for round in 0..2 {
        store = place.open_again(&store, round).await;
        let ana = store::record::<User>(&*store, "ana").await.unwrap().unwrap();
        assert_eq!(ana.role, Role::Viewer);
        assert!(store.records(Kind::Token).await.unwrap().is_empty());
    }
}

pub(super) async fn the_audit_log_is_kept_in_order(place: &dyn Place) {
    let mut store = place.open().await;
    for batch in 0..6_i64 {
        put(&*store, move |transaction| {
            for number in batch * 10..batch * 10 + 10 {
                transaction.audit(entry(number, if number % 5 == 0 { "five" } else { "other" }));
            }
        })
        .await;
    }
    for round in 0..2 {
        store = place.open_again(&store, round).await;
        let page = store.audit(&all()).await.unwrap();
        let found: Vec<_> = page.entries.iter().map(|(_, entry)| entry.clone()).collect();
        let subject = |number: i64| if number % 5 == 0 { "five" } else { "other" };
        let expected: Vec<_> = (0..60).rev().map(|number| entry(number, subject(number))).collect();
        assert_eq!(found, expected);

        // Page by page it is the same.
        let (mut pages, mut before) = (Vec::new(), None);
        loop {
            let page = store.audit(&AuditQuery { before, limit: 7, ..all() }).await.unwrap();
            let Some((last, _)) = page.entries.last() else { break };
            assert!(page.entries.len() <= 7);
            before = Some(*last);
            pages.extend(page.entries);
        }
        assert_eq!(pages, page.entries);

        let five = AuditQuery { subject: Some("five".into()), limit: 3, ..all() };
        let page = store.audit(&five).await.unwrap();
        assert_eq!(page.entries.len(), 3);
        assert!(page.entries.iter().all(|(_, entry)| entry.subject == "five"));
        let tokens = AuditQuery { action: Some("token.".into()), ..all() };
        assert_eq!(store.audit(&tokens).await.unwrap().entries.len(), 30);
        let until = AuditQuery { until: Some(noon() + TimeDelta::seconds(10)), ..all() };
        assert_eq!(store.audit(&until).await.unwrap().entries.len(), 10);
    }
    // What is old is forgotten, and only that.
    let page = store.audit(&all()).await.unwrap();
    store.forget_audit(page.entries[19].0).await.unwrap();
    for round in 0..2 {
        let left = store.audit(&all()).await.unwrap();
        assert_eq!(left.entries, page.entries[..20]);
        store = place.open_again(&store, round).await;
    }
}

/// A request sees the inventory and the records as they are, its own changes included, and all of
/// what it does is kept, or nothing.
pub(super) async fn a_request_does_everything_or_nothing(place: &dyn Place) {
    let mut store = place.open().await;
    let id = MachineId::stored("a");
    let mine = id.clone();
    let removed = transact(&*store, Pace::AtOnce, move |transaction| {
        transaction.record_reports(&[report("a", 0), report("b", 0)])?;
        let machine = transaction.delete_machine(&mine)?;
        assert!(transaction.machine(&mine).is_none());
        transaction.put_record(user("ana"));
        assert!(transaction.record_of::<User>("ana").is_some());
        transaction.put_record(user("bea"));
        transaction.remove_record::<User>("ana");
        assert!(transaction.record_of::<User>("ana").is_none());
        let names: Vec<_> =
            transaction.records_of::<User>().iter().map(|user| user.name.clone()).collect();
        assert_eq!(names, ["bea"]);
        transaction.audit(entry(1, "a"));
        Ok(machine)
    })
    .await
    .unwrap();
    assert_eq!(removed.id, id);
    assert_eq!(store.machine_count().await.unwrap(), 1);

    let refused = transact(&*store, Pace::AtOnce, move |transaction| {
        transaction.edit_machine(&MachineId::stored("nobody"), &Default::default())?;
        transaction.put_record(user("cea"));
        Ok(())
    })
    .await;
    assert_eq!(refused, Err(StoreError::NotFound));
    store = place.open_again(&store, 1).await;
    assert_eq!(store.records(Kind::User).await.unwrap().len(), 1);
    assert_eq!(store.audit(&all()).await.unwrap().entries.len(), 1);
}

/// A request that fails after its first change, or breaks, leaves no trace, and takes none of those
/// with it that share its commit.
pub(super) async fn a_request_that_fails_late_leaves_no_trace(place: &dyn Place) {
    let mut store = place.open().await;
    let (kept, other) = (MachineId::stored("kept"), MachineId::stored("other"));
    put(&*store, |transaction| {
        transaction.record_reports(&[report("kept", 0), report("other", 0)]).unwrap();
        transaction.put_record(user("ana"));
    })
    .await;
    let spoil = move |transaction: &mut Transaction<'_>| {
        transaction.record_reports(&[report("new", 1), report("kept", 9), report("new", 2)])?;
        transaction.delete_machine(&other)?;
        transaction.record_reports(&[report("other", 3)])?;
        transaction.put_record(User { role: Role::Viewer, ..user("ana") });
        transaction.put_record(User { password: "other".into(), ..user("ana") });
        transaction.remove_record::<User>("ana");
        transaction.put_record(user("bea"));
        transaction.audit(entry(1, "a"));
        assert_eq!(transaction.machine_count(), 3);
        Err::<(), _>(StoreError::NotFound)
    };
    let store_of = |store: &Arc<dyn Store>| Arc::clone(store);
    let mut tasks = Vec::new();
    for round in 0..30_i64 {
        let (store, spoil) = (store_of(&store), spoil.clone());
        tasks.push(tokio::spawn(async move {
            match round % 3 {
                0 => {
                    let refused = transact(&*store, Pace::Shared, spoil).await;
                    assert_eq!(refused, Err(StoreError::NotFound));
                }
                1 => {
                    let broken = transact(&*store, Pace::Shared, move |transaction| {
                        let failed = spoil(transaction);
                        assert!(failed.is_ok(), "what a broken request does");
                        failed
                    });
                    assert!(matches!(broken.await, Err(StoreError::Backend(_))));
                }
                _ => {
                    store.record_reports(vec![report("kept", round)]).await.unwrap();
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let before = store.machine(&kept).await.unwrap();
    assert!(before.last_seen() > noon(), "{before:?}");
    store = place.open_again(&store, 2).await;
    assert_eq!(*store.machine(&kept).await.unwrap(), *before);
    let there = store.machines(&MachineQuery::default()).await.unwrap();
    assert_eq!(there.total, 2, "{there:?}");
    let users = store::records::<User>(&*store).await.unwrap();
    assert_eq!(users.iter().map(|user| (**user).clone()).collect::<Vec<_>>(), [user("ana")]);
    assert!(store.audit(&all()).await.unwrap().entries.is_empty());
}

/// Requests that count come one after the other, on however many servers.
pub(super) async fn counting_loses_nothing(place: &dyn Place) {
    let store = place.open().await;
    let tasks = (0..8).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for _ in 0..10 {
                let count = |transaction: &mut Transaction<'_>| {
                    let now = transaction.record_of::<Failures>("7");
                    let count = now.map_or(0, |failures| failures.count) + 1;
                    transaction.put_record(Failures { bucket: 7, count, last_at: noon() });
                    Ok(())
                };
                transact(&*store, Pace::AtOnce, count).await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let failures = store::record::<Failures>(&*store, "7").await.unwrap().unwrap();
    assert_eq!(failures.count, 80);
}
