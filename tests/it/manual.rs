//! Machines that are entered by hand: over HTTP, by command, and when an agent comes after all.

use std::fs;
use std::path::Path;
use std::process::Output;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use tatuscan::access::Mode;
use tatuscan::model::access::Scope;

use crate::access::{Box, json as answer};
use crate::store::places::{self, Place};
use crate::support::edge::{tatuscan, text};
use crate::support::machines::{body, noon};
use crate::support::process::{ServerProcess, serve_guarded};
use crate::support::server::{Guarded, Server, client};

async fn enter(server: &Server, body: &Value) -> (u16, Value) {
    let request = server.client.post(server.url("/api/manual-machines")).json(body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

fn a_year_later() -> DateTime<Utc> {
    noon() + TimeDelta::days(365)
}

async fn serve_at(place: &dyn Place, now: fn() -> DateTime<Utc>) -> Server {
    let mut guard = Guarded { now, ..Guarded::compat() };
    guard.rules.mode = Mode::Off;
    Server::guarded(place.open().await, guard).await
}

/// Which machines have no state because they were entered by hand.
async fn manual(server: &Server) -> Vec<String> {
    let list = server.get("/api/machines?status=manual").await.1;
    let ids = list["items"].as_array().unwrap().iter();
    ids.map(|machine| machine["machine_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_entered_by_hand_is_never_silent_on_any_store() {
    for place in [
        places::plain().await,
        places::sqlite().await,
        places::postgres().await,
        places::mysql().await,
    ] {
        let Some(place) = place else { continue };
        let server = serve_at(&*place, noon).await;
        let whole = json!({"hostname": " printer-1 ", "machine_id": "p1", "os": "firmware",
            "os_version": "4.2", "ip": "10.0.0.7", "cpu_percent": 1.5, "memory_total_mb": 512,
            "memory_used_mb": 100});
        let (status, dry) = enter(&server, &json!({"hostname": "x", "dry_run": true})).await;
        assert_eq!((status, &dry["message"]), (201, &json!("Nenhuma alteração gravada")));
        assert_eq!(server.get("/api/machines").await.1["count"], 0);
        let (status, entered) = enter(&server, &whole).await;
        assert_eq!((status, &entered["item"]["hostname"]), (201, &json!("printer-1")));
        assert_eq!(enter(&server, &json!({"hostname": "cb", "machine_id": "c1"})).await.0, 201);
        // The original's script enters what it enters through a report.
        let mut report = body("by-script");
        report["ip"] = "0.0.0.0".into();
        report["memory_total_mb"] = 0.into();
        assert_eq!(server.report(&report).await.0, 201);
        server.stop().await;

        // A year later, read again from what is stored.
        let server = serve_at(&*place, a_year_later).await;
        assert_eq!(manual(&server).await, ["c1", "by-script", "p1"]);
        for (id, os, ip, memory) in
            [("p1", "firmware", "10.0.0.7", 512), ("c1", "Chrome OS", "0.0.0.0", 0)]
        {
            let machine = server.get(&format!("/api/machines/{id}")).await.1;
            assert_eq!(machine["status"], Value::Null);
            let shown = (&machine["os"], &machine["ip"], &machine["memory_total_mb"]);
            assert_eq!(shown, (&json!(os), &json!(ip), &json!(memory)));
        }
        let silent = server.get("/api/machines?status=missing&status=offline").await.1;
        assert_eq!(silent["count"], 0, "{silent}");

        // Entered again it is changed, and keeps what people know.
        assert_eq!(server.patch("p1", &json!({"room": "12"})).await.0, 200);
        let again = json!({"hostname": "printer-2", "machine_id": "p1"});
        assert_eq!(enter(&server, &again).await.0, 200);
        let changed = server.get("/api/machines/p1").await.1;
        assert_eq!((&changed["hostname"], &changed["room"]), (&json!("printer-2"), &json!("12")));
        let audit = server.get("/api/audit?action=machine.enter").await.1;
        assert_eq!(audit["items"].as_array().unwrap().len(), 3, "{audit}");

        // An agent makes it a machine like any other, whatever it says of its interval.
        for (id, interval) in [("p1", json!(null)), ("c1", json!(0))] {
            let mut report = body(id);
            report["interval_s"] = interval;
            let reported = server.report(&report).await;
            assert_eq!((reported.0, &reported.1["item"]["status"]), (200, &json!("online")));
            let (status, refused) =
                enter(&server, &json!({"hostname": "x", "machine_id": id})).await;
            let said = format!("machine_id {id} is one of a machine that reports by itself");
            assert!(status == 409 && refused["error"].as_str().unwrap().starts_with(&said));
        }
        assert_eq!(manual(&server).await, ["by-script"]);

        // What was merged away is entered under no id of its own.
        let order = json!({"groups": [{"keep": "p1", "machine_ids": ["c1"]}]});
        let merge = server.client.post(server.url("/api/duplicates/merge")).json(&order);
        let merged = merge.send().await.unwrap();
        assert_eq!(merged.status(), 200, "{}", merged.text().await.unwrap());
        let (status, refused) = enter(&server, &json!({"hostname": "x", "machine_id": "c1"})).await;
        let said = "machine_id c1 is one of a machine that was merged into p1";
        assert!(status == 409 && refused["error"].as_str().unwrap().starts_with(said));
        server.stop().await;
    }
}

#[tokio::test]
async fn editors_enter_machines_and_what_is_wrong_is_named() {
    let server = Box::start(Guarded::compat()).await;
    let entry = json!({"hostname": "a"});
    let path = "/api/manual-machines";
    for (scope, expected) in
        [(Scope::Ingest, 403), (Scope::Read, 403), (Scope::Write, 201), (Scope::Admin, 200)]
    {
        let token = format!("Bearer {}", server.token(scope).await);
        let headers = [("Authorization", token.as_str())];
        let (status, _) =
            answer(server.ask(Method::POST, path, &headers, Some(&entry)).await).await;
        assert_eq!(status, expected, "{scope}");
    }
    assert_eq!(server.ask(Method::POST, path, &[], Some(&entry)).await.status(), 401);
    let server = Server::start().await;
    for (wrong, said) in [
        (json!({}), "hostname is empty"),
        (json!({"hostname": "a", "machine_id": "a b"}), "machine_id must be 1 to 64"),
        (json!({"hostname": "a", "memory_total_mb": -1}), "memory_total_mb must be a whole"),
        (json!({"hostname": 7}), "invalid type: integer `7`, expected a string"),
    ] {
        let (status, answer) = enter(&server, &wrong).await;
        let error = answer["error"].as_str().unwrap();
        assert!(status == 400 && error.starts_with(said), "{error}");
    }
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = tatuscan(directory);
    command.arg("machine").args(arguments).env("TATUSCAN_DB_DIR", directory.join("data"));
    command.output().unwrap()
}

fn done(directory: &Path, arguments: &[&str]) -> String {
    let output = run(directory, arguments);
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Everything that the command does, the same way both ways.
fn all(directory: &Path) {
    // printf %s pc-9x | sha256sum
    let id = "925cb351c206c3d279a904f39c354c0e84c084fe2f4619cb77c6ed0a98f2a0cb";
    let salted = ["add", "pc-9", "--salt", "x", "--dry-run"];
    let expected = format!("{id}  pc-9\nNenhuma alteração gravada\n");
    assert_eq!(done(directory, &salted), expected);
    assert_eq!(
        done(directory, &salted[..4]),
        format!("{id}  pc-9\nInventário adicionado com sucesso\n")
    );
    let whole = [
        "add",
        "--hostname",
        "printer",
        "--machine-id",
        "p1",
        "--os",
        "firmware",
        "--os-version",
        "4",
        "--ip",
        "10.0.0.7",
        "--cpu-percent",
        "2.5",
        "--memory-total-mb",
        "512",
        "--memory-used-mb",
        "12",
    ];
    assert!(done(directory, &whole).starts_with("p1  printer\n"));
    let list = done(directory, &["list", "os:firmware", "is:manual"]);
    assert!(list.starts_with("Total de registros: 1\n") && list.contains("\nprinter "), "{list}");
    let everything = done(directory, &["list"]);
    assert!(everything.starts_with("Total de registros: 3\n"), "{everything}");
    let shown = done(directory, &["show", "p1"]);
    let line = |name: &str| shown.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(line("ip ").ends_with("  10.0.0.7") && line("status ").ends_with("  -"), "{shown}");
    for removed in [id, "p1"] {
        assert!(
            done(directory, &["delete", removed]).starts_with(&format!("{removed} is removed"))
        );
    }
    for (wrong, said) in [
        (&["show", "p1"][..], "Inventory not found: p1"),
        (&["delete", "p1"], "Inventory not found: p1"),
        (&["list", "oss:x"], "oss"),
        (&["add"], "required"),
        (&["add", "x", "--machine-id", "real"], "machine_id real is one of a machine that reports"),
        (&["add", "x", "--memory-total-mb=-1"], "memory_total_mb must be a whole number"),
    ] {
        let output = run(directory, wrong);
        assert!(!output.status.success() && text(&output).contains(said), "{}", text(&output));
    }
}

#[tokio::test]
async fn the_command_works_beside_a_server_and_without_one() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    fs::create_dir(&data).unwrap();
    let server = ServerProcess::spawn(serve_guarded(&data));
    let request = client().post(format!("{}/api/machines", server.url)).json(&body("real"));
    assert_eq!(request.send().await.unwrap().status(), 201);
    all(directory.path());
    drop(server);
    all(directory.path());
}
