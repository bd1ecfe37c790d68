//! Machines with keys of their own: nobody reports in their place, and nothing is told twice.

use reqwest::Method;
use serde_json::{Value, json};
use tatuscan::access::TokenTerms;
use tatuscan::model::access::Scope;
use tatuscan::wire::signing::{enrolment, hex};

use super::{Box, Signer, console, json as answer};
use crate::support::machines::body;
use crate::support::server::Guarded;

async fn send(server: &Box, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
    answer(server.ask(Method::POST, "/api/machines", headers, Some(body)).await).await
}

fn with_memory(id: &str, memory: u64) -> Value {
    let mut body = body(id);
    body["memory_used_mb"] = memory.into();
    body
}

/// What the machines' agents proved, and how many are left that prove nothing.
#[tokio::test]
async fn agents_that_prove_nothing_are_marked_and_counted() {
    let server = Box::start(Guarded::compat()).await;
    let enrol = server.token(Scope::Enrol).await;
    let ingest = format!("Bearer {}", server.token(Scope::Ingest).await);
    let reader = format!("Bearer {}", server.token(Scope::Read).await);
    let reader = [("Authorization", reader.as_str())];
    let machine = Signer::new("signed");
    machine.enrol(&server, &enrol).await;
    assert_eq!(
        machine.report(&server, 1, &with_memory("signed", 1)).await.1["item"]["proof"],
        "signature"
    );
    let headers = [("Authorization", ingest.as_str())];
    for id in ["token", "turns"] {
        assert_eq!(send(&server, &headers, &with_memory(id, 1)).await.1["item"]["proof"], "token");
    }
    for id in ["old", "turns"] {
        assert_eq!(send(&server, &[], &with_memory(id, 1)).await.1["item"]["proof"], "legacy");
    }
    let mut manual = body("manual");
    (manual["ip"], manual["memory_total_mb"]) = ("0.0.0.0".into(), 0.into());
    assert_eq!(send(&server, &[], &manual).await.1["item"]["proof"], Value::Null);

    let get = async |path: &str| answer(server.ask(Method::GET, path, &reader, None).await).await.1;
    assert_eq!(get("/api/summary").await["legacy"], 2);
    let left = get("/api/machines?q=proof:legacy").await["items"].take();
    let left: Vec<_> = left.as_array().unwrap().iter().map(|item| &item["machine_id"]).collect();
    assert_eq!(left, ["old", "turns"]);
    let headers = [("Authorization", ingest.as_str())];
    send(&server, &headers, &with_memory("old", 2)).await;
    assert_eq!(get("/api/summary").await["legacy"], 1);
}

async fn memory(server: &Box, id: &str) -> u64 {
    let admin = format!("Bearer {}", server.token(Scope::Read).await);
    let path = format!("/api/machines/{id}");
    let (_, machine) =
        answer(server.ask(Method::GET, &path, &[("Authorization", &admin)], None).await).await;
    machine["memory_used_mb"].as_u64().unwrap()
}

#[tokio::test]
async fn an_enrolled_machine_cannot_be_imitated() {
    let server = Box::start(Guarded::compat()).await;
    let enrol = server.token(Scope::Enrol).await;
    let machine = Signer::new("m1");
    // It may have reported as an old agent before: the same row goes on.
    assert_eq!(send(&server, &[], &with_memory("m1", 1)).await.0, 201);
    assert_eq!(machine.enrol(&server, &enrol).await, (200, json!({"last_seq": 0})));
    assert_eq!(machine.report(&server, 1, &with_memory("m1", 2)).await.0, 200);

    let ingest = format!("Bearer {}", server.token(Scope::Ingest).await);
    let admin = format!("Bearer {}", server.token(Scope::Admin).await);
    assert_eq!(send(&server, &[], &with_memory("m1", 9)).await.0, 401);
    let headers = [("Authorization", ingest.as_str())];
    assert_eq!(send(&server, &headers, &with_memory("m1", 9)).await.0, 401);
    let headers = [("Authorization", admin.as_str())];
    assert_eq!(send(&server, &headers, &with_memory("m1", 9)).await.0, 403);
    assert_eq!(memory(&server, "m1").await, 2, "nothing changed");

    // An altered body, another machine's key, another machine's row.
    let signed = machine.authorization(2, &with_memory("m1", 3));
    let headers = [("Authorization", signed.as_str())];
    assert_eq!(send(&server, &headers, &with_memory("m1", 4)).await.0, 401);
    let thief = Signer { id: "m1", ..Signer::new("m1") };
    assert_eq!(thief.report(&server, 5, &with_memory("m1", 5)).await.0, 401);
    assert_eq!(machine.report(&server, 6, &with_memory("m2", 6)).await.0, 403);
    assert_eq!(Signer::new("m3").report(&server, 1, &with_memory("m3", 1)).await.0, 401);
    assert_eq!(memory(&server, "m1").await, 2, "nothing changed");

    // A key survives the removal of its machine.
    let headers = [("Authorization", admin.as_str())];
    assert_eq!(server.status(Method::DELETE, "/api/machines/m1", &headers).await, 200);
    assert_eq!(send(&server, &[], &with_memory("m1", 9)).await.0, 401);
    assert_eq!(machine.report(&server, 7, &with_memory("m1", 7)).await.0, 201);
}

#[tokio::test]
async fn a_report_is_told_once_and_a_machine_that_was_set_back_heals() {
    let server = Box::start(Guarded::compat()).await;
    let enrol = server.token(Scope::Enrol).await;
    let machine = Signer::new("m1");
    machine.enrol(&server, &enrol).await;
    let first = with_memory("m1", 1);
    assert_eq!(machine.report(&server, 10, &first).await.0, 201);
    // The answer was lost: the same again is fine, and changes nothing.
    let (status, again) = machine.report(&server, 10, &first).await;
    assert_eq!((status, &again["item"]["updated_at"]), (200, &Value::Null));
    let (status, stale) = machine.report(&server, 10, &with_memory("m1", 2)).await;
    assert_eq!((status, &stale["last_seq"]), (409, &json!(10)));
    let (status, stale) = machine.report(&server, 3, &with_memory("m1", 3)).await;
    assert_eq!((status, &stale["last_seq"]), (409, &json!(10)));
    assert_eq!(memory(&server, "m1").await, 1, "nothing changed");
    // Whoever told the machine a number from which it could not go on for long has done nothing.
    for leap in [10 + (1 << 32) + 1, (1 << 53) - 1, 1 << 53, u64::MAX] {
        let (status, stale) = machine.report(&server, leap, &with_memory("m1", 4)).await;
        assert_eq!((status, &stale["last_seq"]), (409, &json!(10)), "{leap}");
    }
    assert_eq!(memory(&server, "m1").await, 1, "nothing changed");
    assert_eq!(machine.report(&server, 11, &with_memory("m1", 4)).await.0, 200);
    assert_eq!(machine.enrol(&server, &enrol).await, (200, json!({"last_seq": 11})));
}

#[tokio::test]
async fn another_key_waits_for_an_admin() {
    let server = Box::start(Guarded::compat()).await;
    let enrol = server.token(Scope::Enrol).await;
    let admin = format!("Bearer {}", server.token(Scope::Admin).await);
    let headers = [("Authorization", admin.as_str())];
    let (old, new) = (Signer::new("m1"), Signer::new("m1"));
    old.enrol(&server, &enrol).await;
    old.report(&server, 5, &with_memory("m1", 1)).await;
    for _ in 0..3 {
        let (status, waiting) = new.enrol(&server, &enrol).await;
        assert_eq!(status, 409, "{waiting}");
    }
    // Nor does whoever has the token fill the log with one key after the other.
    for _ in 0..3 {
        assert_eq!(Signer::new("m1").enrol(&server, &enrol).await.0, 409);
    }
    assert_eq!(new.enrol(&server, &enrol).await.0, 409);
    let asked = answer(server.ask(Method::GET, "/api/audit?action=key.ask", &headers, None).await);
    assert_eq!(asked.await.1["items"].as_array().unwrap().len(), 1, "once is enough");
    assert_eq!(new.report(&server, 6, &with_memory("m1", 2)).await.0, 401);
    assert_eq!(old.report(&server, 6, &with_memory("m1", 3)).await.0, 200, "the old one goes on");
    let (_, keys) = answer(server.ask(Method::GET, "/api/keys", &headers, None).await).await;
    assert_eq!(keys["items"][0]["waiting_key"], hex(&new.public()));
    assert_eq!(keys["enrolled"], 1);

    let approve = async |key: &Signer| {
        let looked_at = json!({"waiting_key": hex(&key.public())});
        let path = "/api/machines/m1/key/approve";
        answer(server.ask(Method::POST, path, &headers, Some(&looked_at)).await).await
    };
    let (status, refused) = approve(&old).await;
    assert_eq!(status, 409, "{refused}");
    assert!(refused["error"].as_str().unwrap().contains("Another key waits"), "{refused}");
    assert_eq!(approve(&new).await.0, 200);
    assert_eq!(approve(&new).await.0, 404);
    assert_eq!(old.report(&server, 7, &with_memory("m1", 4)).await.0, 401);
    // Nobody else reports before the new key does, and numbers go on where they were.
    assert_eq!(send(&server, &[], &with_memory("m1", 9)).await.0, 401);
    let (status, stale) = new.report(&server, 1, &with_memory("m1", 5)).await;
    assert_eq!((status, &stale["last_seq"]), (409, &json!(6)));
    assert_eq!(new.report(&server, 7, &with_memory("m1", 5)).await.0, 200);

    let path = "/api/machines/m1/key/reset";
    assert_eq!(server.status(Method::POST, path, &headers).await, 200);
    assert_eq!(server.status(Method::POST, path, &headers).await, 404);
    assert_eq!(send(&server, &[], &with_memory("m1", 6)).await.0, 200, "an old agent again");
}

/// A key that was forgotten and comes back goes on where it was: what it signed before is not taken
/// again.
#[tokio::test]
async fn a_forgotten_key_that_comes_back_repeats_nothing() {
    let server = Box::start(Guarded::compat()).await;
    let enrol = server.token(Scope::Enrol).await;
    let admin = format!("Bearer {}", server.token(Scope::Admin).await);
    let headers = [("Authorization", admin.as_str())];
    let machine = Signer::new("m1");
    machine.enrol(&server, &enrol).await;
    let recorded = with_memory("m1", 1);
    assert_eq!(machine.report(&server, 5, &recorded).await.0, 201);
    let path = "/api/machines/m1/key/reset";
    assert_eq!(server.status(Method::POST, path, &headers).await, 200);
    assert_eq!(machine.report(&server, 6, &with_memory("m1", 6)).await.0, 401);
    let (_, keys) = answer(server.ask(Method::GET, "/api/keys", &headers, None).await).await;
    assert_eq!(keys["enrolled"], 0);
    assert_eq!(machine.enrol(&server, &enrol).await, (200, json!({"last_seq": 5})));
    assert_eq!(machine.report(&server, 4, &recorded).await.0, 409);
    assert_eq!(machine.report(&server, 6, &with_memory("m1", 7)).await.0, 200);
}

/// A token for enrolling may say where its machines belong.
#[tokio::test]
async fn machines_get_the_tags_of_the_token_that_enrolled_them() {
    let server = Box::start(Guarded::compat()).await;
    let admin = format!("Bearer {}", server.token(Scope::Admin).await);
    let headers = [("Authorization", admin.as_str())];
    let made = json!({"name": "lab 1", "scope": "enrol", "tags": ["Lab 1", "lab 1", "aluno"]});
    let made = answer(server.ask(Method::POST, "/api/tokens", &headers, Some(&made)).await).await.1;
    assert_eq!(made["item"]["tags"], json!(["aluno", "Lab 1"]));
    let token = made["token"].as_str().unwrap();
    let tags = async |id: &str| {
        let path = format!("/api/machines/{id}");
        answer(server.ask(Method::GET, &path, &headers, None).await).await.1["tags"].clone()
    };
    // One that is there already, and one that is not.
    assert_eq!(send(&server, &[], &with_memory("m1", 1)).await.0, 201);
    let edit = json!({"tags": ["LAB 1", "old"]});
    server.ask(Method::PATCH, "/api/machines/m1", &headers, Some(&edit)).await;
    let (known, new) = (Signer::new("m1"), Signer::new("m2"));
    assert_eq!(known.enrol(&server, token).await.0, 200);
    assert_eq!(tags("m1").await, json!(["aluno", "LAB 1", "old"]));
    assert_eq!(new.enrol(&server, token).await.0, 200);
    assert_eq!(new.report(&server, 1, &with_memory("m2", 1)).await.0, 201);
    assert_eq!(tags("m2").await, json!(["aluno", "Lab 1"]));
    // One that has another key gets them with the approval.
    let back = Signer::new("m2");
    let made = json!({"name": "lab 2", "scope": "enrol", "tags": ["Lab 2"]});
    let made = answer(server.ask(Method::POST, "/api/tokens", &headers, Some(&made)).await).await.1;
    assert_eq!(back.enrol(&server, made["token"].as_str().unwrap()).await.0, 409);
    assert_eq!(tags("m2").await, json!(["aluno", "Lab 1"]));
    let looked_at = json!({"waiting_key": hex(&back.public())});
    let path = "/api/machines/m2/key/approve";
    let approved = server.ask(Method::POST, path, &headers, Some(&looked_at)).await;
    assert_eq!(approved.status(), 200);
    assert_eq!(tags("m2").await, json!(["aluno", "Lab 1", "Lab 2"]));
    let new = back;
    assert_eq!(new.report(&server, 11, &with_memory("m2", 1)).await.0, 200);
    // What people change stays changed.
    let edit = json!({"tags": []});
    server.ask(Method::PATCH, "/api/machines/m2", &headers, Some(&edit)).await;
    assert_eq!(new.report(&server, 12, &with_memory("m2", 2)).await.0, 200);
    assert_eq!(tags("m2").await, json!([]));
    let wrong = json!({"name": "x", "scope": "read", "tags": ["a"]});
    let refused = server.ask(Method::POST, "/api/tokens", &headers, Some(&wrong)).await;
    assert_eq!(refused.status(), 400);
}

/// Whoever goes on reporting in a machine's place is seen, and fills no log.
#[tokio::test]
async fn reports_in_a_machines_place_are_counted() {
    let server = Box::start(Guarded::compat()).await;
    let enrol = server.token(Scope::Enrol).await;
    let admin = format!("Bearer {}", server.token(Scope::Admin).await);
    let headers = [("Authorization", admin.as_str())];
    let machine = Signer::new("m1");
    machine.enrol(&server, &enrol).await;
    machine.report(&server, 1, &with_memory("m1", 1)).await;
    for _ in 0..9 {
        assert_eq!(send(&server, &[], &with_memory("m1", 9)).await.0, 401);
    }
    let path = "/api/audit?action=report.refuse";
    let (_, list) = answer(server.ask(Method::GET, path, &headers, None).await).await;
    let entries = list["items"].as_array().unwrap();
    assert_eq!(entries.len(), 4, "the first, second, fourth and eighth: {list}");
    assert_eq!((&entries[0]["subject"], &entries[0]["peer"]), (&json!("m1"), &json!("127.0.0.1")));
    assert_eq!(entries[0]["after"], "{\"reports\":8}");
}

#[tokio::test]
async fn enrolling_takes_a_token_for_it_and_a_key_of_ones_own() {
    let server = Box::start(Guarded::compat()).await;
    let terms = TokenTerms { max_uses: Some(2), ..TokenTerms::default() };
    let made = server.access.create_token("two", Scope::Enrol, terms, console()).await;
    let two = made.unwrap().0.expose().to_owned();
    let wrong = server.token(Scope::Ingest).await;
    assert_eq!(Signer::new("m1").enrol(&server, &wrong).await.0, 401);
    assert_eq!(Signer::new("m1").enrol(&server, "tse_x").await.0, 401);
    let machine = Signer::new("m1");
    assert_eq!(machine.enrol(&server, &two).await.0, 200);
    assert_eq!(machine.enrol(&server, &two).await.0, 200, "the same key again is no use");
    assert_eq!(Signer::new("m2").enrol(&server, &two).await.0, 200);
    assert_eq!(Signer::new("m3").enrol(&server, &two).await.0, 401, "used up");

    let token = server.token(Scope::Enrol).await;
    let (thief, victim) = (Signer::new("m4"), Signer::new("m4"));
    let signature = thief.key.sign(enrolment("m4", &victim.public()).as_bytes());
    let mut body = json!({
        "token": token, "machine_id": "m4", "public_key": hex(&victim.public()),
        "signature": hex(signature.as_ref()),
    });
    let ask = async |body: &Value| {
        answer(server.ask(Method::POST, "/api/enroll", &[], Some(body)).await).await
    };
    assert_eq!(ask(&body).await.0, 400);
    for (field, value) in
        [("public_key", json!("xyz")), ("signature", json!("00")), ("machine_id", json!("a b"))]
    {
        body[field] = value;
        let (status, refused) = ask(&body).await;
        assert_eq!(status, 400);
        assert!(!refused["error"].as_str().unwrap().is_empty());
    }
    assert_eq!(ask(&json!({"token": "x"})).await.0, 400);
}
