//! Tokens, in each place that takes one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use tatuscan::access::TokenTerms;
use tatuscan::clock;
use tatuscan::model::access::{Role, Scope};

use super::{Box, console, json as answer};
use crate::support::machines::body;
use crate::support::server::Guarded;

const FAR: (&str, &str) = ("X-Forwarded-For", "8.8.8.8");

#[tokio::test]
async fn a_token_is_taken_in_each_place() {
    let server = Box::behind_a_proxy(Guarded::compat()).await;
    let token = server.token(Scope::Ingest).await;
    let bearer = format!("Bearer {token}");
    let basic = format!("Basic {}", STANDARD.encode(format!("agent:{token}")));
    for (number, value) in
        [bearer.clone(), bearer.to_lowercase().replace(&token.to_lowercase(), &token), basic]
            .iter()
            .enumerate()
    {
        let headers = [FAR, ("Authorization", value.as_str())];
        let report = body(&format!("m{number}"));
        let taken = server.ask(Method::POST, "/api/machines", &headers, Some(&report)).await;
        assert_eq!(taken.status(), 201, "{number}");
    }
    let path = format!("/t/{token}/api/machines");
    let taken = server.ask(Method::POST, &path, &[FAR], Some(&body("path"))).await;
    assert_eq!(taken.status(), 201);
    let write = server.token(Scope::Write).await;
    let path = format!("/t/{write}/api/machines?limit=2&sort=hostname");
    let (status, list) = answer(server.ask(Method::GET, &path, &[FAR], None).await).await;
    assert_eq!((status, &list["count"], &list["total"]), (200, &json!(2), &json!(4)));
    let path = format!("/t/{write}/api/machines/path");
    assert_eq!(server.status(Method::DELETE, &path, &[FAR]).await, 200);
}

#[tokio::test]
async fn what_is_no_token_is_refused_with_a_word_on_it() {
    let server = Box::start(Guarded::compat()).await;
    let token = server.token(Scope::Read).await;
    for value in [
        "Bearer".to_owned(),
        "Bearer tsr_x".into(),
        format!("Bearer {}", &token[..token.len() - 1]),
        format!("Bearer {}", token.replace("tsr_", "tsa_")),
        "Basic !!!".into(),
        "Basic YWJj".into(),
        "Digest x".into(),
        "TatuScan-Ed25519 id=a".into(),
        "\u{e9}".into(),
    ] {
        let headers = [("Authorization", value.as_str())];
        let refused = server.ask(Method::GET, "/api/machines", &headers, None).await;
        assert_eq!(refused.headers()["www-authenticate"], "Bearer");
        let (status, refused) = answer(refused).await;
        assert_eq!(status, 401, "{value}");
        assert!(!refused.to_string().contains("tsr_x"), "{refused}");
    }
    // Even where nobody has to show one: a wrong one is a mistake that somebody should see.
    let headers = [("Authorization", "Bearer wrong")];
    let refused = server.ask(Method::POST, "/api/machines", &headers, Some(&body("a"))).await;
    assert_eq!(refused.status(), 401);
    let admin = server.token(Scope::Admin).await;
    let path = format!("/t/{admin}/api/machines");
    assert_eq!(server.status(Method::GET, &path, &[]).await, 401, "no admin in an address");
}

#[tokio::test]
async fn tokens_are_made_listed_and_revoked() {
    let server = Box::start(Guarded::compat()).await;
    let cookie = server.session("ana", Role::Admin).await;
    let own = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "same-origin")];
    let ask = async |method: Method, path: &str, body: Option<&Value>| {
        answer(server.ask(method, path, &own, body).await).await
    };
    let new = json!({"name": "scripts <b>", "scope": "read", "days": 30});
    let (status, made) = ask(Method::POST, "/api/tokens", Some(&new)).await;
    assert_eq!(status, 200, "{made}");
    let token = made["token"].as_str().unwrap();
    let id = made["item"]["id"].as_str().unwrap();
    assert!(token.starts_with("tsr_"));
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str())];
    assert_eq!(server.status(Method::GET, "/api/machines", &headers).await, 200);

    let (_, list) = ask(Method::GET, "/api/tokens", None).await;
    assert_eq!(list["items"][0]["id"], id);
    assert_eq!(list["items"][0]["created_by"], "user ana");
    assert!(!list.to_string().contains(token), "the secret is shown once");
    for (body, word) in [
        (json!({"name": " ", "scope": "read"}), "name"),
        (json!({"name": "x", "scope": "all"}), "all"),
        (json!({"name": "x", "scope": "read", "days": 0}), "days"),
        (json!({"name": "x", "scope": "read", "max_uses": 3}), "max_uses"),
        (json!({"name": "x", "scope": "enrol", "max_uses": 0}), "max_uses"),
        (json!([]), "invalid"),
    ] {
        let (status, refused) = ask(Method::POST, "/api/tokens", Some(&body)).await;
        assert_eq!(status, 400, "{refused}");
        assert!(refused["error"].as_str().unwrap().contains(word), "{refused}");
    }
    let path = format!("/api/tokens/{id}");
    assert_eq!(ask(Method::DELETE, &path, None).await.0, 200);
    assert_eq!(server.status(Method::GET, "/api/machines", &headers).await, 401, "revoked");
    assert_eq!(ask(Method::DELETE, &path, None).await.0, 404);
}

#[tokio::test]
async fn a_token_ends_on_its_day() {
    let server = Box::start(Guarded::compat()).await;
    for (minutes, expected) in [(1, 200), (-1, 401)] {
        let expires_at = Some(clock::now() + TimeDelta::minutes(minutes));
        let terms = TokenTerms { expires_at, ..TokenTerms::default() };
        let made = server.access.create_token("x", Scope::Read, terms, console()).await;
        let bearer = format!("Bearer {}", made.unwrap().0.expose());
        let headers = [("Authorization", bearer.as_str())];
        assert_eq!(server.status(Method::GET, "/api/machines", &headers).await, expected);
    }
}
