//! The original's three scripts that speak HTTP, as they send it, with a token in their address:
//! `TATUSCAN_URL=http://HOST/t/TOKEN`.

use std::collections::HashMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use chrono::DateTime;
use serde_json::{Value, json};

use crate::support::edge::{tatuscan, text};
use crate::support::machines::body;
use crate::support::process::{ServerProcess, serve_guarded};
use crate::support::server::client;

/// What Python's urllib sends for them, byte for byte but for the words in capitals.
const ADD: &str = include_str!("fixtures/wire/script-add.http");
const LIST: &str = include_str!("fixtures/wire/script-list.http");
const ACTIVATE: &str = include_str!("fixtures/wire/script-activate.http");
const DELETE: &str = include_str!("fixtures/wire/script-delete.http");

/// A script's way to the server.
struct Script {
    host: String,
    token: String,
}

impl Script {
    fn send(&self, recorded: &str, id: &str) -> (u16, Value) {
        let (head, body) = recorded.split_once("\r\n\r\n").unwrap();
        let body = body.replace("ID", id);
        let head = head.replace("/ID ", &format!("/{id} ")).replace("TOKEN", &self.token);
        let head = head.replace("HOST", &self.host).replace("LENGTH", &body.len().to_string());
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(!head.to_lowercase().contains("transfer-encoding"), "{head}");
        (status, serde_json::from_str(body).unwrap())
    }

    fn items(&self) -> Vec<Value> {
        let (status, list) = self.send(LIST, "");
        assert_eq!(status, 200, "{list}");
        let items = list["items"].as_array().unwrap().clone();
        // What Python 3.10 parses: an offset, never Z, and six digits of a fraction or none.
        for at in items.iter().flat_map(|item| [&item["created_at"], &item["updated_at"]]) {
            let Some(at) = at.as_str() else { continue };
            assert!(DateTime::parse_from_rfc3339(at).is_ok() && !at.ends_with('Z'), "{at}");
            assert!([25, 32].contains(&at.len()), "{at}");
        }
        items
    }
}

fn token(directory: &std::path::Path, scope: &str) -> String {
    let mut command: Command = tatuscan(directory);
    command.args(["token", "create", "scripts", "--scope", scope]);
    let made = command.env("TATUSCAN_DB_DIR", directory).output().unwrap();
    assert!(made.status.success(), "{}", text(&made));
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_originals_scripts_work_unchanged_with_a_token_in_their_address() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::spawn({
        let mut command = serve_guarded(directory.path());
        command.env("TIMEZONE", "America/Cuiaba");
        command
    });
    let host = server.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let script = Script { host: host.clone(), token: token(directory.path(), "write") };
    assert!(script.token.starts_with("tsw_"));

    // add_manual_inventory: once, and again.
    let added = script.send(ADD, "by-hand");
    assert_eq!((added.0, &added.1["message"]), (201, &json!("Inventário adicionado com sucesso")));
    let again = script.send(ADD, "by-hand");
    assert_eq!((again.0, &again.1["message"]), (200, &json!("Inventário atualizado com sucesso")));
    assert_eq!(script.items()[0]["hostname"], "chromebook-ção-07");
    assert_eq!(script.items()[0]["status"], Value::Null, "nobody waits for its reports");

    // update_activation: it compares dates, and changes those that differ.
    let date = |items: &[Value], id: &str| {
        let found = items.iter().find(|item| item["machine_id"] == id).unwrap();
        found["computer_activation"].as_str().map(|at| at[..10].to_owned())
    };
    assert_eq!(date(&script.items(), "by-hand"), None);
    let activated = script.send(ACTIVATE, "by-hand");
    assert_eq!((activated.0, &activated.1["message"]), (200, &json!("Inventário atualizado")));
    assert_eq!(date(&script.items(), "by-hand").as_deref(), Some("2024-01-15"));
    assert_eq!(script.send(ACTIVATE, "nobody").0, 404);

    // delete_older: of machines with one host name it keeps the one that was heard of last.
    for (id, hostname) in [("old", "twin"), ("new", " twin "), ("other", "Twin")] {
        let mut report = body(id);
        report["hostname"] = hostname.into();
        let request = client().post(format!("{}/api/machines", server.url)).json(&report);
        assert_eq!(request.send().await.unwrap().status(), 201);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let mut groups: HashMap<String, Vec<Value>> = HashMap::new();
    for item in script.items() {
        groups.entry(item["hostname"].as_str().unwrap().trim().to_owned()).or_default().push(item);
    }
    let mut removed = Vec::new();
    for group in groups.values_mut() {
        let heard = |item: &Value| {
            let at = item["updated_at"].as_str().or(item["created_at"].as_str()).unwrap();
            std::cmp::Reverse(DateTime::parse_from_rfc3339(at).unwrap())
        };
        group.sort_by_key(heard);
        for item in &group[1..] {
            let id = item["machine_id"].as_str().unwrap();
            let deleted = script.send(DELETE, id);
            let message = json!("Inventário removido");
            assert_eq!((deleted.0, &deleted.1["message"]), (200, &message));
            removed.push(id.to_owned());
        }
    }
    assert_eq!(removed, ["old"]);
    assert_eq!(script.items().len(), 3);

    // With a token that may only report or read they change nothing, and are told so.
    let reader = Script { host: host.clone(), token: token(directory.path(), "read") };
    assert_eq!(reader.items().len(), 3);
    for recorded in [ACTIVATE, DELETE] {
        let (status, answer) = reader.send(recorded, "new");
        assert!(status == 403 && answer["error"].is_string(), "{answer}");
    }
    let admin = fs::read_to_string(directory.path().join("admin.token")).unwrap();
    let admin = Script { host, token: admin.trim().to_owned() };
    assert_eq!(admin.send(LIST, "").0, 401, "an admin's token is none in an address");
}
