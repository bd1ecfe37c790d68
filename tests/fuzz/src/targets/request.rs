//! A request of somebody who may only look: its head, an empty line, its body. Whatever it is, it is
//! answered, changes no machine, and the answer is whole.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde_json::Value;
use tatuscan::access::{self, Access, Mode};
use tatuscan::http::{App, Gate, Limits, Settings, bind, serve};
use tatuscan::inventory::Inventory;
use tatuscan::model::StatusRules;
use tatuscan::store::Store;
use tatuscan::store::redb::RedbStore;
use tempfile::{TempDir, tempdir};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use crate::sample::{self, MACHINES, ZONE, assert_harmless};

struct Server {
    runtime: Runtime,
    address: SocketAddr,
    store: Arc<RedbStore>,
    _directory: TempDir,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let directory = tempdir().unwrap();
    let store = Arc::new(RedbStore::open(&directory.path().join("tatuscan.redb")).unwrap());
    let address = runtime.block_on(async {
        let mut machines = MACHINES.clone();
        for (number, machine) in machines.iter_mut().enumerate() {
            machine.id = tatuscan::model::MachineId::stored(&format!("lab-{number}"));
        }
        store.import_machines(machines).await.unwrap();
        let rules =
            access::Settings { mode: Mode::Strict, public_read: true, ..Default::default() };
        let access = Access::new(Arc::clone(&store) as Arc<dyn Store>, rules);
        access.found(sample::now()).await.unwrap();
        let inventory =
            Inventory::new(Arc::clone(&store) as Arc<dyn Store>, StatusRules::default());
        let gate = Gate {
            trusted_proxies: vec!["127.0.0.1/32".parse().unwrap()],
            public_url: Some("https://inventory.example.org".into()),
            own_names_only: false,
        };
        let work_dir = directory.path().to_owned();
        let settings = Settings { zone: ZONE, now: sample::now, gate, work_dir };
        let app = Arc::new(App::new(inventory, access, settings));
        let listener = bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, None, app, Limits::default(), Default::default()));
        address
    });
    Server { runtime, address, store, _directory: directory }
});

pub fn run(data: &[u8]) {
    let Some(request) = request(data) else { return };
    let server = &*SERVER;
    server.runtime.block_on(async {
        let answer = tokio::time::timeout(Duration::from_secs(8), answer(server.address, &request));
        check(&answer.await.expect("an answer in time"));
        let kept = server.store.snapshot().await.unwrap().machines;
        assert_eq!(kept.len(), MACHINES.len());
        assert!(kept.iter().all(|machine| machine.updated_at <= Some(sample::now())));
    });
}

/// The request as it is sent, so that nobody waits for more of it. A log-in takes a second of work on
/// purpose, and an event stream has no end.
fn request(data: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(data);
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let first = lines.next()?;
    let lower = head.to_ascii_lowercase();
    let framing = ["content-length", "transfer-encoding", "connection", "upgrade", "expect"];
    let slow = ["/api/session", "/api/setup"];
    if framing.iter().chain(&slow).any(|word| lower.contains(word)) {
        return None;
    }
    let lines: Vec<&str> = lines.collect();
    let head = format!(
        "{first} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n{}\r\n\r\n{body}",
        body.len(),
        lines.join("\r\n"),
    );
    // Without a header there must be no empty line before the end.
    Some(
        if lines.is_empty() { head.replacen("\r\n\r\n\r\n", "\r\n\r\n", 1) } else { head }
            .into_bytes(),
    )
}

async fn answer(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut answer = Vec::new();
    if stream.write_all(request).await.is_ok() {
        // A server that refuses before it has read everything may reset the connection.
        let _ = stream.read_to_end(&mut answer).await;
    }
    answer
}

fn check(answer: &[u8]) {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        assert!(answer.is_empty(), "{:?}", String::from_utf8_lossy(answer));
        return;
    };
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
    assert!(status < 500 || [501, 503, 505].contains(&status), "{head}");
    head.split("\r\n").for_each(|line| assert_harmless(line, false));
    let lower = head.to_ascii_lowercase();
    if !lower.contains("content-type: application/json") || lower.contains("content-encoding") {
        return;
    }
    let body = &answer[end + 4..];
    if lower.contains("transfer-encoding") || body.is_empty() {
        return;
    }
    let body: Value = serde_json::from_slice(body)
        .unwrap_or_else(|why| panic!("{why}: {}", String::from_utf8_lossy(answer)));
    if status >= 400 {
        assert_harmless(body["error"].as_str().expect("an error says what"), false);
    }
}
