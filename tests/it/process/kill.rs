//! `kill -9` under load: nothing that was acknowledged is lost.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::support::machines::body;
use crate::support::process::ServerProcess;
use crate::support::rounds;
use crate::support::server::client;

/// What the server has acknowledged: machine -> memory of its last report, which only grows.
type Acknowledged = Arc<Mutex<HashMap<String, u64>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_report_is_lost_when_the_server_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let acknowledged = Acknowledged::default();
    let next = Arc::new(AtomicU64::new(1));
    for round in 0..rounds(10) {
        let server = ServerProcess::start(directory.path());
        verify(&server, &acknowledged, round).await;
        let senders: Vec<_> = (0..16_u64)
            .map(|sender| {
                let (url, log) = (server.url.clone(), Arc::clone(&acknowledged));
                tokio::spawn(send(url, sender, Arc::clone(&next), log))
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(150 + 37 * (round % 11))).await;
        server.kill();
        for sender in senders {
            sender.await.unwrap();
        }
    }
    let server = ServerProcess::start(directory.path());
    verify(&server, &acknowledged, rounds(10)).await;
    let machines = acknowledged.lock().await.len();
    assert!(machines > 100, "only {machines} machines were acknowledged: was there any load?");
}

/// Sends reports until the server is gone, and notes each that it acknowledged. A sender has
/// machines of its own, so that the last acknowledged number is the newest.
async fn send(url: String, sender: u64, next: Arc<AtomicU64>, acknowledged: Acknowledged) {
    let client = client();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let id = format!("m{}", sender * 50 + number % 50);
        let mut report = body(&id);
        report["memory_total_mb"] = number.into();
        let request = client.post(format!("{url}/api/machines"));
        let request = request.header("Content-Type", "application/json").body(report.to_string());
        match request.send().await {
            Ok(response) if response.status().is_success() => {
                acknowledged.lock().await.insert(id, number);
            }
            Ok(response) => panic!("unexpected answer {}", response.status()),
            Err(_) => return,
        }
    }
}

async fn verify(server: &ServerProcess, acknowledged: &Acknowledged, round: u64) {
    let list = client().get(format!("{}/api/machines", server.url)).send().await.unwrap();
    let list: serde_json::Value = list.json().await.unwrap();
    let kept: HashMap<_, _> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (m["machine_id"].as_str().unwrap(), m["memory_total_mb"].as_u64().unwrap()))
        .collect();
    for (id, number) in acknowledged.lock().await.iter() {
        let kept = kept.get(id.as_str()).copied();
        assert!(kept >= Some(*number), "round {round}: {id} is {kept:?}, acknowledged {number}");
    }
}
