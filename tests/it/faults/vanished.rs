//! Clients that vanish without a word: their network is gone, so that neither they nor their computers
//! say goodbye.

use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tatuscan::http::Limits;
use tatuscan::store::redb::RedbStore;

use crate::support::machines::{body, report};
use crate::support::server::{Guarded, Server};
use crate::support::skip;

/// A computer of its own on a network of its own, gone when it is dropped.
struct Elsewhere {
    name: String,
    /// This computer's end of the cable.
    cable: String,
    here: Ipv4Addr,
    there: Ipv4Addr,
}

fn run(command: &str) -> Result<(), String> {
    let mut words = command.split_whitespace();
    let done = Command::new(words.next().unwrap()).args(words).output();
    let done = done.map_err(|error| error.to_string())?;
    if done.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&done.stderr).trim().to_owned())
}

impl Elsewhere {
    fn new() -> Option<Self> {
        let number = std::process::id() % 16_000;
        let [high, low] = u16::try_from(number * 4).unwrap().to_be_bytes();
        let at = |last| Ipv4Addr::new(10, 217, high, low + last);
        let (name, cable) = (format!("vanish{number}"), format!("vn{number}"));
        let elsewhere = Self { name, cable, here: at(1), there: at(2) };
        let Self { name, cable, here, there } = &elsewhere;
        let made = [
            format!("ip netns add {name}"),
            format!("ip link add {cable} type veth peer name away netns {name}"),
            format!("ip address add {here}/30 dev {cable}"),
            format!("ip link set {cable} up"),
            format!("ip -n {name} address add {there}/30 dev away"),
            format!("ip -n {name} link set away up"),
        ];
        for command in &made {
            if let Err(why) = run(command) {
                skip("namespace", &format!("needs root and iproute2: {command}: {why}"));
                return None;
            }
        }
        Some(elsewhere)
    }

    /// Opens connections to a port of this computer, each beginning so, and leaves them so.
    fn connect(&self, port: u16, beginning: &str, connections: usize) -> Child {
        let script = format!(
            "for one in $(seq {connections}); do exec {{line}}<>/dev/tcp/{}/{port}; \
             printf '{beginning}' >&$line; done; echo there; exec sleep 1000",
            self.here
        );
        let mut client = Command::new("ip");
        client.args(["netns", "exec", &self.name, "bash", "-c", &script]);
        let mut client = client.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(client.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "there\n");
        client
    }

    /// How many connections from there this process has.
    fn connections(&self, port: u16) -> usize {
        let there = u32::from_ne_bytes(self.there.octets());
        let (local, remote) = (format!(":{port:04X}"), format!("{there:08X}:"));
        let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
        let mine = table.lines().filter(|line| {
            let fields: Vec<_> = line.split_whitespace().collect();
            // What the system alone still has is nobody's file.
            fields[1].ends_with(&local) && fields[2].starts_with(&remote) && fields[9] != "0"
        });
        mine.count()
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        let _ = run(&format!("ip link delete {}", self.cable));
        let _ = run(&format!("ip netns delete {}", self.name));
    }
}

const CONNECTIONS: usize = 24;
/// Long enough for every limit below.
const GONE: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_vanish_hold_up_nobody_and_are_forgotten_in_time() {
    let Some(elsewhere) = Elsewhere::new() else { return };
    let limits = Limits {
        connections: 32,
        head: Duration::from_millis(800),
        request: Duration::from_millis(1_000),
        idle: Duration::from_millis(1_500),
        write: Duration::from_millis(800),
        drain: Duration::from_secs(2),
    };
    let directory = tempfile::tempdir().unwrap();
    let store = RedbStore::open(&directory.path().join("tatuscan.redb")).unwrap();
    for hundred in 0..30 {
        let reports = (0..100).map(|n| report(&format!("m{}", hundred * 100 + n), 1)).collect();
        tatuscan::store::Store::record_reports(&store, reports).await.unwrap();
    }
    let mut guard = Guarded { limits, address: "0.0.0.0:0", ..Guarded::compat() };
    guard.rules.mode = tatuscan::access::Mode::Off;
    let server = Server::guarded(std::sync::Arc::new(store), guard).await;
    let port = server.address.port();
    let near = format!("http://127.0.0.1:{port}");
    let head = "HTTP/1.1\\r\\nHost: x\\r\\n";
    let many = format!("GET /api/machines {head}\\r\\n").repeat(12);
    for (what, beginning, connections) in [
        ("said nothing", String::new(), CONNECTIONS),
        ("began a head", "GET /api/mach".to_owned(), CONNECTIONS),
        (
            "began a body",
            format!(
                "POST /api/machines {head}Content-Type: application/json\\r\\nContent-Length: 500\\r\\n\\r\\n{{"
            ),
            CONNECTIONS,
        ),
        ("had an answer", format!("GET /livez {head}\\r\\n"), CONNECTIONS),
        ("wait for an answer", many, CONNECTIONS / 3),
    ] {
        let mut client = elsewhere.connect(port, &beginning, connections);
        assert!(elsewhere.connections(port) > 0, "{what}: nobody came");
        run(&format!("ip link set {} down", elsewhere.cable)).unwrap();
        let vanished = Instant::now();
        client.kill().unwrap();
        client.wait().unwrap();
        loop {
            // Others are served as ever.
            let asked = Instant::now();
            let mine = server.client.post(format!("{near}/api/machines"));
            let mine =
                mine.header("Content-Type", "application/json").body(body("near").to_string());
            let status = mine.send().await.unwrap().status();
            assert!(status.is_success(), "{what}: {status}");
            assert!(asked.elapsed() < Duration::from_secs(2), "{what}: {:?}", asked.elapsed());
            let left = elsewhere.connections(port);
            if left == 0 {
                break;
            }
            assert!(vanished.elapsed() < GONE, "{what}: {left} connections are still there");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        run(&format!("ip link set {} up", elsewhere.cable)).unwrap();
        // What never found its way is gone with the computer that sent it.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    server.stop().await;
}
