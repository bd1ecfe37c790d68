//! Starting and stopping, and what people are told when it does not start.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::process::{ServerProcess, refused, serve, serve_guarded};
use crate::support::server::client;

#[tokio::test]
async fn the_start_line_says_where_and_what() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(directory.path());
    let store = directory.path().join("tatuscan.redb");
    assert!(server.start.contains("tatuscan is ready"), "{}", server.start);
    assert!(server.start.contains(store.to_str().unwrap()), "{}", server.start);
    assert!(server.start.contains("machines=0"), "{}", server.start);
    assert!(store.exists());
    let health = client().get(format!("{}/api/health", server.url)).send().await.unwrap();
    assert_eq!(health.status(), 200);
}

#[test]
fn log_lines_can_be_json() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = serve(directory.path());
    command.env("TATUSCAN_LOG_FORMAT", "json").stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let mut log = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut log, &mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["message"], "tatuscan is ready");
    assert_eq!(line["machines"], 0);
    assert!(line["url"].as_str().unwrap().starts_with("http://"));
}

#[tokio::test]
async fn it_stops_cleanly_when_asked_and_keeps_what_it_had() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let directory = tempfile::tempdir().unwrap();
        let server = ServerProcess::start(directory.path());
        let post = client().post(format!("{}/api/machines", server.url));
        let post = post.header("Content-Type", "application/json");
        let body = crate::support::machines::body("m1").to_string();
        assert_eq!(post.body(body).send().await.unwrap().status(), 201);
        // An open connection that says nothing must not hold it up.
        let address = server.url.trim_start_matches("http://").to_owned();
        let _silent = std::net::TcpStream::connect(address).unwrap();
        let (code, took, log) = server.stop(signal);
        assert_eq!(code, Some(0), "{log}");
        assert!(took < Duration::from_secs(10), "{took:?}");
        assert!(log.contains("stopped"), "{log}");
        let again = ServerProcess::start(directory.path());
        assert!(again.start.contains("machines=1"), "{}", again.start);
    }
}

#[test]
fn whoever_reads_the_ready_line_may_stop_it_at_once() {
    let directory = tempfile::tempdir().unwrap();
    // A full pipe holds the server up in the very act of logging its first line.
    let (mut log, mut pipe) = std::io::pipe().unwrap();
    let room = nix::fcntl::fcntl(&pipe, nix::fcntl::FcntlArg::F_SETPIPE_SZ(4096)).unwrap();
    pipe.write_all(&vec![b'.'; room.try_into().unwrap()]).unwrap();
    let mut child = serve(directory.path()).stdout(pipe).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let catches_sigterm = || {
        let status = fs::read_to_string(&status).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        let mask = u64::from_str_radix(mask.trim(), 16).unwrap();
        mask & 1 << (Signal::SIGTERM as u64 - 1) != 0
    };
    let mut tries = 0;
    while !catches_sigterm() && tries < 200 {
        std::thread::sleep(Duration::from_millis(50));
        tries += 1;
    }
    let pid = nix::unistd::Pid::from_raw(child.id().try_into().unwrap());
    nix::sys::signal::kill(pid, Signal::SIGTERM).unwrap();
    let mut said = String::new();
    log.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
    assert!(said.contains("tatuscan is ready") && said.contains("stopped"), "{said}");
}

#[test]
fn a_port_in_use_is_said_with_the_variable_to_change() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = serve(directory.path());
    command.env("TATUSCAN_PORT", taken.local_addr().unwrap().port().to_string());
    let (code, said) = refused(command);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("another program listens there"), "{said}");
    assert!(said.contains("TATUSCAN_PORT"), "{said}");
}

#[test]
fn a_store_in_use_by_another_server_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let _first = ServerProcess::start(directory.path());
    let (code, said) = refused(serve(directory.path()));
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("is in use by another process"), "{said}");
    assert!(said.contains("TATUSCAN_DB_DIR"), "{said}");
}

#[test]
fn a_damaged_store_is_refused_with_exit_code_3_and_left_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tatuscan.redb");
    for (bytes, text) in [
        (Vec::new(), "is empty"),
        (vec![0; 4096], "zeros"),
        (b"SQLite format 3\0".to_vec(), "SQLite"),
        (b"redb\x1a\x0a\xa9\x0d\x0a and no more".to_vec(), "damaged"),
    ] {
        fs::write(&path, &bytes).unwrap();
        let (code, said) = refused(serve(directory.path()));
        assert_eq!(code, 3, "{said}");
        assert!(said.contains(text), "{text}: {said}");
        assert!(!said.contains("panicked"), "{said}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn a_damaged_file_of_the_original_is_said_and_nothing_is_begun_without_it() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("tatuscan.db"), b"SQLite format 3\0 and more").unwrap();
    for file in [None, Some("tatuscan.db")] {
        let mut command = serve(directory.path());
        if let Some(file) = file {
            command.env("TATUSCAN_DB_FILE", file);
        }
        let (code, said) = refused(command);
        assert_eq!(code, 3, "{said}");
        assert!(said.contains("tatuscan.db of the original cannot be taken over"), "{said}");
        assert!(!directory.path().join("tatuscan.redb").exists());
    }
}

#[test]
fn a_directory_that_cannot_be_used_is_said_with_its_path() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let mut command = serve(directory.path());
    command.env("TATUSCAN_DB_DIR", file.join("below"));
    let (code, said) = refused(command);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(file.to_str().unwrap()), "{said}");
}

/// As systemd does when a service is to reload.
#[test]
fn a_hangup_ends_no_server_that_has_no_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = serve(directory.path());
    command.stdin(Stdio::null());
    let mut server = ServerProcess::spawn(command);
    server.signal(Signal::SIGHUP);
    server.wait_for("there is no certificate to read again");
    assert_eq!(server.stop(Signal::SIGTERM).0, Some(0));
}

#[test]
fn the_data_directory_is_private() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut command = serve(directory.path());
    command.env("TATUSCAN_DB_DIR", &data);
    let _server = ServerProcess::spawn(command);
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
}

/// Also where every agent needs a token, and where a proxy is in front of the server.
#[tokio::test]
async fn the_local_agent_reports_this_very_machine() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = serve_guarded(directory.path());
    command.arg("--local-agent").env("TATUSCAN_BIND", "127.0.0.1");
    command.env("TATUSCAN_AUTH", "strict").env("TATUSCAN_TRUSTED_PROXIES", "127.0.0.1");
    let server = ServerProcess::spawn(command);
    let token = fs::read_to_string(directory.path().join("admin.token")).unwrap();
    let mut machines = serde_json::Value::Null;
    for _ in 0..100 {
        let list = client().get(format!("{}/api/machines", server.url)).bearer_auth(token.trim());
        machines = list.send().await.unwrap().json().await.unwrap();
        if machines["count"] == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let machine = &machines["items"][0];
    assert_eq!(machine["os"], "linux", "{machines}");
    assert_eq!(machine["status"], "online");
    assert_eq!(machine["hostname"].as_str(), nix::unistd::gethostname().unwrap().to_str());
    assert!(machine["memory_total_mb"].as_i64().unwrap() > 100);
    let (code, took, log) = server.stop(Signal::SIGTERM);
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains(token.trim()), "{log}");
    assert!(!log.contains(token.trim()), "{log}");
    assert!(took < Duration::from_secs(10));
}
