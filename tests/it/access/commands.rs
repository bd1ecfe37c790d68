//! `tatuscan user`, `token` and `setup-link`, beside a running server and without one; and what a
//! first start leaves in the data directory.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use nix::sys::signal::Signal;
use serde_json::Value;

use super::PASSWORD;
use crate::support::edge::{Listener, answer, tatuscan, text};
use crate::support::machines::body;
use crate::support::process::{ServerProcess, refused, serve_guarded};
use crate::support::server::client;

fn command(directory: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = tatuscan(directory);
    command.args(arguments).env("TATUSCAN_DB_DIR", directory);
    run(command, input)
}

fn run(mut command: Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Everything that the commands do, the same way both ways.
fn manage(directory: &Path) {
    let password = format!("{PASSWORD}\n");
    let added = command(directory, &["user", "add", "ana", "--role", "admin"], &password);
    assert!(done(&added).contains("ana is a user now (admin)"));
    let again = command(directory, &["user", "add", "ana"], &password);
    assert!(!again.status.success());
    assert!(text(&again).contains("There is a user ana already"), "{}", text(&again));
    let short = command(directory, &["user", "add", "bea"], "short\n");
    assert!(text(&short).contains("12 characters"), "{}", text(&short));
    done(&command(directory, &["user", "add", "bea"], &password));
    done(&command(directory, &["user", "passwd", "bea"], "another long password\n"));
    let list = done(&command(directory, &["user", "list"], ""));
    assert!(list.lines().any(|line| line.starts_with("ana ") && line.contains("admin")), "{list}");
    done(&command(directory, &["user", "remove", "bea"], ""));
    let last = command(directory, &["user", "remove", "ana"], "");
    assert!(text(&last).contains("last admin"), "{}", text(&last));

    let made = command(directory, &["token", "create", "scripts", "--scope", "read"], "");
    let token = done(&made);
    assert!(token.starts_with("tsr_") && token.lines().count() == 1, "{token}");
    let list = done(&command(directory, &["token", "list"], ""));
    assert!(!list.contains(token.trim()));
    let line = list.lines().find(|line| line.contains("scripts")).unwrap();
    let id = line.split_whitespace().next().unwrap();
    assert!(text(&made).contains(id));
    done(&command(directory, &["token", "revoke", id], ""));
    let gone = command(directory, &["token", "revoke", id], "");
    assert!(text(&gone).contains("There is no token"), "{}", text(&gone));
    assert!(done(&command(directory, &["setup-link"], "")).contains("/setup#k="));
}

#[test]
fn commands_work_without_a_server() {
    let directory = tempfile::tempdir().unwrap();
    manage(directory.path());
    assert!(!directory.path().join("server.json").exists());
    // And what they did is there when the server comes.
    let server = ServerProcess::spawn(serve_guarded(directory.path()));
    assert!(!server.start.contains("/setup#k="), "it is claimed: {}", server.start);
}

#[test]
fn commands_work_beside_a_server() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::spawn(serve_guarded(directory.path()));
    manage(directory.path());
    let (code, _, log) = server.stop(Signal::SIGTERM);
    assert_eq!(code, Some(0), "{log}");
    assert!(!directory.path().join("server.json").exists());
}

#[test]
fn commands_work_beside_a_server_with_its_own_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let mut serve = serve_guarded(directory.path());
    serve.env("TATUSCAN_TLS", "self");
    let server = ServerProcess::spawn(serve);
    assert!(server.url.starts_with("https://"), "{}", server.url);
    manage(directory.path());
}

#[tokio::test]
async fn a_first_start_is_safe_and_says_how_to_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut serve = tatuscan(directory.path());
    serve.arg("serve").env("TATUSCAN_PORT", "0").env("TATUSCAN_DB_DIR", &data);
    let mut server = ServerProcess::spawn(serve);
    server.wait_for("/setup#k=");
    let mode = |name: &str| fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode("."), 0o700);
    assert_eq!(mode("admin.token"), 0o600);
    assert_eq!(mode("server.json"), 0o600);
    let token = fs::read_to_string(data.join("admin.token")).unwrap();

    // The README's lines work as written.
    let report = client().post(format!("{}/api/machines", server.url));
    let report = report.header("Content-Type", "application/json").body(body("a").to_string());
    assert_eq!(report.send().await.unwrap().status(), 201);
    let list = client().get(format!("{}/api/machines", server.url)).send().await.unwrap();
    assert_eq!(list.status(), 200);
    let url = format!("{}/api/machines/a", server.url);
    assert_eq!(client().delete(&url).send().await.unwrap().status(), 401);
    let deleted = client().delete(&url).bearer_auth(token.trim()).send().await.unwrap();
    assert_eq!(deleted.status(), 200);
    // The file's token does not claim the box.
    let session = client().get(format!("{}/api/session", server.url)).send().await.unwrap();
    let session: Value = session.json().await.unwrap();
    assert_eq!(session["claimed"], false);
}

#[test]
fn a_command_in_the_wrong_directory_makes_no_inventory() {
    let directory = tempfile::tempdir().unwrap();
    let elsewhere = directory.path().join("tatuscna");
    let mut list = tatuscan(directory.path());
    list.args(["user", "list"]).env("TATUSCAN_DB_DIR", &elsewhere);
    let output = run(list, "");
    assert!(!output.status.success());
    let said = text(&output);
    assert!(
        said.contains("There is no data directory") && said.contains("TATUSCAN_DB_DIR"),
        "{said}"
    );
    assert!(!elsewhere.exists());
}

#[test]
fn a_password_file_makes_the_first_admin() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("password");
    fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    let start = || {
        let mut serve = serve_guarded(directory.path());
        serve.env("TATUSCAN_ADMIN_PASSWORD_FILE", &file);
        serve
    };
    let server = ServerProcess::spawn(start());
    assert!(done(&command(directory.path(), &["user", "list"], "")).contains("admin"));
    drop(server);
    drop(ServerProcess::spawn(start()));
    fs::write(&file, "short").unwrap();
    let other = tempfile::tempdir().unwrap();
    let mut serve = serve_guarded(other.path());
    serve.env("TATUSCAN_ADMIN_PASSWORD_FILE", &file);
    let (code, said) = refused(serve);
    assert_eq!(code, 1);
    assert!(
        said.contains("TATUSCAN_ADMIN_PASSWORD_FILE") && said.contains("12 characters"),
        "{said}"
    );
}

/// Whatever is logged, at whatever level: no secret is in it.
#[tokio::test]
async fn no_log_holds_a_secret() {
    let directory = tempfile::tempdir().unwrap();
    let token = |scope: &str| {
        let arguments = ["token", "create", "x", "--scope", scope];
        done(&command(directory.path(), &arguments, "")).trim().to_owned()
    };
    let (ingest, read) = (token("ingest"), token("read"));
    let added = command(
        directory.path(),
        &["user", "add", "ana", "--role", "admin"],
        &format!("{PASSWORD}\n"),
    );
    done(&added);
    let mut serve = serve_guarded(directory.path());
    serve.env("LOG_LEVEL", "debug").env("RUST_LOG", "trace");
    let server = ServerProcess::spawn(serve);
    let http = client();
    let post = async |url: String| {
        let request = http.post(url).header("Content-Type", "application/json");
        request.body(body("a").to_string()).send().await.unwrap().status()
    };
    assert_eq!(post(format!("{}/t/{ingest}/api/machines", server.url)).await, 201);
    assert_eq!(
        post(server.url.replace("://", &format!("://agent:{ingest}@")) + "/api/machines").await,
        200
    );
    let list = http.get(format!("{}/api/machines", server.url)).bearer_auth(&read);
    assert_eq!(list.send().await.unwrap().status(), 200);
    let nowhere = http.get(format!("{}/t/{read}/nowhere", server.url)).send().await.unwrap();
    assert_eq!(nowhere.status(), 404);
    let login = http.post(format!("{}/api/session", server.url));
    let login = login.header("Content-Type", "application/json");
    let login = login.body(format!("{{\"name\":\"ana\",\"password\":\"{PASSWORD}\"}}"));
    let login = login.send().await.unwrap();
    let cookie = login.headers()["set-cookie"].to_str().unwrap().to_owned();
    let secret = cookie.split_once('=').unwrap().1.split(';').next().unwrap().to_owned();
    let metrics = http.get(format!("{}/metrics", server.url)).bearer_auth(&read);
    let metrics = metrics.send().await.unwrap().text().await.unwrap();
    let admin = fs::read_to_string(directory.path().join("admin.token")).unwrap();
    let start = server.start.clone();
    let (_, _, log) = server.stop(Signal::SIGTERM);
    for secret in [ingest.as_str(), &read, &secret, PASSWORD, admin.trim()] {
        assert!(!format!("{start}{log}{metrics}").contains(secret), "{log}");
    }
}

/// Ids of the original's machines are any text, and another server's words are its own.
#[test]
fn a_terminal_obeys_nothing_that_commands_print() {
    const EVIL: &str = "\\u001b]0;x\\u0007\\u009b2J\\u202e";
    let directory = tempfile::tempdir().unwrap();
    let said = |answers: &[(&str, String)], arguments: &[&str]| {
        let answers = answers.iter().map(|(status, body)| {
            format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        });
        let answers: Vec<_> = answers.collect();
        let answers: Vec<_> = answers.iter().map(String::as_str).collect();
        let listener = Listener::start("127.0.0.1:0", &answers);
        let url = format!("http://{}", listener.address);
        let more = ["--url", &url, "--token", "x"];
        let output = text(&command(directory.path(), &[arguments, &more].concat(), ""));
        let obeyed = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!output.contains(obeyed), "{output:?}");
        output
    };
    let list = format!(r#"{{"items": [{{"id": "a{EVIL}", "name": "b"}}]}}"#);
    assert!(said(&[("200 OK", list)], &["token", "list"]).contains("a]0;x2J"));
    let refused = format!(r#"{{"error": "no{EVIL}"}}"#);
    assert!(said(&[("400 Bad Request", refused)], &["token", "list"]).contains("no]0;x2J"));
    let machine = |id: &str| format!(r#"{{"machine_id": "{id}", "hostname": "pc"}}"#);
    let machines = format!("{}, {}", machine(&format!("a\\nb{EVIL}")), machine("c"));
    let page = format!(r#"{{"items": [{{"safe": true, "machines": [{machines}]}}]}}"#);
    let answers = [
        ("200 OK", page),
        ("200 OK", r#"{"items": []}"#.to_owned()),
        ("200 OK", r#"{"merged": 1, "kept": 1}"#.to_owned()),
    ];
    let dedupe = said(&answers, &["dedupe", "--dry-run"]);
    let first = "pc: keep ab]0;x2J (heard of -), merge c (heard of -)\n";
    assert!(dedupe.starts_with(first), "{dedupe}");
}

/// Root's commands work in a directory that the service owns: what was planted there leads nowhere.
#[test]
fn commands_write_through_no_link() {
    let directory = tempfile::tempdir().unwrap();
    let (data, victim) = (directory.path().join("data"), directory.path().join("victim"));
    fs::create_dir(&data).unwrap();
    fs::write(&victim, "somebody's").unwrap();
    // The shell becomes the program, whose number it knows before.
    let link = "ln -s ../victim data/.tatuscan-write-test-$$ && exec \"$0\" token list";
    let mut shell = Command::new("sh");
    shell.args(["-c", link, env!("CARGO_BIN_EXE_tatuscan")]).current_dir(directory.path());
    shell.env_clear().env("PATH", "/usr/bin:/bin").env("TATUSCAN_DB_DIR", "data");
    done(&run(shell, ""));
    assert_eq!(fs::read_to_string(&victim).unwrap(), "somebody's");

    fs::remove_file(data.join("tatuscan.instance")).unwrap();
    std::os::unix::fs::symlink("../nologin", data.join("tatuscan.instance")).unwrap();
    let refused = command(&data, &["token", "list"], "");
    assert!(!refused.status.success());
    assert!(text(&refused).contains("tatuscan.instance"), "{}", text(&refused));
    assert!(!directory.path().join("nologin").exists());
}

/// Nor is anything but a token told to whoever says to be the server.
#[test]
fn commands_tell_no_other_file_than_a_token() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    fs::create_dir(&data).unwrap();
    let server = ServerProcess::spawn(serve_guarded(&data));
    let listener = Listener::start("127.0.0.1:0", &[&answer("200 OK", "")]);
    fs::write(directory.path().join("secret"), "swordfish\n").unwrap();
    fs::remove_file(data.join("admin.token")).unwrap();
    std::os::unix::fs::symlink("../secret", data.join("admin.token")).unwrap();
    let presence = serde_json::json!({"pid": 1, "url": format!("http://{}", listener.address)});
    fs::write(data.join("server.json"), presence.to_string()).unwrap();
    for arguments in [["token", "list"].as_slice(), &["doctor"]] {
        let refused = command(&data, arguments, "");
        assert!(!refused.status.success());
        assert!(text(&refused).contains("admin.token"), "{}", text(&refused));
        assert!(!text(&refused).contains("swordfish"), "{}", text(&refused));
    }
    // Nor does what is no file hold anybody up.
    for (name, device) in [("admin.token", "/dev/zero"), ("server.json", "/dev/zero")] {
        fs::remove_file(data.join(name)).unwrap();
        std::os::unix::fs::symlink(device, data.join(name)).unwrap();
        assert!(!command(&data, &["token", "list"], "").status.success(), "{name}");
    }
    while let Some(request) = listener.try_request() {
        assert!(!request.contains("swordfish"), "{request}");
    }
    drop(server);
}
