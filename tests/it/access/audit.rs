//! Every change by a person or a token is kept, and a removed machine can be brought back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use tatuscan::access::{Access, Settings, TokenTerms};
use tatuscan::clock;
use tatuscan::inventory::Inventory;
use tatuscan::jobs::Housekeeping;
use tatuscan::model::StatusRules;
use tatuscan::model::access::{AuditQuery, Identity, Role, Scope};
use tatuscan::store::Store;
use tatuscan::store::redb::RedbStore;
use tokio_util::sync::CancellationToken;

use super::{Box, console, json as answer};
use crate::support::machines::body;
use crate::support::server::Guarded;

#[tokio::test]
async fn changes_are_kept_with_who_made_them() {
    let server = Box::start(Guarded::compat()).await;
    let cookie = server.session("ana", Role::Admin).await;
    let own = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "same-origin")];
    let write = format!("Bearer {}", server.token(Scope::Write).await);
    let token = [("Authorization", write.as_str())];
    server.ask(Method::POST, "/api/machines", &[], Some(&body("a"))).await;
    let edit = json!({"computer_model": "OptiPlex\" <b>"});
    assert_eq!(server.ask(Method::PATCH, "/api/machines/a", &own, Some(&edit)).await.status(), 200);
    // The same again changes nothing, and is no news.
    server.ask(Method::PATCH, "/api/machines/a", &own, Some(&edit)).await;
    assert_eq!(server.status(Method::DELETE, "/api/machines/a", &token).await, 200);
    assert_eq!(server.status(Method::DELETE, "/api/machines/a", &token).await, 404);

    let list = async |query: &str| -> Value {
        let path = format!("/api/audit{query}");
        answer(server.ask(Method::GET, &path, &own, None).await).await.1
    };
    let machine = list("?subject=a").await;
    let entries = machine["items"].as_array().unwrap();
    assert_eq!(entries.len(), 2, "{machine}");
    assert_eq!(entries[0]["action"], "machine.delete");
    assert!(entries[0]["actor"].as_str().unwrap().starts_with("token test ("));
    assert_eq!(entries[0]["peer"], "127.0.0.1");
    assert_eq!(entries[1]["actor"], "user ana");
    let before: Value = serde_json::from_str(entries[1]["before"].as_str().unwrap()).unwrap();
    let after: Value = serde_json::from_str(entries[1]["after"].as_str().unwrap()).unwrap();
    assert_eq!(before["computer_model"], Value::Null);
    assert_eq!(after["computer_model"], "OptiPlex\" <b>");
    assert!(!list("").await.to_string().contains(&write[7..]), "no secret in the log");

    let first = list("?limit=2").await;
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let rest = list(&format!("?before={}", first["next"])).await;
    let all = list("").await;
    let both =
        [first["items"].as_array().unwrap().clone(), rest["items"].as_array().unwrap().clone()];
    assert_eq!(&both.concat(), all["items"].as_array().unwrap());
    assert_eq!(all["next"], Value::Null);
    let users = list("?action=user.").await;
    assert_eq!(users["items"][0]["action"], "user.add");
    assert_eq!(server.status(Method::GET, "/api/audit?limit=x", &own).await, 400);
    assert_eq!(server.status(Method::GET, "/api/audit", &token).await, 403);
}

#[tokio::test]
async fn a_removed_machine_comes_back_as_it_was() {
    let server = Box::start(Guarded::compat()).await;
    let admin = format!("Bearer {}", server.token(Scope::Admin).await);
    let headers = [("Authorization", admin.as_str())];
    for id in ["a", "b"] {
        server.ask(Method::POST, "/api/machines", &[], Some(&body(id))).await;
        let edit = json!({"activation_days": 7});
        let path = format!("/api/machines/{id}");
        server.ask(Method::PATCH, &path, &headers, Some(&edit)).await;
    }
    let (_, was) = answer(server.ask(Method::GET, "/api/machines/a", &headers, None).await).await;
    for id in ["a", "b"] {
        let path = format!("/api/machines/{id}");
        assert_eq!(server.status(Method::DELETE, &path, &headers).await, 200);
    }
    assert_eq!(server.status(Method::GET, "/api/machines/a", &headers).await, 404);
    let (_, removed) = answer(server.ask(Method::GET, "/api/removed", &headers, None).await).await;
    assert_eq!(removed["items"].as_array().unwrap().len(), 2);
    assert_eq!(removed["items"][0]["hostname"], "host-b");

    let path = "/api/machines/a/restore";
    let (status, back) = answer(server.ask(Method::POST, path, &headers, None).await).await;
    assert_eq!(status, 200, "{back}");
    assert_eq!(back["item"], was);
    assert_eq!(server.status(Method::POST, path, &headers).await, 404, "it is no longer removed");

    // One that has reported again since is there, as a new one.
    let again = server.ask(Method::POST, "/api/machines", &[], Some(&body("b"))).await;
    assert_eq!(again.status(), 201);
    assert_eq!(server.status(Method::POST, "/api/machines/b/restore", &headers).await, 409);
    let (_, new) = answer(server.ask(Method::GET, "/api/machines/b", &headers, None).await).await;
    assert_eq!(new["activation_days"], Value::Null);
    // Removed once more, it comes back with what people knew.
    assert_eq!(server.status(Method::DELETE, "/api/machines/b", &headers).await, 200);
    assert_eq!(server.status(Method::POST, "/api/machines/b/restore", &headers).await, 200);
    let (_, back) = answer(server.ask(Method::GET, "/api/machines/b", &headers, None).await).await;
    assert_eq!(back["activation_days"], 7);
}

/// What the audit log holds for longer than it goes back is forgotten by itself.
#[tokio::test]
async fn old_entries_are_forgotten_by_themselves() {
    for (audit_days, later_days, expected) in
        [(Some(1_095), 1_094, 2), (Some(1_095), 1_096, 1), (None, 1_096, 2)]
    {
        let directory = tempfile::tempdir().unwrap();
        let open = || -> Arc<dyn Store> {
            Arc::new(RedbStore::open(&directory.path().join("tatuscan.redb")).unwrap())
        };
        let access = Access::new(open(), Settings::default());
        access.create_token("x", Scope::Read, TokenTerms::default(), console()).await.unwrap();
        let now = match later_days {
            1_094 => || clock::now() + TimeDelta::days(1_094),
            _ => || clock::now() + TimeDelta::days(1_096),
        };
        // Somebody was there yesterday: the clock is right.
        let yesterday = Identity { at: now() - TimeDelta::days(1), ..console() };
        access.create_token("y", Scope::Read, TokenTerms::default(), yesterday).await.unwrap();
        drop(access);
        let store = open();
        let access = Access::new(Arc::clone(&store), Settings::default());
        let inventory = Inventory::new(store, StatusRules::default());
        let shutdown = CancellationToken::new();
        let house = Housekeeping { audit_days, now };
        let keeping = tokio::spawn(house.run(access, inventory.clone(), shutdown.clone()));
        let query = AuditQuery { before: None, subject: None, action: None, until: None, limit: 9 };
        let count = async || inventory.audit(&query).await.unwrap().entries.len();
        let asked = Instant::now();
        // Where nothing is to go, there is nothing to wait for but a moment.
        while count().await != expected || asked.elapsed() < Duration::from_millis(200) {
            assert!(asked.elapsed() < Duration::from_secs(10), "{audit_days:?} {later_days}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        shutdown.cancel();
        keeping.await.unwrap();
    }
}
