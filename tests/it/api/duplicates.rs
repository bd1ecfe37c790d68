//! Machines that are in the inventory more than once: found, merged, told apart, and back again.

use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};
use tatuscan::model::access::Scope;

use crate::access::{Box, json as answer};
use crate::support::edge::{tatuscan, text};
use crate::support::machines::body;
use crate::support::process::{ServerProcess, serve_guarded};
use crate::support::server::{Guarded, Server, client};

async fn ask(server: &Server, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let request = server.client.request(method.parse().unwrap(), server.url(path));
    let request = request.header("Content-Type", "application/json").body(body.to_string());
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

fn named(id: &str, hostname: &str) -> Value {
    let mut report = body(id);
    report["hostname"] = hostname.into();
    report
}

async fn report(server: &Server, id: &str, hostname: &str) {
    let (status, reply) = server.report(&named(id, hostname)).await;
    assert!(status < 300, "{reply}");
}

/// The candidates: ids, the one to keep first, whether they are safe, and what speaks against it.
async fn candidates(server: &Server) -> Vec<(Vec<String>, bool, Value)> {
    let (status, list) = server.get("/api/duplicates").await;
    assert_eq!(status, 200, "{list}");
    assert_eq!(list["count"], list["total"]);
    let ids = |item: &Value| {
        let machines = item["machines"].as_array().unwrap().iter();
        machines.map(|machine| machine["machine_id"].as_str().unwrap().to_owned()).collect()
    };
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| (ids(item), item["safe"] == true, item["doubts"].clone())).collect()
}

fn found(ids: &[&str], doubts: Value) -> (Vec<String>, bool, Value) {
    let is_safe = doubts == json!([]);
    (ids.iter().map(ToString::to_string).collect(), is_safe, doubts)
}

#[tokio::test]
async fn candidates_say_what_is_alike_and_what_speaks_against_it() {
    let server = Server::start().await;
    // One after the other; at the same time; of another kind; with a name that says nothing.
    for (id, name) in [
        ("a1", "lab-01"),
        ("a2", " LAB-01"),
        ("b1", "lab-2"),
        ("b2", "lab-2"),
        ("b1", "lab-2"),
        ("d1", "ubuntu"),
        ("d2", "ubuntu"),
        ("e1", ""),
        ("e2", ""),
        ("f1", "one"),
        ("f2", "two"),
        ("g1", "gone"),
        ("g2", "gone"),
    ] {
        report(&server, id, name).await;
    }
    let mut other = named("c1", "lab-10");
    (other["os"], other["memory_total_mb"], other["computer_model"]) =
        ("windows".into(), 4096.into(), "Dell".into());
    server.report(&other).await;
    let mut newer = named("c2", "lab-10");
    newer["computer_model"] = "HP".into();
    server.report(&newer).await;
    for id in ["f1", "f2"] {
        server.patch(id, &json!({"asset_number": "0042"})).await;
    }
    server.patch("g1", &json!({"lifecycle": "retired"})).await;

    let expected = [
        found(&["a2", "a1"], json!([])),
        found(&["f2", "f1"], json!([])),
        found(&["b1", "b2"], json!(["overlap"])),
        found(&["c2", "c1"], json!(["os", "model", "memory"])),
        found(&["d2", "d1"], json!(["generic_name"])),
    ];
    assert_eq!(candidates(&server).await, expected);
    let (_, list) = server.get("/api/duplicates?safe=true&limit=1&offset=1").await;
    assert_eq!((&list["count"], &list["total"], &list["safe"]), (&json!(1), &json!(2), &json!(2)));
    let shared = json!([{"reason": "asset_number", "value": "0042"}]);
    assert_eq!(list["items"][0]["shared"], shared);

    // Told apart they are no candidates, until one more comes.
    let apart = json!({"machine_ids": ["b1", "b2"]});
    let (status, said) = ask(&server, "POST", "/api/duplicates/distinct", &apart).await;
    assert_eq!((status, &said["machine_ids"]), (200, &json!(["b1", "b2"])));
    let (_, again) = ask(&server, "POST", "/api/duplicates/distinct", &apart).await;
    assert_eq!(again, said);
    assert_eq!(candidates(&server).await.len(), 4);
    report(&server, "b3", "lab-2").await;
    let three = found(&["b3", "b1", "b2"], json!(["overlap"]));
    assert!(candidates(&server).await.contains(&three));
    assert_eq!(server.get("/api/duplicates/distinct").await.1["items"], json!([said]));
    let path = format!("/api/duplicates/distinct/{}", said["id"].as_str().unwrap());
    assert_eq!(ask(&server, "DELETE", &path, &Value::Null).await.0, 200);
    assert_eq!(ask(&server, "DELETE", &path, &Value::Null).await.0, 404);
}

/// What the hardware says counts for more than a name.
#[tokio::test]
async fn one_board_is_one_machine_and_two_boards_are_two() {
    let server = Server::start().await;
    let system = |serial: &str, uuid: &str| json!({"hash": "1", "content": {"serial": serial, "uuid": uuid}});
    let cards =
        |mac: &str| json!({"hash": "1", "content": {"interfaces": [{"name": "e", "mac": mac}]}});
    let uuid = |n: u8| format!("4c4c4544-0042-3510-8052-b4c04f4a31{n:02}");
    for (id, name, os, section, content) in [
        // Reinstalled with another system and name.
        ("a1", "old-name", "windows", "system", system("SN-1", "")),
        ("a2", "new-name", "linux", "system", system("sn-1", "")),
        // The name went on to another computer.
        ("b1", "lab-2", "linux", "system", system("SN-2", &uuid(1))),
        ("b2", "lab-2", "linux", "system", system("SN-3", &uuid(2))),
        ("c1", "dock-1", "linux", "interfaces", cards("00:1b:21:aa:bb:cc")),
        ("c2", "dock-2", "linux", "interfaces", cards("00-1B-21-AA-BB-CC")),
        // What makers leave in firmware tells nothing.
        ("d1", "one", "linux", "system", system("To be filled by O.E.M.", "")),
        ("d2", "two", "linux", "system", system("To be filled by O.E.M.", "")),
    ] {
        let mut report = named(id, name);
        report["os"] = os.into();
        assert!(server.report(&report).await.0 < 300);
        let path = format!("/api/machines/{id}/sections/{section}");
        let (status, reply) = ask(&server, "PUT", &path, &content).await;
        assert_eq!(status, 200, "{reply}");
    }
    let expected = [
        found(&["c2", "c1"], json!([])),
        found(&["a2", "a1"], json!([])),
        found(&["b2", "b1"], json!(["serial", "uuid"])),
    ];
    assert_eq!(candidates(&server).await, expected);
    let (_, list) = server.get("/api/duplicates").await;
    let shared: Vec<_> = (0..3).map(|at| &list["items"][at]["shared"]).collect();
    assert_eq!(shared[0], &json!([{"reason": "mac", "value": "00:1b:21:aa:bb:cc"}]));
    assert_eq!(shared[1], &json!([{"reason": "serial", "value": "sn-1"}]));
    assert_eq!(shared[2], &json!([{"reason": "hostname", "value": "lab-2"}]));
}

#[tokio::test]
async fn a_merge_keeps_what_is_known_and_can_be_undone() {
    let server = Server::start().await;
    report(&server, "old", "lab-01").await;
    let kept = json!({"tags": ["lab"], "notes": "fan", "room": "12", "owner": "ana"});
    let (_, old) = server.patch("old", &kept).await;
    report(&server, "new", "lab-01").await;
    let (_, new) = server.patch("new", &json!({"tags": ["aluno"], "room": "13"})).await;
    let order = json!({"groups": [{"keep": "new", "machine_ids": ["old"]}], "dry_run": true});
    let (status, reply) = ask(&server, "POST", "/api/duplicates/merge", &order).await;
    assert_eq!((status, &reply["merged"], &reply["kept"]), (200, &json!(1), &json!(1)));
    assert_eq!(reply["items"][0]["owner"], "ana");
    assert_eq!(server.get("/api/machines").await.1["count"], 2, "nothing changed");

    let order = json!({"safe": true});
    let (status, reply) = ask(&server, "POST", "/api/duplicates/merge", &order).await;
    assert_eq!((status, &reply["merged"]), (200, &json!(1)));
    let one = server.get("/api/machines/new").await.1;
    assert_eq!(reply["items"], json!([one]));
    assert_eq!((&one["tags"], &one["room"]), (&json!(["aluno", "lab"]), &json!("13")));
    assert_eq!((&one["owner"], &one["notes"]), (&json!("ana"), &json!("fan")));
    assert_eq!(one["created_at"], old["item"]["created_at"], "the earlier first report");
    assert_eq!(server.get("/api/machines/old").await.0, 404);
    let (_, merged) = server.get("/api/duplicates/merged").await;
    let merged = &merged["items"][0];
    assert_eq!((&merged["machine_id"], &merged["into"]), (&json!("old"), &json!("new")));

    // A report under the old id, from a dock that was plugged in again, is the one machine's.
    let mut docked = named("old", "lab-01");
    docked["ip"] = "10.9.9.9".into();
    let (status, reply) = server.report(&docked).await;
    assert_eq!((status, &reply["item"]["machine_id"]), (200, &json!("new")));
    assert_eq!(server.get("/api/machines").await.1["count"], 1);
    assert_eq!(server.get("/api/machines/new").await.1["ip"], "10.9.9.9");

    let (status, back) = ask(&server, "POST", "/api/machines/old/unmerge", &Value::Null).await;
    assert_eq!((status, &back["item"]), (200, &old["item"]));
    let again = server.get("/api/machines/new").await.1;
    for field in ["tags", "room", "owner", "notes", "created_at"] {
        assert_eq!(again[field], new["item"][field], "{field}");
    }
    assert_eq!(ask(&server, "POST", "/api/machines/old/unmerge", &Value::Null).await.0, 404);
    let (status, reply) = server.report(&docked).await;
    assert_eq!((status, &reply["item"]["machine_id"]), (200, &json!("old")), "its own again");
}

#[tokio::test]
async fn what_cannot_be_merged_is_refused_and_nothing_changes() {
    let server = Server::start().await;
    for id in ["a", "b", "c"] {
        report(&server, id, id).await;
    }
    let group = |keep: &str, others: &[&str]| json!({"keep": keep, "machine_ids": others});
    for (groups, status, said) in [
        (json!([group("a", &["b"]), group("c", &["b"])]), 400, "b is named more than once"),
        (json!([group("a", &["a"])]), 400, "a is named more than once"),
        (json!([group("a", &[])]), 400, "Name two machines or more"),
        (json!([group("a", &["b"]), group("c", &["nobody"])]), 404, "Inventory not found: nobody"),
        (json!([]), 400, "Say what to merge: groups"),
    ] {
        let (got, refused) =
            ask(&server, "POST", "/api/duplicates/merge", &json!({"groups": groups})).await;
        let error = refused["error"].as_str().unwrap();
        assert!(got == status && error.starts_with(said), "{got} {refused}");
    }
    for (ids, status) in [(json!(["a"]), 400), (json!(["a", "a"]), 400), (json!(["a", "x"]), 404)] {
        let body = json!({"machine_ids": ids});
        assert_eq!(ask(&server, "POST", "/api/duplicates/distinct", &body).await.0, status);
    }
    assert_eq!(server.get("/api/machines").await.1["count"], 3);
}

/// Whoever imitates a machine that was merged still does not get at one that signs its reports, and
/// when the one that was kept is removed, the other is a machine of its own.
#[tokio::test]
async fn a_merged_machine_opens_no_way_into_another_one() {
    let server = Box::start(Guarded::compat()).await;
    let admin = format!("Bearer {}", server.token(Scope::Admin).await);
    let admin = [("Authorization", admin.as_str())];
    let post = async |path: &str, headers: &[(&str, &str)], body: &Value| {
        answer(server.ask(Method::POST, path, headers, Some(body)).await).await
    };
    let signed = crate::access::Signer::enrolled(&server, "signed").await;
    assert_eq!(signed.report(&server, 1, &named("signed", "lab-01")).await.0, 201);
    assert_eq!(post("/api/machines", &[], &named("plain", "lab-01")).await.0, 201);
    let order = json!({"groups": [{"keep": "signed", "machine_ids": ["plain"]}]});
    assert_eq!(post("/api/duplicates/merge", &admin, &order).await.0, 200);
    assert_eq!(post("/api/machines", &[], &named("plain", "evil")).await.0, 401);
    assert_eq!(post("/api/machines", &admin, &named("plain", "evil")).await.0, 403);
    let (_, kept) =
        answer(server.ask(Method::GET, "/api/machines/signed", &admin, None).await).await;
    assert_eq!(kept["hostname"], "lab-01");
    assert_eq!(server.status(Method::DELETE, "/api/machines/signed", &admin).await, 200);
    let (status, own) = post("/api/machines", &[], &named("plain", "lab-01")).await;
    assert_eq!((status, &own["item"]["machine_id"]), (201, &json!("plain")));
    let unmerge = post("/api/machines/plain/unmerge", &admin, &Value::Null).await;
    assert_eq!(unmerge.0, 409, "{}", unmerge.1);
    // The other way round: what signs under its own key is taken for the one that was kept.
    assert_eq!(signed.report(&server, 2, &named("signed", "lab-01")).await.0, 201);
    let order = json!({"groups": [{"keep": "plain", "machine_ids": ["signed"]}]});
    assert_eq!(post("/api/duplicates/merge", &admin, &order).await.0, 200);
    let (status, kept) = signed.report(&server, 3, &named("signed", "lab-01b")).await;
    assert_eq!((status, &kept["item"]["machine_id"]), (200, &json!("plain")));
    assert_eq!(post("/api/machines", &[], &named("signed", "evil")).await.0, 401);
}

/// Nor does whoever takes the name of a machine that signs its reports, while that is off.
#[tokio::test]
async fn a_machine_that_signs_is_not_merged_into_one_that_does_not_without_a_look() {
    let server = Box::start(Guarded::compat()).await;
    let admin = format!("Bearer {}", server.token(Scope::Admin).await);
    let admin = [("Authorization", admin.as_str())];
    let post = async |path: &str, headers: &[(&str, &str)], body: &Value| {
        answer(server.ask(Method::POST, path, headers, Some(body)).await).await
    };
    let signed = crate::access::Signer::enrolled(&server, "signed").await;
    assert_eq!(signed.report(&server, 1, &named("signed", "lab-01")).await.0, 201);
    assert_eq!(post("/api/machines", &[], &named("thief", "lab-01")).await.0, 201);
    let asked = server.ask(Method::GET, "/api/duplicates", &admin, None).await;
    let (_, list) = answer(asked).await;
    assert_eq!(list["items"][0]["doubts"], json!(["proof"]));
    let (status, merged) = post("/api/duplicates/merge", &admin, &json!({"safe": true})).await;
    assert_eq!((status, &merged["merged"]), (200, &json!(0)));

    // What it was before it got its key is its own.
    let order = json!({"groups": [{"keep": "signed", "machine_ids": ["thief"]}]});
    assert_eq!(post("/api/duplicates/merge", &admin, &order).await.0, 200);
    assert_eq!(post("/api/machines", &[], &named("old", "lab-02")).await.0, 201);
    let new = crate::access::Signer::enrolled(&server, "new").await;
    assert_eq!(new.report(&server, 1, &named("new", "lab-02")).await.0, 201);
    let (status, merged) = post("/api/duplicates/merge", &admin, &json!({"safe": true})).await;
    assert_eq!((status, &merged["items"][0]["machine_id"]), (200, &json!("new")), "{merged}");
}

#[tokio::test]
async fn dedupe_merges_what_is_safe_and_says_what_is_left() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::spawn(serve_guarded(directory.path()));
    let token = std::fs::read_to_string(directory.path().join("admin.token")).unwrap();
    let get = async |path: &str| -> Value {
        let url = format!("{}{path}", server.url);
        client().get(url).bearer_auth(token.trim()).send().await.unwrap().json().await.unwrap()
    };
    for (id, name) in [
        ("a1", "lab-01"),
        ("a2", "lab-01"),
        ("b1", "lab-02"),
        ("b2", "lab-02"),
        ("b1", "lab-02"),
        ("c1", "lab-03"),
        ("c2", "LAB-03"),
        ("c1", "lab-03"),
    ] {
        let url = format!("{}/api/machines", server.url);
        let post = client().post(url).header("Content-Type", "application/json");
        assert!(post.body(named(id, name).to_string()).send().await.unwrap().status().is_success());
    }
    let dedupe = |arguments: &[&str]| {
        let mut command: Command = tatuscan(directory.path());
        command.arg("dedupe").args(arguments).env("TATUSCAN_DB_DIR", directory.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let said = dedupe(&["--dry-run"]);
    assert!(
        said.contains("lab-01: keep a2 (heard of 20") && said.contains("merge a1 (heard"),
        "{said}"
    );
    assert!(
        said.contains("lab-02: 2 machines need a look: they reported at the same time"),
        "{said}"
    );
    assert!(said.contains("1 machine would be merged into 1\n2 groups need a look"), "{said}");
    assert_eq!(get("/api/machines").await["count"], 6);
    assert!(dedupe(&[]).contains("1 machine was merged into 1"));
    assert_eq!(get("/api/machines").await["count"], 5);
    // As the original's script: names that differ by case are different ones.
    let said = dedupe(&["--all"]);
    assert!(said.contains("lab-02: keep b1") && said.contains("1 group needs a look\n"), "{said}");
    assert_eq!(get("/api/machines").await["count"], 4);
    assert!(dedupe(&["--undo", "b2"]).contains("lab-02 (b2) is a machine of its own again"));
    assert_eq!(get("/api/machines").await["count"], 5);
    drop(server);
    let said = dedupe(&["--dry-run", "--all"]);
    assert!(said.contains("1 machine would be merged into 1"), "without a server: {said}");
}
