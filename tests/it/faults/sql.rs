//! The line to a database, cut or dead at any moment: in the middle of a statement, before a COMMIT,
//! and after it with its answer lost.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono_tz::America::Cuiaba;
use tatuscan::model::{MachineId, MachineQuery, Report};
use tatuscan::store::sql::{Address, Encryption, Server, SqlSettings, SqlStore};
use tatuscan::store::{Store, StoreError};

use super::power::Tally;
use super::workload::Ledger;
use crate::store::places::{Database, Place as _};
use crate::store::shared::execute;
use crate::support::machines::report;
use crate::support::proxy::{Plan, Proxy};
use crate::support::seed::{Round, campaign};

/// How long it may take until a request is done again, when the line is whole.
const BACK: Duration = Duration::from_secs(30);
/// How long a request may take while the database does not answer.
const SOON: Duration = Duration::from_millis(2_500);

/// A line to a database, and the store at its end.
struct Far {
    proxy: Proxy,
    settings: SqlSettings,
}

impl Far {
    async fn new(database: &Database) -> Self {
        let far = |server: &Server, address: SocketAddr| Server {
            host: address.ip().to_string(),
            port: address.port(),
            // What is on the line must be seen.
            encryption: Encryption::Disable,
            ..server.clone()
        };
        let (Address::Postgres(server) | Address::Mysql(server)) = &database.address else {
            panic!("a file needs no line");
        };
        let mut addresses =
            tokio::net::lookup_host((server.host.as_str(), server.port)).await.unwrap();
        let proxy = Proxy::to(addresses.next().unwrap()).await;
        let address = match &database.address {
            Address::Postgres(server) => Address::Postgres(far(server, proxy.address)),
            Address::Mysql(server) => Address::Mysql(far(server, proxy.address)),
            Address::Sqlite(path) => Address::Sqlite(path.clone()),
        };
        Self { proxy, settings: SqlSettings { address, zone: Cuiaba } }
    }

    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqlStore::connect(self.settings.clone()).await.unwrap())
    }
}

fn any_plan(round: &mut Round) -> Plan {
    match round.below(8) {
        0 | 1 => Plan::CutAfter(round.below(6_000)),
        2 => Plan::CutBefore("COMMIT"),
        // This takes as long as a transaction may.
        3 if round.once_in(8) => Plan::SwallowAnswer("COMMIT"),
        3 | 4 => Plan::LoseAnswer("COMMIT"),
        5 => Plan::LoseAnswer("tatuscan_journal"),
        6 => Plan::CutBefore("inventory"),
        _ => Plan::LoseAnswer("version"),
    }
}

/// Asks for the same until it is done, as an agent does.
async fn insist(store: &dyn Store, ledger: &mut Ledger, round: &mut Round) {
    let request = ledger.next(round);
    let asked = Instant::now();
    while let Err(error) = ledger.send(store, &request).await {
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        assert!(asked.elapsed() < BACK, "it does not go on by itself: {error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn cut_at_any_time(database: Database, mut round: Round) -> Tally {
    let round = &mut round;
    let far = Far::new(&database).await;
    let store = far.open().await;
    let mut ledger = Ledger::new();
    for _ in 0..round.within(6..14) {
        far.proxy.plan(Some(any_plan(round)));
        for _ in 0..round.within(1..4) {
            insist(&*store, &mut ledger, round).await;
        }
        far.proxy.plan(None);
        if round.once_in(3) {
            ledger.compare(&*store, "through the line").await;
        }
    }
    // Somebody else finds the same.
    let near = database.open().await;
    ledger.compare(&*near, "at the database").await;
    ledger.compare(&*store, "through the line").await;
    let mut tally = Tally::default();
    tally.add(&ledger);
    tally.faults = far.proxy.happened() as u64;
    store.close().await;
    near.close().await;
    tally
}

/// An agent that sends its report again after an answer that was lost does no harm.
async fn a_report_whose_answer_was_lost_counts_once(database: &Database) {
    let far = Far::new(database).await;
    let store = far.open().await;
    let mine = |seconds| Report { id: MachineId::stored("m1"), ..report("", seconds) };
    far.proxy.plan(Some(Plan::LoseAnswer("COMMIT")));
    let answer = store.record_reports(vec![mine(1)]).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert_eq!(far.proxy.happened(), 1);
    let again = store.record_reports(vec![mine(1)]).await.unwrap();
    assert!(!again[0].created, "the first one was there");
    let kept = store.machines(&MachineQuery::default()).await.unwrap().machines;
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (kept[0].created_at, kept[0].last_seen()),
        (mine(1).received_at, mine(1).received_at)
    );
    store.close().await;
}

/// What one server could not write in time, its agent has brought to another one: it does not come
/// later, in the place of something newer.
async fn what_nobody_waits_for_is_not_written(database: &Database) {
    let far = Far::new(database).await;
    let (slow, other) = (far.open().await, database.open().await);
    let mine = |memory| Report { memory_total_mb: memory, ..report("m1", memory) };
    slow.record_reports(vec![mine(1)]).await.unwrap();
    far.proxy.set_dead(true);
    for memory in 2..5 {
        let answer = slow.record_reports(vec![mine(memory)]).await;
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
        other.record_reports(vec![mine(memory + 10)]).await.unwrap();
    }
    far.proxy.set_dead(false);
    let whole = Instant::now();
    while slow.record_reports(vec![report("m2", 1)]).await.is_err() {
        assert!(whole.elapsed() < BACK, "it does not go on by itself");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for store in [&slow, &other] {
        let kept = store.machine(&MachineId::stored("m1")).await.unwrap();
        assert_eq!(kept.memory_total_mb, 14);
    }
    slow.close().await;
    other.close().await;
}

async fn is_refused_soon(store: Arc<dyn Store>, number: usize) {
    let asked = Instant::now();
    let answer = match number % 4 {
        0 => store.record_reports(vec![report(&format!("c{number}"), 2)]).await.map(drop),
        1 => store.machines(&MachineQuery::default()).await.map(drop),
        2 => store.check().await,
        _ => store.machine(&MachineId::stored("m1")).await.map(drop),
    };
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert!(asked.elapsed() < SOON, "{number}: {:?}", asked.elapsed());
}

/// A line that carries nothing any more, and says nothing of it: every request is refused in time, the
/// store says so, and connections do not pile up.
async fn dead_for_a_while(database: &Database) {
    let far = Far::new(database).await;
    let store = far.open().await;
    store.record_reports(vec![report("m1", 1)]).await.unwrap();
    far.proxy.set_dead(true);
    for _ in 0..2 {
        let crowd = (0..64).map(|number| tokio::spawn(is_refused_soon(Arc::clone(&store), number)));
        for one in crowd.collect::<Vec<_>>() {
            one.await.unwrap();
        }
        assert!(store.check().await.is_err(), "it calls itself healthy");
        // The proxy takes a moment to see who left.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let open = far.proxy.open();
        assert!(open <= 12, "{open} connections to a database that does not answer");
    }
    far.proxy.set_dead(false);
    let whole = Instant::now();
    while store.check().await.is_err() || store.record_reports(vec![report("m1", 3)]).await.is_err()
    {
        assert!(whole.elapsed() < BACK, "it does not go on by itself");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    store.close().await;
}

/// A question that the database refuses in the middle of a transaction leaves no connection behind
/// that sees an old moment for ever, or fails for ever.
async fn a_question_that_was_refused_spoils_no_connection(database: &Database) {
    let store = database.open().await;
    let other = database.open().await;
    store.record_reports(vec![report("m1", 1)]).await.unwrap();
    assert_eq!(store.machine_count().await.unwrap(), 1);
    let table = "tatuscan_records";
    execute(database, &format!("ALTER TABLE {table} RENAME TO put_aside")).await;
    assert!(store.snapshot().await.is_err());
    execute(database, &format!("ALTER TABLE put_aside RENAME TO {table}")).await;
    for number in 2..6 {
        other.record_reports(vec![report(&format!("m{number}"), 1)]).await.unwrap();
        let found = store.machine_count().await;
        assert_eq!(found, Ok(number), "what another server acknowledged is not seen");
    }
    assert_eq!(store.snapshot().await.unwrap().machines.len(), 5);
    store.close().await;
    other.close().await;
}

/// Runs the cases on each server.
macro_rules! on_each_server {
    ($($name:ident, $place:ident;)+) => { $(
        mod $name {
            use super::*;
            use crate::store::places::$place;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn nothing_acknowledged_is_lost_when_the_line_is_cut_at_any_time() {
                let mut total = Tally::default();
                for round in campaign(4) {
                    let Some(database) = $place().await else { return };
                    let tally = cut_at_any_time(database, round).await;
                    total.rounds += tally.rounds;
                    total.faults += tally.faults;
                    total.acknowledged += tally.acknowledged;
                    total.unknown += tally.unknown;
                    total.compared += tally.compared;
                }
                eprintln!("{} cut: {total:?}", stringify!($name));
                let is_tried = total.faults > total.rounds && total.unknown > 0;
                assert!(is_tried || total.rounds < 4, "{total:?}");
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_report_whose_answer_was_lost_counts_once() {
                let Some(database) = $place().await else { return };
                super::a_report_whose_answer_was_lost_counts_once(&database).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_line_that_carries_nothing_holds_nobody_up() {
                let Some(database) = $place().await else { return };
                dead_for_a_while(&database).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn what_nobody_waits_for_is_not_written() {
                let Some(database) = $place().await else { return };
                super::what_nobody_waits_for_is_not_written(&database).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_question_that_was_refused_spoils_no_connection() {
                let Some(database) = $place().await else { return };
                super::a_question_that_was_refused_spoils_no_connection(&database).await;
            }
        }
    )+ };
}

on_each_server! {
    postgres, postgres_database;
    mysql, mysql_database;
}
