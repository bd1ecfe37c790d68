//! A disk that refuses an operation, or all from one on: what was asked is refused in plain words,
//! nothing that was acknowledged is lost, and all goes on once the disk is well.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use proptest::prelude::Rng as _;
use serde_json::Value;
use tatuscan::http::Limits;
use tatuscan::model::access::hex;
use tatuscan::model::{MachineId, SectionName};
use tatuscan::store::redb::{FoldPace, RedbStore};
use tatuscan::store::{OpenError, Store, StoreError};

use super::disk::{Disk, Refusal, Refused};
use super::power::{ALWAYS, Tally, course_of, do_course, leave};
use super::workload::{Ledger, State};
use crate::store::sections::put;
use crate::support::machines::{body, report, section};
use crate::support::seed::{Round, campaign_after};
use crate::support::server::Server;

/// How long a store may take to notice that its disk is well again.
const HEALED: Duration = Duration::from_secs(5);
/// Rounds at once: each mostly waits.
const AT_ONCE: usize = 12;

/// Waits until a store says that all is well, and can be read.
async fn heals(store: &RedbStore, context: &str) -> State {
    let mended = Instant::now();
    loop {
        let read = State::of(store).await;
        match (store.check().await, read) {
            (Ok(()), Ok(state)) => return state,
            (checked, read) => {
                let waited = mended.elapsed();
                assert!(waited < HEALED, "{context}: it did not heal: {checked:?}, {read:?}");
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What a refusal says, and what of it stays true while the disk refuses.
async fn is_said(store: &RedbStore, error: &StoreError, refusal: Refusal, context: &str) {
    match (error, refusal.error) {
        // What is only on the disk cannot be read until the store has opened that again.
        (StoreError::Unavailable(why), _) if why.contains("not open at the moment") => {}
        (StoreError::Unavailable(why), Refused::Broken) => {
            assert!(why.contains("Input/output error") || why.contains("I/O"), "{context}: {why}");
        }
        (StoreError::Full, Refused::Full) => {}
        other => panic!("{context}: {other:?}"),
    }
    if refusal.count == u64::MAX {
        assert!(store.check().await.is_err(), "{context}: it calls itself healthy");
        assert!(store.machine_count().await.is_ok(), "{context}: reads go on");
    }
}

/// A fold failed for the last time while the store was closed, and the one after it did not: what the
/// first was to bring was in neither the database nor the journal.
const FOUND: [u64; 1] = [99];

async fn refuse_at(mut round: Round, mut course: Round, at: u64) -> Tally {
    let disk = Disk::with_store(&mut course);
    let mut ledger = Ledger::new();
    let error = if round.once_in(3) { Refused::Full } else { Refused::Broken };
    let count = [1, 1, 2, 5, u64::MAX][round.index(5)];
    let refusal = Refusal { from: at, count, error };
    let context = format!("seed {}, {refusal:?}", round.seed);
    let mut tally = Tally::default();
    disk.refuse(refusal);
    let store = match disk.open(ALWAYS) {
        Ok(store) => store,
        Err(refused) => {
            assert!(matches!(refused, OpenError::Io { .. }), "{context}: {refused}");
            tally.while_opening += 1;
            disk.mend();
            disk.open(ALWAYS).unwrap()
        }
    };
    let mut worked = do_course(&store, &disk, &mut ledger, &mut course).await;
    if let Err(error) = &worked {
        is_said(&store, error, refusal, &context).await;
        // Asking again is refused again, or works.
        for _ in 0..2 {
            let request = ledger.next(&mut course);
            worked = ledger.send(&store, &request).await;
        }
        if count == u64::MAX {
            assert!(worked.is_err(), "{context}: it was done");
        }
    }
    disk.mend();
    if worked.is_err() {
        let state = heals(&store, &context).await;
        ledger.is(&state, &context);
        for _ in 0..3 {
            let request = ledger.next(&mut course);
            ledger.send(&store, &request).await.unwrap();
        }
    }
    tally.faults = disk.refused();
    match round.below(4) {
        0 => {
            store.close().await;
            disk.kill();
        }
        1 => disk.kill(),
        // What the disk has not kept by now must not be needed.
        _ => disk.restore_power(),
    }
    leave(store);
    let store = disk.open(FoldPace::default()).unwrap();
    ledger.compare(&store, &context).await;
    leave(store);
    tally.add(&ledger);
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_disk_refuses_any_operation() {
    let mut known = HashMap::new();
    let mut rounds = Vec::new();
    for round in campaign_after(&FOUND, 36) {
        let (course, at) = course_of(&round, &mut known).await;
        rounds.push(tokio::spawn(refuse_at(round, course, at)));
        if rounds.len() % AT_ONCE == 0 {
            while rounds.iter().filter(|round| !round.is_finished()).count() >= AT_ONCE {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
    let mut total = Tally::default();
    for round in join_all(rounds).await {
        let tally = round.unwrap();
        total.rounds += tally.rounds;
        total.faults += tally.faults;
        total.while_opening += tally.while_opening;
        total.acknowledged += tally.acknowledged;
        total.unknown += tally.unknown;
        total.compared += tally.compared;
    }
    eprintln!("refused operations: {total:?} of {known:?}");
    let is_tried = total.faults > total.rounds / 2 && total.unknown > 0;
    assert!(is_tried || total.rounds < 8, "{total:?}");
}

/// The answer to a request with this status, without a word about what is inside.
async fn refusal(answer: reqwest::Response, status: u16) -> Value {
    assert_eq!(answer.status(), status);
    let retry_after = answer.headers().get("retry-after").cloned();
    assert_eq!(retry_after.is_some(), status == 503, "{retry_after:?}");
    let answer: Value = answer.json().await.unwrap();
    let text = answer.to_string().to_lowercase();
    for inside in ["redb", "os error", "input/output", "simulated", "journal", "src/"] {
        assert!(!text.contains(inside), "{answer}");
    }
    answer
}

async fn says_so_over_http(error: Refused, status: u16, words: &str) {
    let disk = Disk::with_store(&mut Round::new(1));
    let store: Arc<dyn Store> = Arc::new(disk.open(ALWAYS).unwrap());
    let server = Server::over(Arc::clone(&store), Limits::default()).await;
    assert_eq!(server.report(&body("before")).await.0, 201);
    disk.refuse(Refusal { from: 0, count: u64::MAX, error });
    let json = |request: reqwest::RequestBuilder, body: Value| {
        request.header("Content-Type", "application/json").body(body.to_string()).send()
    };
    let machine = server.url("/api/machines/before");
    for answer in [
        json(server.client.post(server.url("/api/machines")), body("after")).await,
        json(server.client.patch(&machine), serde_json::json!({"activation_days": 3})).await,
        server.client.delete(&machine).send().await,
    ] {
        let answer = refusal(answer.unwrap(), status).await;
        assert!(answer["error"].as_str().unwrap().contains(words), "{answer}");
    }
    assert_eq!(server.get("/api/health").await.0, 503);
    assert_eq!(server.get("/livez").await.0, 200);
    let (status, kept) = server.get("/api/machines").await;
    assert_eq!((status, kept["items"].as_array().map(Vec::len)), (200, Some(1)), "{kept}");
    disk.mend();
    let mended = Instant::now();
    while server.get("/api/health").await.0 != 200 {
        assert!(mended.elapsed() < HEALED, "it did not heal by itself");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.report(&body("after")).await.0, 201);
    assert_eq!(server.get("/api/machines/before").await.1["activation_days"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_disk_is_503_and_nothing_of_the_inside_is_said() {
    says_so_over_http(Refused::Broken, 503, "cannot be written at the moment").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_507_and_nothing_of_the_inside_is_said() {
    says_so_over_http(Refused::Full, 507, "no space left").await;
}

/// What is read from the disk only when it is asked for can be read again once the disk is well, also
/// when nothing is written meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_failed_once_does_not_fail_for_ever() {
    let disk = Disk::with_store(&mut Round::new(1));
    let store = disk.open(ALWAYS).unwrap();
    let mut round = Round::new(1);
    let ids: Vec<_> = (0..40).map(|n| MachineId::stored(&format!("m{n}"))).collect();
    let mut noise = vec![0; 520_000 / 32 * 32];
    for id in &ids {
        store.record_reports(vec![report(id.as_str(), 1)]).await.unwrap();
        // More than any cache takes, all together.
        round.apart().fill_bytes(&mut noise);
        let text: String = noise.chunks(32).map(|bytes| hex(bytes.try_into().unwrap())).collect();
        let users = section(SectionName::Users, &text, 1);
        put(&store, id, users, None).await.unwrap();
    }
    store.close().await;
    drop(store);
    let store = disk.open(FoldPace::default()).unwrap();
    disk.refuse(Refusal { from: 0, count: 1, error: Refused::Broken });
    let refused = store.sections(&ids).await.map(|sections| sections.len());
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(disk.refused(), 1);
    let again = Instant::now();
    while store.sections(&ids).await.is_err() {
        assert!(again.elapsed() < HEALED, "it can never be read again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
