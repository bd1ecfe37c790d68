//! The real agent gets a key of its own from the real server, and signs its reports with it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::edge::{tatuscan, text};
use crate::support::process::{ServerProcess, serve_guarded};
use crate::support::server::client;

pub(super) fn token(data: &Path, scope: &str) -> String {
    let mut command = tatuscan(data);
    command.args(["token", "create", "test", "--scope", scope]).env("TATUSCAN_DB_DIR", data);
    let made = command.output().unwrap();
    assert!(made.status.success(), "{}", text(&made));
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

/// `tatuscan agent` whose state is in `state`.
pub(super) fn agent(state: &Path, arguments: &[&str]) -> Command {
    let mut command = tatuscan(state);
    command.arg("agent").args(arguments).env("TATUSCAN_STATE_DIR", state.join("state"));
    command
}

fn reported(mut command: Command) -> Output {
    let output = command.args(["-l", "info"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    output
}

pub(super) async fn ask(
    server: &ServerProcess,
    data: &Path,
    method: reqwest::Method,
    path: &str,
) -> Value {
    let admin = fs::read_to_string(data.join("admin.token")).unwrap();
    let request = client().request(method, format!("{}{path}", server.url));
    request.bearer_auth(admin.trim()).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn an_agent_enrols_at_its_first_report_and_signs_from_then_on() {
    let directory = tempfile::tempdir().unwrap();
    let (data, state) = (directory.path().join("data"), directory.path());
    fs::create_dir(&data).unwrap();
    let mut serve = serve_guarded(&data);
    // Where every report takes a token or a signature.
    serve.env("TATUSCAN_AUTH", "strict");
    let server = ServerProcess::spawn(serve);
    let token = token(&data, "enrol");

    let mut bare = agent(state, &["--url", &server.url]);
    let refused = bare.output().unwrap();
    assert!(!refused.status.success());
    assert!(text(&refused).contains("401"), "{}", text(&refused));

    let mut first = agent(state, &["--url", &server.url]);
    first.env("TATUSCAN_ENROLL_TOKEN", &token);
    let output = reported(first);
    assert!(text(&output).contains("enrolled"), "{}", text(&output));
    assert!(!text(&output).contains(&token), "{}", text(&output));
    let key = state.join("state/machine-key.json");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o7777, 0o600);

    // Without the token, from another process: the number of the last report is asked for.
    for _ in 0..2 {
        reported(agent(state, &["--url", &server.url]));
    }
    let list = ask(&server, &data, reqwest::Method::GET, "/api/machines").await;
    assert_eq!(list["count"], 1);

    // A copy without the key cannot take its place; with a token it waits for an admin.
    let copy = tempfile::tempdir().unwrap();
    let mut thief = agent(copy.path(), &["--url", &server.url]);
    thief.env("TATUSCAN_ENROLL_TOKEN", &token);
    let waiting = thief.output().unwrap();
    assert!(text(&waiting).contains("an admin must approve"), "{}", text(&waiting));
    reported(agent(state, &["--url", &server.url]));
    let id = list["items"][0]["machine_id"].as_str().unwrap();
    let keys = ask(&server, &data, reqwest::Method::GET, "/api/keys").await;
    let looked_at = format!("{{\"waiting_key\":{}}}", keys["items"][0]["waiting_key"]);
    let admin = fs::read_to_string(data.join("admin.token")).unwrap();
    let approve = client().post(format!("{}/api/machines/{id}/key/approve", server.url));
    let approve = approve.bearer_auth(admin.trim()).header("Content-Type", "application/json");
    assert_eq!(approve.body(looked_at).send().await.unwrap().status(), 200);
    let output = thief.output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let mut replaced = agent(state, &["--url", &server.url]);
    assert!(!replaced.output().unwrap().status.success(), "its key counts no longer");
}

#[test]
fn a_person_enrols_a_machine_by_hand_with_the_pin_in_the_token() {
    let directory = tempfile::tempdir().unwrap();
    let (data, state) = (directory.path().join("data"), directory.path());
    fs::create_dir(&data).unwrap();
    let mut serve = serve_guarded(&data);
    serve.env("TATUSCAN_TLS", "self");
    let server = ServerProcess::spawn(serve);
    let enrolment = token(&data, "enrol");
    let (_, pin) = enrolment.split_once('@').expect("a pin");
    assert!(pin.starts_with("sha256:"), "{enrolment}");

    let said = text(&agent(state, &["enroll", &server.url, &enrolment]).output().unwrap());
    assert!(said.contains("is enrolled"), "{said}");
    let mut later = agent(state, &["--url", &server.url]);
    later.env("TATUSCAN_TLS_PIN", pin);
    reported(later);

    let other = enrolment.replace(&pin[7..12], "00000");
    let refused = agent(state, &["enroll", &server.url, &other]).output().unwrap();
    assert!(!refused.status.success());
    let wrong = agent(state, &["enroll", &server.url, "tsi_x"]).output().unwrap();
    assert!(text(&wrong).contains("token for enrolling"), "{}", text(&wrong));
    assert!(!text(&wrong).contains("tsi_x"));
}

/// A server that forgot a machine's key takes it again, when the agent still has a token.
#[tokio::test]
async fn an_agent_with_a_token_enrols_again_after_a_reset() {
    let directory = tempfile::tempdir().unwrap();
    let (data, state) = (directory.path().join("data"), directory.path());
    fs::create_dir(&data).unwrap();
    let mut serve = serve_guarded(&data);
    serve.env("TATUSCAN_AUTH", "strict");
    let server = ServerProcess::spawn(serve);
    let token = token(&data, "enrol");
    let with_token = || {
        let mut command = agent(state, &["--url", &server.url]);
        command.env("TATUSCAN_ENROLL_TOKEN", &token);
        command
    };
    reported(with_token());
    let list = ask(&server, &data, reqwest::Method::GET, "/api/machines").await;
    let id = list["items"][0]["machine_id"].as_str().unwrap();
    let reset = format!("/api/machines/{id}/key/reset");
    ask(&server, &data, reqwest::Method::POST, &reset).await;
    let mut daemon = with_token();
    daemon.args(["-d", "--interval", "300ms", "-l", "info"]);
    let mut child = daemon.spawn().unwrap();
    let keys = loop {
        let keys = ask(&server, &data, reqwest::Method::GET, "/api/keys").await;
        if keys["enrolled"] == 1 {
            break keys;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(keys["items"].as_array().unwrap().len(), 0);
}
