//! The audit log as a file.

use reqwest::Method;
use serde_json::{Value, json};
use tatuscan::model::access::Scope;

use super::{csv_rows, json_rows};
use crate::access::{Box, json as answer};
use crate::support::machines::body;
use crate::support::server::Guarded;

#[tokio::test]
async fn the_whole_log_comes_as_the_list_has_it_and_no_entry_is_a_formula() {
    let server = Box::start(Guarded::compat()).await;
    let token = format!("Bearer {}", server.token(Scope::Admin).await);
    let own = [("Authorization", token.as_str())];
    server.ask(Method::POST, "/api/machines", &own, Some(&body("-1-1"))).await;
    server.ask(Method::POST, "/api/machines", &own, Some(&body("b"))).await;
    // More than the store is asked for at once.
    for round in 0..1_050 {
        let edit = json!({"room": format!("=1;\"{round}\"\n")});
        let path = if round % 50 == 0 { "/api/machines/b" } else { "/api/machines/-1-1" };
        let path = if round < 20 { "/api/machines/b" } else { path };
        let changed = server.ask(Method::PATCH, path, &own, Some(&edit)).await;
        assert!(changed.status().is_success(), "{}", changed.status());
    }
    let file = async |path: &str| {
        let answer = server.ask(Method::GET, path, &own, None).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.bytes().await.unwrap().to_vec()
    };
    let mut list = Vec::new();
    let mut next = Value::Null;
    loop {
        let before = next.as_u64().map(|next| format!("&before={next}")).unwrap_or_default();
        let path = format!("/api/audit?limit=1000{before}");
        let page = answer(server.ask(Method::GET, &path, &own, None).await).await.1;
        list.extend(page["items"].as_array().unwrap().clone());
        next = page["next"].clone();
        if next.is_null() {
            break;
        }
    }
    assert!(list.len() > 1_050);
    assert_eq!(json_rows(&file("/api/export/audit.jsonl").await), list);
    assert_eq!(json_rows(&file("/api/export/audit.jsonl?limit=1001").await), list[..1_001]);
    let of_one: Vec<_> = list.iter().filter(|entry| entry["subject"] == "b").cloned().collect();
    assert!(!of_one.is_empty());
    let filtered = file("/api/export/audit.jsonl?subject=b&action=machine.").await;
    assert_eq!(json_rows(&filtered), of_one);
    let before = list[7]["number"].as_u64().unwrap();
    let older = file(&format!("/api/export/audit.jsonl?before={before}")).await;
    assert_eq!(json_rows(&older), list[8..]);

    let rows = csv_rows(&file("/api/export/audit.csv?lang=en").await, b',');
    let headers = ["Number", "When", "Who", "Address", "Action", "Subject", "Before", "After"];
    assert_eq!(rows[0], headers);
    assert_eq!(rows.len(), list.len() + 1);
    for (row, entry) in rows[1..].iter().zip(&list) {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(row[0], entry["number"].to_string());
        assert_eq!(row[1], text("at")[..19].replace('T', " "));
        let subject = if text("subject") == "-1-1" { "'-1-1".to_owned() } else { text("subject") };
        let rest =
            [text("actor"), text("peer"), text("action"), subject, text("before"), text("after")];
        assert_eq!(row[2..], rest);
    }
    let wrong = server.status(Method::GET, "/api/export/audit.csv?lang=xx", &own).await;
    assert_eq!(wrong, 400);
}
