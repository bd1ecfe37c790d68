//! What is inside a machine, from the real agent to the real server.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tatuscan::agent::inventory::Options;
use tatuscan::agent::{Settings, run};
use tatuscan::model::access::Scope;
use tatuscan::trust::Trust;

use crate::access::{Box, json as body_of};
use crate::support::edge::{Listener, answer, tatuscan, text};
use crate::support::server::{Guarded, Server};

const ALL: usize = 14;

/// `tatuscan-agent` that looks into the machine below `root` and keeps its state beside it.
fn agent(state: &Path, root: &Path, url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tatuscan-agent"));
    command.env_clear().current_dir(state).env("TATUSCAN_STATE_DIR", state.join("state"));
    command.args(["-l", "info", "--url", url, "--root"]).arg(root);
    command
}

fn done(mut command: Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    output
}

/// The one machine that a server has, with its sections.
async fn machine(server: &Server) -> Value {
    let (_, list) = server.get("/api/machines").await;
    assert_eq!(list["count"], 1, "{list}");
    let id = list["items"][0]["machine_id"].as_str().unwrap();
    server.get(&format!("/api/machines/{id}")).await.1
}

fn write(root: &Path, path: &str, bytes: impl AsRef<[u8]>) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A made-up notebook with two packages.
fn notebook(root: &Path) {
    for (name, value) in [
        ("sys_vendor", "LENOVO"),
        ("product_name", "20N2CTO1WW"),
        ("product_serial", "PF0ABCDE"),
        ("product_uuid", "4C4C4544-0042-3510-8052-B4C04F4A3132"),
        ("chassis_type", "10"),
        ("chassis_asset_tag", "No Asset Information"),
        ("bios_date", "03/28/2023"),
    ] {
        write(root, &format!("sys/class/dmi/id/{name}"), format!("{value}\n"));
    }
    write(root, "etc/os-release", "NAME=Debian\nVERSION=12\n");
    write(root, "etc/timezone", "America/Cuiaba\n");
    write(
        root,
        "proc/cpuinfo",
        "processor\t: 0\nmodel name\t: i5\nphysical id\t: 0\ncore id\t: 0\n",
    );
    let packages = ["bash", "zsh"]
        .map(|name| format!("Package: {name}\nStatus: install ok installed\nVersion: 5.2\n\n"));
    write(root, "var/lib/dpkg/status", packages.concat());
    write(root, "run/systemd/sessions/1", "USER=ana\nCLASS=user\nREALTIME=1795000000000000\n");
}

/// The packages that `dpkg-query` says are installed.
fn dpkg_query() -> Option<BTreeSet<(String, String)>> {
    let format = "${db:Status-Status} ${Package} ${Version}\n";
    let output = Command::new("dpkg-query").args(["-W", "-f", format]).output().ok()?;
    let packages = String::from_utf8(output.stdout).ok()?;
    let installed = packages.lines().filter_map(|line| line.strip_prefix("installed "));
    let pair =
        |line: &str| line.split_once(' ').map(|(name, version)| (name.into(), version.into()));
    Some(installed.filter_map(pair).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn this_very_machine_is_shown_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start().await;
    done(agent(directory.path(), "/".as_ref(), &server.url("")));
    let machine = machine(&server).await;
    assert_eq!(machine["agent_version"], env!("CARGO_PKG_VERSION"));
    let section = |name: &str| machine["sections"][name]["content"].clone();
    assert_eq!(machine["sections"].as_object().unwrap().len(), ALL);
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    assert_eq!(section("os")["kernel"], release.trim());
    assert_eq!(section("cpu")["threads"], processors());
    assert_eq!(section("filesystems")["filesystems"][0]["mount"], "/");
    assert!(section("system").is_object() && section("memory")["modules"].is_array());
    let Some(expected) = dpkg_query() else {
        return crate::support::skip("dpkg", "there is no dpkg-query to compare with");
    };
    let software = section("software");
    let packages = software["packages"].as_array().unwrap().iter();
    let of_dpkg = packages.filter(|package| package["source"] == "dpkg");
    let pair = |package: &Value| {
        // A package of another architecture is named with it.
        let name = package["name"].as_str().unwrap().split(':').next().unwrap().to_owned();
        (name, package["version"].as_str().unwrap().to_owned())
    };
    let found: BTreeSet<_> = of_dpkg.map(pair).collect();
    assert_eq!(found, expected);
}

fn processors() -> u64 {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap();
    text.lines().filter(|line| line.starts_with("processor")).count() as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_has_is_not_sent_again_until_it_changes() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    notebook(&root);
    let server = Server::start().await;
    let sent = async || {
        let text = server.client.get(server.url("/metrics")).send().await.unwrap().text().await;
        let text = text.unwrap();
        let is_put = |line: &&str| line.contains("/sections/") && line.contains("_count");
        let puts = text.lines().filter(is_put);
        puts.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>()
    };
    let run = || done(agent(directory.path(), &root, &server.url("")));
    run();
    assert_eq!(sent().await, 14.0);
    let first = machine(&server).await;
    assert_eq!(first["serial"], "PF0ABCDE");
    assert_eq!(first["manufacturer"], "LENOVO");
    assert_eq!(first["users"], json!(["ana"]));
    assert_eq!(first["sections"]["system"]["content"]["chassis"], "notebook");
    assert_eq!(first["sections"]["system"]["content"].get("asset_tag"), None);
    assert_eq!(first["sections"]["firmware"]["content"]["date"], "2023-03-28");
    run();
    assert_eq!(sent().await, 14.0, "nothing has changed");
    // Who is logged in is none of a hash, a package is.
    write(&root, "run/systemd/sessions/2", "USER=ana\nCLASS=user\n");
    let status = root.join("var/lib/dpkg/status");
    let more = fs::read_to_string(&status).unwrap()
        + "Package: fish\nStatus: install ok installed\nVersion: 3.7\n";
    fs::write(&status, more).unwrap();
    run();
    assert_eq!(sent().await, 15.0);
    let second = machine(&server).await;
    let names = |machine: &Value| {
        let packages = machine["sections"]["software"]["content"]["packages"].clone();
        let packages = packages.as_array().unwrap().iter();
        packages.map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&first), ["bash", "zsh"]);
    assert_eq!(names(&second), ["bash", "fish", "zsh"]);
    assert_eq!(first["sections"]["users"], second["sections"]["users"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_private_is_forgotten_by_the_server() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    notebook(&root);
    let server = Server::start().await;
    done(agent(directory.path(), &root, &server.url("")));
    assert_eq!(machine(&server).await["users"], json!(["ana"]));
    let mut private = agent(directory.path(), &root, &server.url(""));
    private.arg("--no-users").env("TATUSCAN_NO_SOFTWARE", "yes");
    done(private);
    let machine = machine(&server).await;
    assert_eq!(machine.get("users"), None, "{machine}");
    let content = |name: &str| machine["sections"][name]["content"].clone();
    assert_eq!(content("users"), json!({"logged_in": []}));
    assert_eq!(content("software"), json!({"packages": []}));
    assert_eq!(content("cpu")["model"], "i5");
    // One may say no to a no, and must say one of both.
    let mut open = agent(directory.path(), &root, &server.url(""));
    open.args(["--no-users=no", "--print"]).env("TATUSCAN_NO_SOFTWARE", "off");
    let printed: Value = serde_json::from_slice(&done(open).stdout).unwrap();
    assert_eq!(printed["inventory"]["users"]["content"]["last"], "ana");
    let mut wrong = agent(directory.path(), &root, &server.url(""));
    let said = text(&wrong.arg("--no-software=maybe").output().unwrap());
    assert!(said.contains("TATUSCAN_NO_SOFTWARE (--no-software)"), "{said}");
}

#[test]
fn what_is_printed_is_what_is_sent() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    notebook(&root);
    let want = r#"{"want":["software","cpu"]}"#;
    let length = want.len();
    let asking = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{want}");
    let listener = Listener::start("127.0.0.1:0", &[&asking, &answer("200 OK", "")]);
    let url = format!("http://{}", listener.address);
    done(agent(directory.path(), &root, &url));
    let parsed = |request: &str| {
        serde_json::from_str::<Value>(request.split_once("\r\n\r\n").unwrap().1).unwrap()
    };
    let report = parsed(&listener.request());
    let mut print = agent(directory.path(), &root, &url);
    let printed: Value = serde_json::from_slice(
        &done({
            print.arg("--print");
            print
        })
        .stdout,
    )
    .unwrap();
    for field in ["machine_id", "agent_version", "sections"] {
        assert_eq!(printed[field], report[field], "{field}");
    }
    let id = report["machine_id"].as_str().unwrap();
    for name in ["software", "cpu"] {
        let request = listener.request();
        let line = format!("PUT /api/machines/{id}/sections/{name} HTTP/1.1\r\n");
        assert!(request.starts_with(&line), "{request}");
        assert!(request.contains("\r\nContent-Type: application/json\r\n"), "{request}");
        assert_eq!(parsed(&request), printed["inventory"][name]);
        assert_eq!(printed["inventory"][name]["hash"], report["sections"][name]);
    }
    assert!(listener.is_quiet(), "it sends what it is asked for alone");
}

#[test]
fn a_server_that_asks_for_nothing_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    notebook(&root);
    // The original's answer, one without JSON, one that asks for what this agent does not know.
    for body in [
        r#"{"message":"Inventário atualizado com sucesso","item":{"want":["cpu"]}}"#,
        "OK",
        "",
        r#"{"want":["holograms"]}"#,
        r#"{"want":7}"#,
        r#"{"want":null}"#,
    ] {
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        let listener = Listener::start("127.0.0.1:0", &[&answer]);
        done(agent(directory.path(), &root, &format!("http://{}", listener.address)));
        assert!(listener.request().starts_with("POST /api/machines "), "{body}");
        assert!(listener.is_quiet(), "{body}");
    }
}

/// A pipe that nobody writes into: whoever opens it waits for ever.
fn pipe(root: &Path, path: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = fs::remove_file(&path);
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_section_that_hangs_or_breaks_has_no_part_in_the_report_and_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    notebook(&root);
    pipe(&root, "proc/cpuinfo");
    fs::remove_file(root.join("var/lib/dpkg/status")).unwrap();
    fs::create_dir(root.join("var/lib/dpkg/status")).unwrap();
    let server = Server::start().await;
    let start = Instant::now();
    let output = done(agent(directory.path(), &root, &server.url("")));
    let took = start.elapsed();
    assert!(took < Duration::from_secs(8), "{took:?}");
    let machine = machine(&server).await;
    assert!(machine["memory_total_mb"].as_i64().unwrap() > 0);
    let sections = machine["sections"].as_object().unwrap();
    // The system and the operating system look at the processor's flags too.
    let absent = ["system", "cpu", "os", "software"];
    assert_eq!(sections.len(), ALL - absent.len(), "{sections:?}");
    assert!(absent.iter().all(|name| !sections.contains_key(*name)), "{sections:?}");
    let said = text(&output);
    let broken = "inventory section software cannot be read: /var/lib/dpkg/status";
    assert_eq!(said.matches(broken).count(), 1, "{said}");
}

fn settings(url: &str, state: &Path, root: &Path) -> Settings {
    Settings {
        url: url.parse().unwrap(),
        trust: Trust::System,
        interval: Some(Duration::from_millis(300)),
        state_dir: state.to_owned(),
        enrol_token: None,
        inventory: Options { root: root.to_owned(), ..Options::default() },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_repeats_sends_what_a_server_has_lost() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    notebook(&root);
    pipe(&root, "sys/class/drm/card0-DP-1/edid");
    let server = Server::start().await;
    let until = async {
        let patience = Instant::now();
        let mut lost = false;
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert!(patience.elapsed() < Duration::from_secs(30), "no sections, lost: {lost}");
            let (_, list) = server.get("/api/machines").await;
            let Some(id) = list["items"][0]["machine_id"].as_str() else { continue };
            let path = format!("/api/machines/{id}");
            let (_, machine) = server.get(&path).await;
            let known = machine["sections"].as_object().map_or(0, serde_json::Map::len);
            if known != ALL - 1 {
                continue;
            }
            if lost {
                return machine;
            }
            let gone = server.client.delete(server.url(&path)).send().await.unwrap();
            assert_eq!(gone.status(), 200);
            lost = true;
        }
    };
    let state = directory.path().join("state");
    let agent = run(settings(&server.url(""), &state, &root), std::future::pending());
    let machine = tokio::select! {
        machine = until => machine,
        ended = agent => panic!("the agent ended: {ended:?}"),
    };
    assert_eq!(machine["sections"].get("monitors"), None);
    assert_eq!(machine["serial"], "PF0ABCDE");
    // The pipe's reader must not wait for ever in this process.
    fs::write(root.join("sys/class/drm/card0-DP-1/edid"), "").unwrap();
}

#[test]
fn a_section_that_is_refused_is_not_sent_again_and_one_that_failed_is() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    notebook(&root);
    let want = r#"{"want":["cpu","os"]}"#;
    let length = want.len();
    let asking = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{want}");
    let refused = answer("413 Too Large", "");
    let down = answer("503 Down", "");
    let listener = Listener::start(
        "127.0.0.1:0",
        // Report, cpu refused, os failed; report, os failed again; report, os taken; reports.
        &[
            &asking,
            &refused,
            &down,
            &asking,
            &down,
            &asking,
            &answer("200 OK", ""),
            &answer("200 OK", ""),
        ],
    );
    let mut daemon = agent(directory.path(), &root, &format!("http://{}", listener.address));
    daemon.args(["-d", "--interval", "1s"]).stdout(std::process::Stdio::piped());
    let mut child = daemon.spawn().unwrap();
    let mut lines = Vec::new();
    while lines.len() < 9 {
        let request = listener.request();
        // The first reports may come before the sections are read: their hashes say so.
        lines.push(request.split(' ').take(2).collect::<Vec<_>>().join(" "));
    }
    child.kill().unwrap();
    let said = text(&child.wait_with_output().unwrap());
    let tails: Vec<_> = lines.iter().map(|line| line.rsplit('/').next().unwrap()).collect();
    let expected =
        ["machines", "cpu", "os", "machines", "os", "machines", "os", "machines", "machines"];
    assert_eq!(tails, expected, "{said}");
    assert_eq!(said.matches("inventory section cpu is refused by the server").count(), 1, "{said}");
    assert_eq!(said.matches("inventory section os not sent, trying again").count(), 1, "{said}");
    assert_eq!(said.matches("inventory section os: in order again").count(), 1, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sections_go_with_whatever_a_report_goes_with() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    notebook(&root);
    let mut guard = Guarded::compat();
    guard.rules.mode = tatuscan::access::Mode::Strict;
    let server = Box::start(guard).await;
    let (ingest, read) = (server.token(Scope::Ingest).await, server.token(Scope::Read).await);
    let bearer = format!("Bearer {read}");
    let address = server.server.address;
    let (enrol, headers) = (server.token(Scope::Enrol).await, [("Authorization", bearer.as_str())]);
    let sections = async || {
        let list = server.ask(Method::GET, "/api/machines", &headers, None).await;
        let id = body_of(list).await.1["items"][0]["machine_id"].as_str().unwrap().to_owned();
        let one = server.ask(Method::GET, &format!("/api/machines/{id}"), &headers, None).await;
        let machine = body_of(one).await.1;
        (machine["proof"].clone(), machine["sections"].clone())
    };
    let with_packages = |names: &[&str]| {
        let packages = names
            .iter()
            .map(|name| format!("Package: {name}\nStatus: install ok installed\nVersion: 1\n\n"));
        write(&root, "var/lib/dpkg/status", packages.collect::<String>());
    };
    let addresses = [
        (format!("http://agent:{ingest}@{address}"), None, "token"),
        (format!("http://{address}/t/{ingest}/"), None, "token"),
        (format!("http://{address}"), Some(enrol), "signature"),
        (format!("http://{address}"), None, "signature"),
    ];
    for (round, (url, token, proof)) in addresses.into_iter().enumerate() {
        let names = ["a", "b", "c", "d"];
        with_packages(&names[..=round]);
        let mut command = agent(directory.path(), &root, &url);
        if let Some(token) = token {
            command.env("TATUSCAN_ENROLL_TOKEN", token);
        }
        let output = done(command);
        let (proved, sections) = sections().await;
        assert_eq!(proved, proof, "{}", text(&output));
        assert_eq!(sections.as_object().unwrap().len(), ALL, "{}", text(&output));
        let packages = sections["software"]["content"]["packages"].as_array().unwrap().len();
        assert_eq!(packages, round + 1, "{}", text(&output));
    }
}

/// Thousands of packages on a machine: as many are shown as have room, and the rest is counted.
#[tokio::test(flavor = "multi_thread")]
async fn more_software_than_has_room_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    notebook(&root);
    let paragraph = |number: u32| {
        let name = format!("package-{number:05}-{}", "x".repeat(50));
        format!("Package: {name}\nStatus: install ok installed\nVersion: 1.2.3-4\n\n")
    };
    let status: String = (0..15_000).map(paragraph).collect();
    write(&root, "var/lib/dpkg/status", status);
    // A link to it, as people have when their disk is full.
    let moved = root.join("srv-status");
    fs::rename(root.join("var/lib/dpkg/status"), &moved).unwrap();
    symlink(&moved, root.join("var/lib/dpkg/status")).unwrap();
    let server = Server::start().await;
    done(agent(directory.path(), &root, &server.url("")));
    let software = machine(&server).await["sections"]["software"]["content"].take();
    let kept = software["packages"].as_array().unwrap().len() as u64;
    assert_eq!(kept + software["omitted"].as_u64().unwrap(), 15_000);
    assert!(kept > 8000, "{kept}");
}

#[test]
fn the_help_says_what_can_be_kept_private() {
    let directory = tempfile::tempdir().unwrap();
    let help = text(&tatuscan(directory.path()).args(["agent", "--help"]).output().unwrap());
    for said in ["--no-users", "TATUSCAN_NO_USERS", "--no-software", "TATUSCAN_NO_SOFTWARE"] {
        assert!(help.contains(said), "{help}");
    }
    assert!(!help.contains("--root"), "{help}");
}
