//! `tatuscan agent doctor`, against servers in every state.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use super::enrolment::{agent, token};
use crate::support::edge::{Listener, answer, tatuscan, text};
use crate::support::process::{ServerProcess, serve, serve_guarded};

fn doctor(directory: &Path, url: &str) -> Output {
    agent(directory, &["doctor", "--url", url]).output().unwrap()
}

/// The line about one thing.
fn line(output: &Output, check: &str) -> String {
    let text = text(output);
    let found = text.lines().find(|line| line.split_whitespace().nth(1) == Some(check));
    found.unwrap_or_else(|| panic!("nothing about {check} in\n{text}")).to_owned()
}

#[test]
fn all_is_well_with_a_server_that_takes_reports_and_nothing_is_changed() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::spawn(serve(directory.path()));
    let output = doctor(directory.path(), &server.url);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    for check in ["proxy", "dns", "tcp", "tls", "clock", "server", "credentials", "inventory"] {
        assert!(line(&output, check).starts_with("ok "), "{}", text(&output));
    }
    assert!(line(&output, "identity").contains("kept as soon as a server knows it"));
    assert!(!directory.path().join("state").exists(), "nothing is written");

    let json = agent(directory.path(), &["doctor", "--json", "--url", &server.url]);
    let json = { json }.output().unwrap();
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(json["checks"].as_array().unwrap().iter().any(|check| check["check"] == "clock"));

    // Once there was a report the id is kept, and found where it is kept.
    let sent = agent(directory.path(), &["--url", &server.url]).output().unwrap();
    assert!(sent.status.success(), "{}", text(&sent));
    let id = line(&output, "identity");
    let id = id.split_whitespace().nth(2).unwrap().trim_end_matches(',').to_owned();
    let kept = line(&doctor(directory.path(), &server.url), "identity");
    assert!(kept.contains(&id) && kept.ends_with("kept"), "{kept}");
}

#[test]
fn it_says_whether_the_server_believes_this_machine() {
    let directory = tempfile::tempdir().unwrap();
    let (data, state) = (directory.path().join("data"), directory.path());
    fs::create_dir(&data).unwrap();
    let mut strict = serve_guarded(&data);
    strict.env("TATUSCAN_AUTH", "strict");
    let server = ServerProcess::spawn(strict);
    let output = doctor(state, &server.url);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let said = line(&output, "credentials");
    assert!(said.starts_with("FAIL") && said.contains("tatuscan agent enroll"), "{said}");

    let token = token(&data, "enrol");
    let mut with_token = agent(state, &["doctor", "--url", &server.url]);
    let output = with_token.env("TATUSCAN_ENROLL_TOKEN", &token).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(!text(&output).contains(&token));

    let enrolled = agent(state, &["enroll", &server.url, &token]).output().unwrap();
    assert!(enrolled.status.success(), "{}", text(&enrolled));
    for _ in 0..2 {
        let output = doctor(state, &server.url);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        assert!(line(&output, "credentials").contains("own key"), "{}", text(&output));
        // Reports go on as before.
        let sent = agent(state, &["--url", &server.url]).output().unwrap();
        assert!(sent.status.success(), "{}", text(&sent));
    }
    // The state of a machine whose key the server does not know.
    let other = tempfile::tempdir().unwrap();
    let mut unknown = serve_guarded(other.path());
    unknown.env("TATUSCAN_AUTH", "strict");
    let server = ServerProcess::spawn(unknown);
    let output = doctor(state, &server.url);
    assert!(line(&output, "credentials").starts_with("FAIL"), "{}", text(&output));
}

#[test]
fn each_way_not_to_reach_a_server_has_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let far = "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\n";
    let moved = answer("308 Permanent Redirect", "Location: https://new.example/\r\n");
    for (response, check, verdict, said) in [
        (answer("200 OK", far), "clock", "warn", "ahead of the server's"),
        (answer("404 Not Found", ""), "server", "FAIL", "not as TatuScan"),
        (moved, "server", "FAIL", "https://new.example/"),
        (answer("503 No", ""), "server", "warn", "tatuscan doctor on the server"),
    ] {
        let listener = Listener::start("127.0.0.1:0", &[&response]);
        // A connection without a request comes first: the test listener answers none.
        let output = doctor(directory.path(), &format!("http://{}", listener.address));
        let line = line(&output, check);
        assert!(line.starts_with(verdict) && line.contains(said), "{}", text(&output));
    }
    for (url, check, said) in [
        ("http://127.0.0.1:1", "tcp", "refused"),
        ("http://name.invalid", "dns", "/etc/resolv.conf"),
        ("https://127.0.0.1:1", "tcp", "refused"),
    ] {
        let output = doctor(directory.path(), url);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        let line = line(&output, check);
        assert!(line.starts_with("FAIL") && line.contains(said), "{}", text(&output));
    }
    let plain = Listener::start("127.0.0.1:0", &[&answer("200 OK", "")]);
    let output = doctor(directory.path(), &format!("https://{}", plain.address));
    assert!(line(&output, "tls").starts_with("FAIL"), "{}", text(&output));

    let output = agent(directory.path(), &["doctor"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(line(&output, "address").contains("TATUSCAN_URL"), "{}", text(&output));
}

#[test]
fn the_proxy_in_force_is_the_one_that_is_looked_at() {
    let directory = tempfile::tempdir().unwrap();
    let run = |variable: &str, value: &str| {
        let mut command = agent(directory.path(), &["doctor", "--url", "http://name.invalid"]);
        command.env(variable, value).env("NO_PROXY", "other.invalid").output().unwrap()
    };
    let output = run("http_proxy", "http://127.0.0.1:1");
    assert!(line(&output, "proxy").contains("127.0.0.1:1"), "{}", text(&output));
    assert!(line(&output, "tcp").contains("the proxy runs"), "{}", text(&output));
    let output = run("https_proxy", "http://127.0.0.1:1");
    assert!(line(&output, "proxy").ends_with("none"), "{}", text(&output));
}

#[test]
fn the_agent_alone_has_the_same_doctor() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tatuscan-agent"));
    command.args(["doctor", "--url", "http://127.0.0.1:1"]).env_clear();
    let output =
        command.env("TATUSCAN_STATE_DIR", directory.path().join("state")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(line(&output, "tcp").starts_with("FAIL"), "{}", text(&output));
    let mut whole = tatuscan(directory.path());
    let whole = whole.args(["agent", "doctor", "--url", "http://127.0.0.1:1"]).output().unwrap();
    assert_eq!(line(&whole, "tcp"), line(&output, "tcp"));
}
