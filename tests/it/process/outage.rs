//! A database server that goes away, and comes back: the server says so in time, goes on by itself,
//! and loses nothing that it had acknowledged.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

use super::kill::{Acknowledged, Senders, verify};
use crate::support::database::{DatabaseServer, Kind, PASSWORD};
use crate::support::machines::body;
use crate::support::process::{ServerProcess, serve};
use crate::support::seed::campaign;
use crate::support::server::client;

/// What an answer has to take at the longest while the database is away.
const SOON: Duration = Duration::from_secs(2);
/// How long it may take to go on when the database is back.
const BACK: Duration = Duration::from_secs(15);

fn start(database: &DatabaseServer, directory: &std::path::Path) -> ServerProcess {
    let mut command = serve(directory);
    command.env("SQLALCHEMY_DATABASE_URI", database.uri()).env("LOG_LEVEL", "debug");
    ServerProcess::spawn(command)
}

async fn status(server: &ServerProcess, path: &str) -> u16 {
    client().get(format!("{}{path}", server.url)).send().await.unwrap().status().as_u16()
}

async fn post(server: &ServerProcess, id: &str) -> reqwest::Response {
    let request = client().post(format!("{}/api/machines", server.url));
    let request = request.header("Content-Type", "application/json").body(body(id).to_string());
    request.send().await.unwrap()
}

/// The server is alive, says that it cannot keep reports, and says it soon.
async fn says_that_its_database_is_away(server: &ServerProcess) {
    assert_eq!(status(server, "/livez").await, 200);
    let asked = Instant::now();
    let refused = post(server, "refused").await;
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    let answer: Value = refused.json().await.unwrap();
    assert!(!answer.to_string().contains("127.0.0.1"), "{answer}");
    assert_eq!(status(server, "/api/health").await, 503);
}

async fn comes_back(server: &ServerProcess) {
    let back = Instant::now();
    while status(server, "/api/health").await != 200
        || !post(server, "back").await.status().is_success()
    {
        assert!(back.elapsed() < BACK, "it did not go on by itself");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn outages(kind: Kind) {
    let Some(mut database) = DatabaseServer::start(kind) else { return };
    let directory = tempfile::tempdir().unwrap();
    // The database is down when the server starts.
    database.stop(Signal::SIGTERM);
    let server = start(&database, directory.path());
    says_that_its_database_is_away(&server).await;
    database.go_on();
    comes_back(&server).await;

    let acknowledged = Acknowledged::default();
    for mut round in campaign(2) {
        let senders = Senders::start(&server, &acknowledged);
        tokio::time::sleep(Duration::from_millis(round.within(300..900))).await;
        // Under load, in the middle of commits, in an orderly way and as the power does.
        database.stop(if round.once_in(2) { Signal::SIGKILL } else { Signal::SIGTERM });
        says_that_its_database_is_away(&server).await;
        database.go_on();
        comes_back(&server).await;
        senders.stop().await;
        verify(&server, &acknowledged, round.seed).await;
    }
    let machines = acknowledged.lock().await.len();
    assert!(machines > 50, "only {machines} machines were acknowledged: was there any load?");

    // A server that stands still is as good as gone.
    database.freeze(true);
    says_that_its_database_is_away(&server).await;
    database.freeze(false);
    comes_back(&server).await;

    let metrics = client().get(format!("{}/metrics", server.url)).send().await.unwrap();
    assert!(!metrics.text().await.unwrap().contains(PASSWORD));
    let (code, took, log) = server.stop(Signal::SIGTERM);
    assert_eq!(code, Some(0), "{log}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(!log.contains(PASSWORD), "the password is in the log");
    assert!(log.contains("works again"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_postgres_goes_away_and_comes_back() {
    outages(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_mysql_goes_away_and_comes_back() {
    outages(Kind::Mysql).await;
}
