//! `kill -9` under load: nothing that was acknowledged is lost.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::support::machines::body;
use crate::support::process::ServerProcess;
use crate::support::rounds;
use crate::support::seed::campaign;
use crate::support::server::client;

/// What the server has acknowledged: machine -> memory of its last report, which only grows.
pub(super) type Acknowledged = Arc<Mutex<HashMap<String, u64>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_report_is_lost_when_the_server_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let acknowledged = Acknowledged::default();
    for mut round in campaign(10) {
        let server = ServerProcess::start(directory.path());
        verify(&server, &acknowledged, round.seed).await;
        let senders = Senders::start(&server, &acknowledged);
        tokio::time::sleep(Duration::from_millis(round.within(120..560))).await;
        server.kill();
        senders.stop().await;
    }
    let server = ServerProcess::start(directory.path());
    verify(&server, &acknowledged, rounds(10)).await;
    let machines = acknowledged.lock().await.len();
    assert!(machines > 100, "only {machines} machines were acknowledged: was there any load?");
}

/// Clients that send reports as fast as they are answered.
pub(super) struct Senders {
    stopped: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Senders {
    pub(super) fn start(server: &ServerProcess, acknowledged: &Acknowledged) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let task = |sender| {
            let (url, log) = (server.url.clone(), Arc::clone(acknowledged));
            tokio::spawn(send(url, sender, Arc::clone(&stopped), log))
        };
        let tasks = (0..16).map(task).collect();
        Self { stopped, tasks }
    }

    pub(super) async fn stop(self) {
        self.stopped.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

/// Sends reports until it is stopped or the server is gone, and notes each that was acknowledged. A
/// sender has machines of its own, so that the last acknowledged number is the newest.
async fn send(url: String, sender: u64, stopped: Arc<AtomicBool>, acknowledged: Acknowledged) {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let client = client();
    while !stopped.load(Ordering::Relaxed) {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let id = format!("m{}", sender * 50 + number % 50);
        let mut report = body(&id);
        report["memory_total_mb"] = number.into();
        let request = client.post(format!("{url}/api/machines"));
        let request = request.header("Content-Type", "application/json").body(report.to_string());
        match request.send().await {
            Ok(response) if response.status().is_success() => {
                acknowledged.lock().await.insert(id, number);
            }
            Ok(response) => assert_eq!(response.status(), 503, "{response:?}"),
            Err(_) => return,
        }
    }
}

pub(super) async fn verify(server: &ServerProcess, acknowledged: &Acknowledged, round: u64) {
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
