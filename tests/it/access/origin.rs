//! Headers that anybody may write lower trust and never raise it; other sites change nothing.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::json;
use tatuscan::clock;
use tatuscan::model::access::{Role, Scope};

use super::{Box, PASSWORD, console};
use crate::support::machines::body;
use crate::support::server::Guarded;

/// Fresh box, this computer, no proxy: plain reads are allowed, and nothing else.
#[tokio::test]
async fn a_new_box_shows_its_inventory_to_its_own_computer_until_it_is_claimed() {
    let server = Box::start(Guarded::compat()).await;
    server.access.found(clock::now()).await.unwrap();
    let report = server.ask(Method::POST, "/api/machines", &[], Some(&body("a"))).await;
    assert_eq!(report.status(), 201);
    for path in ["/api/machines", "/api/machines/a", "/report", "/api/summary", "/metrics"] {
        assert_eq!(server.status(Method::GET, path, &[]).await, 200, "{path}");
    }
    for header in [
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("X-Real-IP", "127.0.0.1"),
        ("Forwarded", "for=127.0.0.1"),
        ("Via", "1.1 proxy"),
        ("X-Forwarded-Host", "localhost"),
        ("X-Forwarded-Proto", "http"),
        ("Host", "inventory.example.org"),
        ("Host", "127.0.0.1.example.org"),
        ("Origin", "http://evil.example"),
        ("Origin", "null"),
    ] {
        assert_eq!(server.status(Method::GET, "/api/machines", &[header]).await, 401, "{header:?}");
    }
    for host in ["localhost:8040", "LOCALHOST", "127.0.0.1", "[::1]:8040"] {
        let headers = [("Host", host)];
        assert_eq!(server.status(Method::GET, "/api/machines", &headers).await, 200, "{host}");
    }
    assert_eq!(server.status(Method::DELETE, "/api/machines/a", &[]).await, 401);
    assert_eq!(server.status(Method::GET, "/api/tokens", &[]).await, 401);
    assert_eq!(server.status(Method::GET, "/api/audit", &[]).await, 401);
    // Nor does it hand anything out as a file.
    for file in ["export/machines.csv", "export/machines.xlsx", "export/machines.jsonl", "backup"] {
        assert_eq!(server.status(Method::GET, &format!("/api/{file}"), &[]).await, 401, "{file}");
    }

    server.access.add_user("ana", Role::Admin, PASSWORD, console()).await.unwrap();
    assert_eq!(server.status(Method::GET, "/api/machines", &[]).await, 401, "it is claimed");
    server.access.add_user("bea", Role::Admin, PASSWORD, console()).await.unwrap();
    server.access.remove_user("ana", console()).await.unwrap();
    assert_eq!(server.status(Method::GET, "/api/machines", &[]).await, 401);
}

fn tomorrow() -> DateTime<Utc> {
    clock::now() + TimeDelta::hours(25)
}

#[tokio::test]
async fn the_first_day_ends() {
    let mut guard = Guarded::compat();
    guard.now = tomorrow;
    let server = Box::start(guard).await;
    server.access.found(clock::now()).await.unwrap();
    assert_eq!(server.status(Method::GET, "/api/machines", &[]).await, 401);
}

/// Through a proxy that nobody named, the client's own word only lowers trust.
#[tokio::test]
async fn forwarding_headers_lower_trust() {
    let server = Box::start(Guarded::compat()).await;
    let post = async |header: (&str, &str)| {
        server.ask(Method::POST, "/api/machines", &[header], Some(&body("a"))).await.status()
    };
    for header in [
        ("X-Forwarded-For", "8.8.8.8"),
        ("X-Forwarded-For", "8.8.8.8, 10.0.0.1"),
        ("X-Forwarded-For", "10.0.0.1, 8.8.8.8"),
        ("X-Forwarded-For", "unknown"),
        ("X-Real-IP", "8.8.8.8"),
    ] {
        assert_eq!(post(header).await, 401, "{header:?}");
    }
    assert_eq!(post(("X-Forwarded-For", "10.0.0.1")).await, 201);
    assert_eq!(post(("X-Forwarded-For", "[fd00::1]:443, 192.168.1.1:80")).await, 200);

    // What the client wrote into one header does not cover what its proxy says in another.
    let both = async |forwarded: &str| {
        let headers = [("X-Forwarded-For", "10.0.0.1"), ("Forwarded", forwarded)];
        server.ask(Method::POST, "/api/machines", &headers, Some(&body("a"))).await.status()
    };
    for far in [
        "for=8.8.8.8",
        "For=\"8.8.8.8:4711\";proto=https",
        "for=\"[2001:db8::1]:443\"",
        "for=10.0.0.1, for=8.8.8.8",
        "for=unknown",
        "for=_hidden",
        "for=\"10.0.0.1",
        "proto=https;by=10.0.0.9",
        "",
    ] {
        assert_eq!(both(far).await, 401, "{far}");
    }
    for near in ["for=10.0.0.1", "for=\"[fd00::1]:80\";proto=http;by=10.0.0.9, FOR=192.168.1.1"] {
        assert_eq!(both(near).await, 200, "{near}");
    }
}

/// A page that a browser shows may lead here under a name of its own, whoever shows it.
#[tokio::test]
async fn a_page_in_a_browser_reports_nothing_without_a_token() {
    let server = Box::start(Guarded::compat()).await;
    let post = async |headers: &[(&str, &str)]| {
        let answer = server.ask(Method::POST, "/api/machines", headers, Some(&body("a"))).await;
        answer.status()
    };
    let page = [("Host", "evil.example:8040"), ("Origin", "http://evil.example:8040")];
    assert_eq!(post(&page).await, 401);
    assert_eq!(post(&[("Sec-Fetch-Site", "same-origin")]).await, 401);
    assert_eq!(post(&[("Host", "evil.example:8040")]).await, 201, "any name is an agent's");
    let token = format!("Bearer {}", server.token(Scope::Ingest).await);
    assert_eq!(post(&[page[0], page[1], ("Authorization", &token)]).await, 200);
}

/// A proxy that does not say who came to it may stand for anybody.
#[tokio::test]
async fn a_proxy_that_hides_its_client_is_far() {
    let server = Box::behind_a_proxy(Guarded::compat()).await;
    let post = async |server: &Box, headers: &[(&str, &str)]| {
        server.ask(Method::POST, "/api/machines", headers, Some(&body("a"))).await.status()
    };
    assert_eq!(post(&server, &[]).await, 401);
    assert_eq!(post(&server, &[("X-Forwarded-For", "unknown")]).await, 401);
    assert_eq!(post(&server, &[("Forwarded", "for=10.0.0.1")]).await, 401);
    let open = Box::start(Guarded::compat()).await;
    assert_eq!(post(&open, &[("Via", "1.1 proxy")]).await, 401);
    assert_eq!(post(&open, &[("Forwarded", "for=8.8.8.8")]).await, 401);
    assert_eq!(post(&open, &[]).await, 201);
}

/// What the gate does not know is not there, whatever the router would make of it.
#[tokio::test]
async fn odd_paths_get_nowhere() {
    let server = Box::start(Guarded::compat()).await;
    for path in ["/api/machines//restore", "/api/machines//key/reset", "//api/machines"] {
        assert_eq!(server.status(Method::POST, path, &[]).await, 404, "{path}");
    }
}

/// Behind named proxies the rightmost address that is none of them is the client's.
#[tokio::test]
async fn a_trusted_proxy_says_who_the_client_is() {
    let mut guard = Guarded::compat();
    guard.gate.trusted_proxies =
        vec!["127.0.0.1/32".parse().unwrap(), "10.9.0.0/16".parse().unwrap()];
    let server = Box::start(guard).await;
    let post = async |value: &str| {
        let headers = [("X-Forwarded-For", value)];
        server.ask(Method::POST, "/api/machines", &headers, Some(&body("a"))).await.status()
    };
    assert_eq!(post("8.8.8.8, 10.9.0.1").await, 401);
    assert_eq!(post("10.1.0.1, 10.9.0.1").await, 201);
    // What the client itself wrote before that may lower trust, but not raise it.
    assert_eq!(post("8.8.8.8, 10.1.0.1, 10.9.0.1").await, 401);
    assert_eq!(post("10.1.0.1, 8.8.8.8").await, 401);
    // A trusted proxy that does not say who came to it may stand for anybody, wherever it is.
    assert_eq!(post("unknown, 10.9.0.1").await, 401);
    assert_eq!(post("10.1.0.1, unknown, 10.9.0.1").await, 401);
}

/// A logged-in browser changes nothing on another site's behalf.
#[tokio::test]
async fn other_sites_cannot_use_a_session() {
    let mut guard = Guarded::compat();
    guard.gate.public_url = Some("https://inventory.example.org".into());
    let server = Box::start(guard).await;
    let cookie = server.session("ana", Role::Admin).await;
    server.ask(Method::POST, "/api/machines", &[], Some(&body("a"))).await;
    let edit = json!({"activation_days": 1});
    let patch = async |more: &[(&str, &str)]| {
        let headers = [&[("Cookie", cookie.as_str())], more].concat();
        server.ask(Method::PATCH, "/api/machines/a", &headers, Some(&edit)).await.status().as_u16()
    };
    assert_eq!(patch(&[]).await, 403, "neither header");
    for site in ["cross-site", "same-site"] {
        assert_eq!(patch(&[("Sec-Fetch-Site", site)]).await, 403, "{site}");
    }
    for site in ["same-origin", "none"] {
        assert_eq!(patch(&[("Sec-Fetch-Site", site)]).await, 200, "{site}");
    }
    assert_eq!(patch(&[("Origin", "http://evil.example")]).await, 403);
    assert_eq!(patch(&[("Origin", "null")]).await, 403);
    assert_eq!(patch(&[("Origin", &server.server.url(""))]).await, 200);
    assert_eq!(patch(&[("Origin", "https://inventory.example.org")]).await, 200);
    let origin = ("Origin", "https://inventory.example.org");
    assert_eq!(patch(&[origin, ("Sec-Fetch-Site", "cross-site")]).await, 403);
    // Reading is no change.
    let headers = [("Cookie", cookie.as_str())];
    assert_eq!(server.status(Method::GET, "/api/machines", &headers).await, 200);
}
