//! `kill -9` while a file is imported: all of it is there, or nothing.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use tatuscan::store::Store as _;
use tatuscan::store::redb::RedbStore;

use crate::support::machines::report;
use crate::support::process::ServerProcess;
use crate::support::rounds;
use crate::support::server::client;

const MACHINES: usize = 4_000;

async fn fill(directory: &Path) {
    let store = RedbStore::open(&directory.join("tatuscan.redb")).unwrap();
    let reports = (0..MACHINES).map(|number| report(&format!("m{number}"), 0)).collect();
    store.record_reports(reports).await.unwrap();
    store.close().await;
}

fn file(room: &str) -> String {
    let rows = (0..MACHINES).map(|number| format!("m{number},{room},\"many, words, here\"\n"));
    ["machine_id,room,notes\n".to_owned()].into_iter().chain(rows).collect()
}

/// How many machines have each room, and how many changes are in the audit log.
async fn rooms(server: &ServerProcess, room: &str) -> (usize, usize) {
    let get = async |path: &str| -> Value {
        let answer = client().get(format!("{}{path}", server.url)).send().await.unwrap();
        answer.json().await.unwrap()
    };
    let list = get("/api/machines").await;
    let list = list["items"].as_array().unwrap();
    assert_eq!(list.len(), MACHINES);
    let has = list.iter().filter(|machine| machine["room"] == room).count();
    let audit = client().get(format!("{}/api/export/audit.jsonl", server.url)).send().await;
    let audit = audit.unwrap().text().await.unwrap();
    let what = format!("\\\"room\\\":\\\"{room}\\\"");
    (has, audit.lines().filter(|line| line.contains(&what)).count())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_imported_whole_or_not_at_all_when_the_server_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    fill(directory.path()).await;
    let server = ServerProcess::start(directory.path());
    let send = async |url: &str, room: &str| {
        let request = client().post(format!("{url}/api/import/machines"));
        request.header("Content-Type", "text/csv").body(file(room)).send().await
    };
    let started = Instant::now();
    assert_eq!(send(&server.url, "first").await.unwrap().status(), 200);
    let takes = started.elapsed();
    server.kill();
    let (mut none, rounds) = (0, u32::try_from(rounds(6)).unwrap());
    for round in 0..rounds {
        let server = ServerProcess::start(directory.path());
        if round == 0 {
            assert_eq!(rooms(&server, "first").await, (MACHINES, MACHINES), "it was answered");
        }
        let room = format!("room-{round}");
        let (url, name) = (server.url.clone(), room.clone());
        let sent = tokio::spawn(async move {
            let request = client().post(format!("{url}/api/import/machines"));
            let sent = request.header("Content-Type", "text/csv").body(file(&name)).send().await;
            sent.is_ok_and(|answer| answer.status() == 200)
        });
        // From the first moments to when it is nearly done.
        tokio::time::sleep(takes * (1 + round % 6) / 7 + Duration::from_millis(1)).await;
        server.kill();
        let was_answered = sent.await.unwrap();
        let server = ServerProcess::start(directory.path());
        let (machines, entries) = rooms(&server, &room).await;
        assert!([0, MACHINES].contains(&machines), "round {round}: {machines} machines");
        assert_eq!(machines, entries, "round {round}: the audit log says the same");
        assert!(!was_answered || machines == MACHINES, "round {round}: it was answered");
        none += usize::from(machines == 0);
    }
    assert!(none > 0, "no kill came in the middle: {takes:?}");
}
