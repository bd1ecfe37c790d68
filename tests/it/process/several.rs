//! Several servers on one database, as behind a load balancer: no report is lost between them, none
//! makes a machine twice, and each answers at once what another one acknowledged.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::Value;

use super::adoption::uri;
use crate::store::places::{Database, mysql_database, postgres_database, sqlite_database};
use crate::support::machines::body;
use crate::support::process::{ServerProcess, serve};
use crate::support::server::client;

const MACHINES: u64 = 60;
const SENDERS: u64 = 12;
const ROUNDS: u64 = 25;

fn start(database: &Database, directory: &Path) -> ServerProcess {
    let mut command = serve(directory);
    command.env("SQLALCHEMY_DATABASE_URI", uri(database));
    ServerProcess::spawn(command)
}

async fn get(server: &str, path: &str) -> Value {
    let answer = client().get(format!("{server}{path}")).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

/// Sends one report, and says with which status it was taken; `None` when nobody listens.
async fn post(http: &reqwest::Client, server: &str, id: &str, memory: u64) -> Option<u16> {
    let mut report = body(id);
    report["memory_used_mb"] = memory.into();
    let request = http.post(format!("{server}/api/machines"));
    let request = request.header("Content-Type", "application/json").body(report.to_string());
    Some(request.send().await.ok()?.status().as_u16())
}

async fn share(database: Database) {
    let directories = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let first = start(&database, directories[0].path());
    let second = start(&database, directories[1].path());
    let urls = Arc::new([first.url.clone(), second.url.clone()]);

    // The same machines report to both.
    let senders = (0..SENDERS).map(|sender| {
        let urls = Arc::clone(&urls);
        tokio::spawn(async move {
            let http = client();
            let mut created = 0;
            for round in 0..ROUNDS {
                let id = format!("m{}", (sender * 5 + round) % MACHINES);
                let [here, there] = if (sender + round) % 2 == 0 { [0, 1] } else { [1, 0] };
                let status = post(&http, &urls[here], &id, round).await.unwrap();
                assert!(matches!(status, 200 | 201), "{status}");
                created += u64::from(status == 201);
                let found = http.get(format!("{}/api/machines/{id}", urls[there])).send().await;
                assert_eq!(found.unwrap().status(), 200, "the other server does not know {id}");
            }
            created
        })
    });
    let created: u64 = join_all(senders).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(created, MACHINES, "each machine is created once");
    assert_eq!(get(&first.url, "/api/machines").await, get(&second.url, "/api/machines").await);

    // What a person does at one is there at the other.
    let changed = client().patch(format!("{}/api/machines/m1", first.url));
    let changed = changed.header("Content-Type", "application/json");
    let changed = changed.body(r#"{"activation_days": 90}"#).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    assert_eq!(get(&second.url, "/api/machines/m1").await["activation_days"], 90);
    let removed = client().delete(format!("{}/api/machines/m2", second.url)).send().await.unwrap();
    assert_eq!(removed.status(), 200);
    let gone = client().get(format!("{}/api/machines/m2", first.url)).send().await.unwrap();
    assert_eq!(gone.status(), 404);

    // One is killed under load: its agents go to the other one, as a balancer sends them.
    let dying = urls[0].clone();
    let senders = (0..SENDERS).map(|sender| {
        let (urls, dying) = (Arc::clone(&urls), dying.clone());
        tokio::spawn(async move {
            let http = client();
            let mut acknowledged = BTreeMap::new();
            for round in 0..ROUNDS {
                let id = format!("k{sender}");
                let here = if round % 2 == 0 { &dying } else { &urls[1] };
                let mut status = post(&http, here, &id, round).await;
                if status.is_none() {
                    status = post(&http, &urls[1], &id, round).await;
                }
                assert!(matches!(status, Some(200 | 201)), "{status:?}");
                acknowledged.insert(id, round);
            }
            acknowledged
        })
    });
    let senders: Vec<_> = senders.collect();
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    first.kill();
    let first = start(&database, directories[0].path());
    for sender in senders {
        for (id, memory) in sender.await.unwrap() {
            let machine = get(&second.url, &format!("/api/machines/{id}")).await;
            assert_eq!(machine["memory_used_mb"], memory, "{id}");
        }
    }
    assert_eq!(get(&first.url, "/api/machines").await, get(&second.url, "/api/machines").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_share_a_postgres_database() {
    if let Some(database) = postgres_database().await {
        share(database).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_share_a_mysql_database() {
    if let Some(database) = mysql_database().await {
        share(database).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_share_an_sqlite_file() {
    share(sqlite_database()).await;
}
