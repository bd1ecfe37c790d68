//! Two servers: on one directory, where one is refused, and on one database, where one is killed, or
//! stands still for longer than the database waits for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{column, uri};
use crate::store::places::{Database, mysql_database, postgres_database};
use crate::support::machines::body;
use crate::support::process::{ServerProcess, refused, serve};
use crate::support::seed::{Round, campaign};
use crate::support::server::client;

/// How long a server stands still: longer than a database waits for a transaction that says nothing.
const STILL: Duration = Duration::from_secs(12);
/// Clients, each with machines of its own.
const SENDERS: u64 = 6;
const MACHINES: u64 = 5;

fn start(database: &Database, directory: &Path) -> ServerProcess {
    let mut command = serve(directory);
    command.env("SQLALCHEMY_DATABASE_URI", uri(database));
    ServerProcess::spawn(command)
}

async fn status(url: &str) -> Option<u16> {
    let request = client().get(url).timeout(Duration::from_secs(3));
    Some(request.send().await.ok()?.status().as_u16())
}

async fn list(url: &str) -> Value {
    let answer = client().get(format!("{url}/api/machines")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

/// What became of a client's reports.
#[derive(Default)]
struct Sent {
    /// The last number that each machine was acknowledged with.
    acknowledged: BTreeMap<String, u64>,
    /// Numbers that nobody answered. A server that stood still may find such a report later, and cannot
    /// know how old it is where its machine does not sign.
    unanswered: BTreeSet<(String, u64)>,
    count: u64,
}

/// Sends reports to either server, as a balancer does, until it is stopped: what is not acknowledged
/// by one goes to the other.
async fn send(
    urls: Arc<std::sync::Mutex<[String; 2]>>,
    sender: String,
    stopped: Arc<AtomicBool>,
) -> Sent {
    let http = client();
    let mut sent = Sent::default();
    for number in 1_u64.. {
        if stopped.load(SeqCst) {
            break;
        }
        let id = format!("{sender}-m{}", number % MACHINES);
        let mut report = body(&id);
        report["memory_used_mb"] = number.into();
        let urls = urls.lock().unwrap().clone();
        for attempt in 0..2 {
            let url = &urls[usize::try_from((number + attempt) % 2).unwrap()];
            let request = http.post(format!("{url}/api/machines"));
            let request = request.header("Content-Type", "application/json");
            let request = request.body(report.to_string()).timeout(Duration::from_secs(3));
            match request.send().await.map(|answer| answer.status().as_u16()) {
                Ok(200 | 201) => {
                    sent.acknowledged.insert(id, number);
                    sent.count += 1;
                    break;
                }
                Ok(503) => {}
                Err(_) => {
                    sent.unanswered.insert((id.clone(), number));
                }
                Ok(status) => panic!("{status}"),
            }
        }
    }
    sent
}

/// Each batch has a number of its own, and none is missing. Old ones may have been forgotten.
async fn batches_are_numbered(database: &Database) {
    let rows = column(
        database,
        "SELECT CAST(version AS CHAR(20)) FROM tatuscan_journal ORDER BY tatuscan_journal.version",
    )
    .await;
    let numbers: Vec<u64> = rows.iter().map(|row| row.trim().parse().unwrap()).collect();
    let last = column(
        database,
        "SELECT CAST(value AS CHAR(20)) FROM tatuscan_meta WHERE name = 'version'",
    )
    .await;
    assert_eq!(numbers.last().copied(), last[0].trim().parse().ok());
    assert!(numbers.len() > 20, "only {} batches", numbers.len());
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
}

/// What happens to a server.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Killed,
    StandsStill(Duration),
}

async fn share(database: &Database, fates: &[Fate], round: &mut Round) -> u64 {
    let directories: [TempDir; 2] = std::array::from_fn(|_| tempfile::tempdir().unwrap());
    let mut servers: Vec<_> =
        directories.iter().map(|directory| start(database, directory.path())).collect();
    let of = |servers: &[ServerProcess]| [servers[0].url.clone(), servers[1].url.clone()];
    let urls = Arc::new(std::sync::Mutex::new(of(&servers)));
    let stopped = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| format!("r{}-s{sender}", round.seed))
        .map(|sender| tokio::spawn(send(Arc::clone(&urls), sender, Arc::clone(&stopped))))
        .collect();
    for fate in fates {
        tokio::time::sleep(Duration::from_millis(round.within(100..600))).await;
        let which = round.index(2);
        match *fate {
            Fate::Killed => {
                servers.remove(which).kill();
                servers.insert(which, start(database, directories[which].path()));
                *urls.lock().unwrap() = of(&servers);
            }
            Fate::StandsStill(still) => {
                servers[which].signal(Signal::SIGSTOP);
                let begun = Instant::now();
                // Once the database has given up on it, the other one goes on.
                let other = format!("{}/api/health", servers[1 - which].url);
                while begun.elapsed() < still {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                assert_eq!(status(&other).await, Some(200), "the other one is held up");
                servers[which].signal(Signal::SIGCONT);
                let goes_on = Instant::now();
                while status(&format!("{}/api/health", servers[which].url)).await != Some(200) {
                    assert!(goes_on.elapsed() < Duration::from_secs(15), "it does not go on");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
    tokio::time::sleep(Duration::from_millis(round.within(100..600))).await;
    stopped.store(true, SeqCst);
    let mut all = Sent::default();
    for sender in senders {
        let sent = sender.await.unwrap();
        all.acknowledged.extend(sent.acknowledged);
        all.unanswered.extend(sent.unanswered);
        all.count += sent.count;
    }
    let (first, second) = (list(&servers[0].url).await, list(&servers[1].url).await);
    assert_eq!(first, second);
    let kept: BTreeMap<_, _> = first["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|machine| (machine["machine_id"].as_str().unwrap(), &machine["memory_used_mb"]))
        .collect();
    for (id, number) in &all.acknowledged {
        let kept = kept[id.as_str()].as_u64().unwrap();
        let came_late = all.unanswered.contains(&(id.clone(), kept));
        assert!(kept >= *number || came_late, "{id}: acknowledged {number}, kept {kept}");
    }
    assert_eq!(u64::try_from(all.acknowledged.len()).unwrap(), SENDERS * MACHINES);
    batches_are_numbered(database).await;
    all.count
}

async fn killed_and_stopped(database: Option<Database>) {
    let Some(database) = database else { return };
    let (mut rounds, mut count) = (0, 0);
    for mut round in campaign(1) {
        count += share(&database, &[Fate::Killed, Fate::StandsStill(STILL)], &mut round).await;
        rounds += 1;
    }
    eprintln!("{count} reports acknowledged, {rounds} servers killed, {rounds} that stood still");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_or_stands_still_loses_nothing_on_postgres() {
    killed_and_stopped(postgres_database().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_or_stands_still_loses_nothing_on_mysql() {
    killed_and_stopped(mysql_database().await).await;
}

/// A server that stands still has the directory all the same.
#[tokio::test]
async fn a_directory_is_one_servers_also_while_that_stands_still() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(directory.path());
    for signal in [Signal::SIGSTOP, Signal::SIGCONT] {
        server.signal(signal);
        let (code, said) = refused(serve(directory.path()));
        assert_eq!(code, 3, "{said}");
        assert!(said.contains("is in use by another process"), "{said}");
        assert!(said.contains("TATUSCAN_DB_DIR"), "{said}");
    }
    let url = server.url.clone();
    let report = client().post(format!("{url}/api/machines"));
    let report = report.header("Content-Type", "application/json").body(body("m1").to_string());
    assert_eq!(report.send().await.unwrap().status(), 201);
    server.kill();
    // What was killed holds nothing.
    let again = ServerProcess::start(directory.path());
    assert_eq!(status(&format!("{}/api/machines/m1", again.url)).await, Some(200));
}
