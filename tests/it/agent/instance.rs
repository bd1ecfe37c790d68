//! Agents beside each other on one machine.

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::enrolment::{agent, ask, token};
use crate::support::edge::{Listener, answer, tatuscan, text};
use crate::support::process::{ServerProcess, serve_guarded};

/// An agent that repeats, once its first report is there.
fn daemon(directory: &std::path::Path, listener: &Listener) -> Child {
    let mut command = tatuscan(directory);
    command.args(["agent", "-d", "--interval", "1h"]).stdout(Stdio::piped());
    command.env("TATUSCAN_URL", format!("http://{}", listener.address));
    let child = command.spawn().unwrap();
    listener.request();
    child
}

#[test]
fn a_second_agent_says_that_there_is_one_and_a_single_report_goes_out_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let listener = Listener::start("127.0.0.1:0", &[&answer("201 Created", "")]);
    let url = format!("http://{}", listener.address);
    let mut first = daemon(directory.path(), &listener);

    let asked = Instant::now();
    let mut second = tatuscan(directory.path());
    let second = second.args(["agent", "-d"]).env("TATUSCAN_URL", &url).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second).contains("another agent is running here"), "{}", text(&second));
    assert!(text(&second).contains("TATUSCAN_STATE_DIR"), "{}", text(&second));
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert!(listener.is_quiet(), "nothing was sent");

    // What the other one keeps is left alone, also when the server is away.
    let waiting = directory.path().join("state/unsent-report.json");
    fs::write(&waiting, "the other one's").unwrap();
    for (url, code) in [(url.as_str(), 0), ("http://127.0.0.1:1", 1)] {
        let mut once = tatuscan(directory.path());
        let once = once.args(["agent", "--url", url]).output().unwrap();
        assert_eq!(once.status.code(), Some(code), "{}", text(&once));
        assert_eq!(fs::read_to_string(&waiting).unwrap(), "the other one's");
    }
    listener.request();

    // A killed one is no longer there.
    first.kill().unwrap();
    first.wait().unwrap();
    let mut third = daemon(directory.path(), &listener);
    third.kill().unwrap();
    third.wait().unwrap();
}

#[test]
fn without_a_place_for_its_state_an_agent_reports_and_says_so_once() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("file"), "").unwrap();
    let listener = Listener::start("127.0.0.1:0", &[&answer("201 Created", "")]);
    let mut command = tatuscan(directory.path());
    command.args(["agent", "-d", "--interval", "200ms"]).stdout(Stdio::piped());
    command.env("TATUSCAN_URL", format!("http://{}", listener.address));
    command.env("TATUSCAN_STATE_DIR", directory.path().join("file/state"));
    let mut child = command.spawn().unwrap();
    let ids: std::collections::BTreeSet<_> = (0..4)
        .map(|_| {
            let request = listener.request();
            request.split("\"machine_id\":\"").nth(1).unwrap()[..64].to_owned()
        })
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    child.kill().unwrap();
    let log = text(&child.wait_with_output().unwrap());
    assert_eq!(log.matches("cannot be used").count(), 1, "{log}");
}

/// Both sign with the machine's key, and number what they sign: the server keeps the numbers apart.
#[test]
fn single_reports_beside_an_agent_with_a_key_lock_neither_out() {
    let directory = tempfile::tempdir().unwrap();
    let (data, state) = (directory.path().join("data"), directory.path());
    fs::create_dir(&data).unwrap();
    let mut serve = serve_guarded(&data);
    serve.env("TATUSCAN_AUTH", "strict");
    let server = ServerProcess::spawn(serve);
    let mut daemon =
        agent(state, &["--url", &server.url, "-d", "--interval", "300ms", "-l", "info"]);
    daemon.env("TATUSCAN_ENROLL_TOKEN", token(&data, "enrol")).stdout(Stdio::piped());
    let mut daemon = daemon.spawn().unwrap();
    let identity = state.join("state/identity.json");
    let deadline = Instant::now() + Duration::from_secs(20);
    while !identity.exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    for _ in 0..3 {
        let once = agent(state, &["--url", &server.url]).output().unwrap();
        assert_eq!(once.status.code(), Some(0), "{}", text(&once));
    }
    std::thread::sleep(Duration::from_secs(1));
    daemon.kill().unwrap();
    let log = text(&daemon.wait_with_output().unwrap());
    assert!(log.matches("report accepted").count() >= 4, "{log}");
    assert!(!log.contains("not sent") && !log.contains("refused"), "{log}");
}

#[tokio::test]
async fn an_agent_that_is_running_takes_up_the_key_that_agent_enroll_got() {
    let directory = tempfile::tempdir().unwrap();
    let (data, state) = (directory.path().join("data"), directory.path());
    fs::create_dir(&data).unwrap();
    let server = ServerProcess::spawn(serve_guarded(&data));
    let mut daemon = agent(state, &["--url", &server.url, "-d", "--interval", "300ms"]);
    let mut daemon = daemon.stdout(Stdio::null()).spawn().unwrap();
    let enrol = token(&data, "enrol");
    let mut proofs = Vec::new();
    for number in 0..2 {
        if number == 1 {
            let enrolled = agent(state, &["enroll", &server.url, &enrol]).output().unwrap();
            assert_eq!(enrolled.status.code(), Some(0), "{}", text(&enrolled));
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        let list = ask(&server, &data, reqwest::Method::GET, "/api/machines").await;
        proofs.push(list["items"][0]["proof"].clone());
    }
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert_eq!(proofs, ["legacy", "signature"]);
}

/// Root may run the agent of a directory that the service owns: it gives nobody what is not there.
#[test]
fn the_lock_of_a_directory_is_no_way_to_another_file() {
    use std::os::unix::fs::{MetadataExt as _, chown, symlink};
    let directory = tempfile::tempdir().unwrap();
    let (state, victim) = (directory.path().join("state"), directory.path().join("victim"));
    fs::create_dir(&state).unwrap();
    fs::write(&victim, "root's").unwrap();
    if chown(&state, Some(12345), Some(12345)).is_err() {
        eprintln!("skipped: only root gives files to other users; run the tests as root");
        return;
    }
    let listener = Listener::start("127.0.0.1:0", &[&answer("201 Created", "")]);
    let report = || {
        let mut once = tatuscan(directory.path());
        let once = once.args(["agent", "--url", &format!("http://{}", listener.address)]);
        let once = once.output().unwrap();
        assert_eq!(once.status.code(), Some(0), "{}", text(&once));
        listener.request();
        text(&once)
    };
    let own = fs::metadata(&victim).unwrap().uid();
    symlink(&victim, state.join("agent.lock")).unwrap();
    assert!(report().contains("cannot be used"));
    assert_eq!(fs::metadata(&victim).unwrap().uid(), own);
    fs::remove_file(state.join("agent.lock")).unwrap();
    fs::hard_link(&victim, state.join("agent.lock")).unwrap();
    report();
    assert_eq!(fs::metadata(&victim).unwrap().uid(), own);
    fs::remove_file(state.join("agent.lock")).unwrap();
    report();
    assert_eq!(fs::metadata(state.join("agent.lock")).unwrap().uid(), 12345);
}
