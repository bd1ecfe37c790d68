//! More connections than the system lets the server have.

use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use crate::support::machines::body;
use crate::support::process::ServerProcess;
use crate::support::server::client;

#[tokio::test]
async fn running_out_of_descriptors_neither_ends_nor_bloats_the_server() {
    let directory = tempfile::tempdir().unwrap();
    // The limit is set in a shell that then becomes the server.
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n 64 && exec \"$0\" serve", env!("CARGO_BIN_EXE_tatuscan")])
        .env_clear()
        .env("TATUSCAN_DB_DIR", directory.path())
        .env("TATUSCAN_PORT", "0")
        .current_dir(directory.path());
    let server = ServerProcess::spawn(command);
    let before = server.resident_kib();
    let address = server.url.trim_start_matches("http://").to_owned();
    let crowd: Vec<_> = (0..400).map(|_| TcpStream::connect(&address).unwrap()).collect();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let busy = cpu_ticks(server.pid());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let spent = cpu_ticks(server.pid()) - busy;
    assert!(spent < 50, "{spent} of 100 ticks went into a server that can do nothing");
    assert!(server.resident_kib() < before + 20_000, "memory grew");
    drop(crowd);
    let request = client().post(format!("{}/api/machines", server.url));
    let request = request.header("Content-Type", "application/json");
    let response = request.body(body("m1").to_string()).timeout(Duration::from_secs(15));
    assert_eq!(response.send().await.unwrap().status(), 201);
}

/// Processor time that a process has used, in hundredths of a second.
fn cpu_ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
