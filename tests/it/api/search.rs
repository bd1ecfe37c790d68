//! Searches over HTTP: the same wherever they are asked.

use reqwest::Method;
use serde_json::{Value, json};

use super::three_machines;
use crate::support::server::Server;

/// What takes conditions, and answers GET.
const ASKED: [&str; 5] =
    ["/api/machines", "/api/inventory", "/api/facets", "/api/summary", "/report"];

async fn send(server: &Server, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let request = server.client.request(method, server.url(path));
    let request = request.header("Content-Type", "application/json").body(body.to_string());
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn some_machines() -> Server {
    let server = Server::start().await;
    three_machines(&server).await;
    for field in [
        json!({"key": "rack", "type": "choice", "choices": ["R1", "R2"]}),
        json!({"key": "watts", "type": "number"}),
    ] {
        assert_eq!(send(&server, Method::POST, "/api/fields", &field).await.0, 200);
    }
    let kept = json!({"computer_activation": "2015-01-01", "tags": ["Laboratório"],
        "custom": {"rack": "R1", "watts": 90}});
    assert_eq!(server.patch("3", &kept).await.0, 200);
    server
}

#[tokio::test]
async fn a_search_means_the_same_wherever_it_is_asked() {
    let server = some_machines().await;
    for (search, hostnames) in [
        ("", &["pc-2", "pc-10", "srv"][..]),
        ("pc+-hostname:10", &["pc-2"]),
        ("version:%22windows+11%22,debian", &["pc-10", "srv"]),
        ("memory:8g+is:online+created:<1h", &["pc-2", "pc-10", "srv"]),
        ("age:>60mo+id:3", &["srv"]),
        ("no:activated+-hostname:%3DPC-2", &["pc-10"]),
        ("ip:10.0.0.0/24+os:windows&q=hostname:2", &["pc-2"]),
        ("tag:laboratorio", &["srv"]),
        ("Custom.Rack:r1+c%75stom.watts:>89", &["srv"]),
        ("-has:custom.rack", &["pc-2", "pc-10"]),
        ("%22os:windows%22", &[]),
    ] {
        let total = hostnames.len();
        for path in ["/api/machines", "/api/inventory"] {
            let (_, list) = server.get(&format!("{path}?q={search}")).await;
            let items = list["items"].as_array().unwrap_or_else(|| panic!("{search}: {list}"));
            let found: Vec<_> =
                items.iter().map(|item| item["hostname"].as_str().unwrap()).collect();
            assert_eq!(found, hostnames, "{path} {search}");
        }
        for path in ["/api/facets", "/api/summary"] {
            let (_, figures) = server.get(&format!("{path}?q={search}")).await;
            assert_eq!(figures["total"], total, "{path} {search}");
        }
        let table = server.client.get(server.url(&format!("/report?q={search}"))).send().await;
        let table = table.unwrap().text().await.unwrap();
        assert!(table.starts_with(&format!("Total de registros: {total}\n")), "{search}: {table}");
        if search.is_empty() {
            continue;
        }
        let path = format!("/api/machines?q={search}");
        let dry_run = json!({"set": {"room": "1"}, "dry_run": true});
        let (_, changed) = send(&server, Method::PATCH, &path, &dry_run).await;
        assert_eq!(changed["matched"], total, "{search}");
    }
}

#[tokio::test]
async fn a_wrong_search_is_pointed_at_wherever_it_is_asked() {
    let server = some_machines().await;
    for (search, error, offset, text) in [
        ("-pc+os:windows,+x", "os needs a value right after the comma", 4, "os:windows,"),
        ("%C3%A9+foo:bar", "'foo' is no field to search in, as hostname, os,", 2, "foo"),
        ("custom.rack:R9", "custom.rack is 'R9', but takes R1, R2", 12, "R9"),
        ("custom.nose:1", "There is no field custom.nose, but custom.rack, cu", 0, "custom.nose"),
    ] {
        let check = |path: &str, (status, answer): (u16, Value)| {
            assert_eq!(status, 400, "{path}");
            assert!(answer["error"].as_str().unwrap().starts_with(error), "{path}: {answer}");
            let length = text.chars().count();
            let token = json!({"offset": offset, "length": length, "text": text});
            assert_eq!(answer["token"], token, "{path}");
        };
        for path in ASKED {
            check(path, server.get(&format!("{path}?limit=1&q={search}")).await);
        }
        let path = format!("/api/machines?q={search}");
        let change = json!({"set": {"room": "1"}});
        check("PATCH", send(&server, Method::PATCH, &path, &change).await);
    }
    let (_, other) = server.get("/api/machines?status=asleep").await;
    assert_eq!(other.get("token"), None);
    let blank = "/api/machines?q=%20+";
    let (status, answer) =
        send(&server, Method::PATCH, blank, &json!({"set": {"room": "1"}})).await;
    assert_eq!(status, 400, "a blank search chooses no machines to change: {answer}");
}

#[tokio::test]
async fn what_is_wrong_is_repeated_harmless_and_short() {
    let server = some_machines().await;
    let long = "x".repeat(3000);
    let (_, answer) = server.get(&format!("/api/machines?q=%1b%E2%80%AEa%07b:{long}")).await;
    assert!(answer.get("error").is_none(), "what begins with no letter is a word: {answer}");
    let (_, answer) = server.get(&format!("/api/machines?q=a%07%E2%80%AEb:{long}")).await;
    assert!(answer.get("error").is_none(), "nor is this a name: {answer}");
    let (_, answer) = server.get(&format!("/api/machines?q=memory:%07%E2%80%AE{long}")).await;
    let error = answer["error"].as_str().unwrap();
    assert!(error.starts_with("memory is 'xxxx") && error.len() < 200, "{error}");
    assert_eq!(answer["token"]["length"], 3002);
    assert_eq!(answer["token"]["text"], "x".repeat(100));
}
