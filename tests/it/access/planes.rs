//! The table of who may do what, cell by cell, over HTTP.

use reqwest::Method;
use serde_json::{Value, json};
use tatuscan::access::Mode;
use tatuscan::model::access::{Role, Scope};

use super::{Box, json as answer};
use crate::support::machines::body;
use crate::support::server::Guarded;

const NEAR: (&str, &str) = ("X-Forwarded-For", "10.1.2.3");
const FAR: (&str, &str) = ("X-Forwarded-For", "8.8.8.8");

/// What a caller is answered for a report, a look, a change and an administration.
async fn row(server: &Box, name: &str, headers: &[(&str, &str)]) -> [u16; 4] {
    let id = format!("row-{}", name.replace(' ', "-"));
    let report = server.ask(Method::POST, "/api/machines", headers, Some(&body(&id))).await;
    let look = server.status(Method::GET, "/api/machines", headers).await;
    let edit = json!({"activation_days": 3});
    let change = server.ask(Method::PATCH, "/api/machines/known", headers, Some(&edit)).await;
    let rule = server.status(Method::GET, "/api/tokens", headers).await;
    [report.status().as_u16(), look, change.status().as_u16(), rule]
}

#[tokio::test]
async fn every_cell_of_the_table_holds() {
    let server = Box::behind_a_proxy(Guarded::compat()).await;
    let admin = server.session("ana", Role::Admin).await;
    let viewer = server.session("vera", Role::Viewer).await;
    let known = server.ask(Method::POST, "/api/machines", &[NEAR], Some(&body("known"))).await;
    assert_eq!(known.status(), 201);

    assert_eq!(row(&server, "near", &[NEAR]).await, [201, 401, 401, 401]);
    assert_eq!(
        row(&server, "near in IPv6", &[("X-Forwarded-For", "::ffff:10.0.0.9")]).await[0],
        201
    );
    assert_eq!(row(&server, "far", &[FAR]).await, [401, 401, 401, 401]);
    for (scope, expected) in [
        (Scope::Ingest, [201, 403, 403, 403]),
        (Scope::Read, [403, 200, 403, 403]),
        (Scope::Write, [201, 200, 200, 403]),
        (Scope::Admin, [201, 200, 200, 200]),
        (Scope::Enrol, [403, 403, 403, 403]),
    ] {
        let token = format!("Bearer {}", server.token(scope).await);
        let headers = [FAR, ("Authorization", token.as_str())];
        assert_eq!(row(&server, scope.name(), &headers).await, expected, "{scope}");
    }
    let own = ("Sec-Fetch-Site", "same-origin");
    // A browser's session reports nothing: it counts as nobody there.
    let headers = [FAR, ("Cookie", viewer.as_str()), own];
    assert_eq!(row(&server, "viewer", &headers).await, [401, 200, 403, 403]);
    let headers = [FAR, ("Cookie", admin.as_str()), own];
    assert_eq!(row(&server, "admin", &headers).await, [401, 200, 200, 200]);

    for path in ["/api/health", "/livez", "/openapi.json", "/docs", "/api/session", "/favicon.ico"]
    {
        assert_eq!(server.status(Method::GET, path, &[FAR]).await, 200, "{path}");
    }
    for path in ["/report", "/metrics", "/api/summary", "/api/facets", "/api/inventory"] {
        assert_eq!(server.status(Method::GET, path, &[FAR]).await, 401, "{path}");
        assert_eq!(server.status(Method::HEAD, path, &[FAR]).await, 401, "{path}");
    }
    for path in ["/", "/report", "/charts"] {
        let browser = [FAR, ("Accept", "text/html")];
        assert_eq!(server.status(Method::GET, path, &browser).await, 200, "{path}: the shell");
    }
    for path in ["/metrics", "/api/machines", "/api/summary", "/api/tokens"] {
        let browser = [FAR, ("Accept", "text/html")];
        assert_eq!(server.status(Method::GET, path, &browser).await, 401, "{path}: data");
    }
    assert_eq!(server.status(Method::GET, "/nowhere", &[FAR]).await, 404);
    assert_eq!(server.status(Method::PUT, "/api/machines", &[FAR]).await, 405);
    assert_eq!(server.status(Method::OPTIONS, "/api/machines", &[FAR]).await, 200);

    let (_, machine) = answer(
        server.ask(Method::GET, "/api/machines/known", &[("Cookie", admin.as_str())], None).await,
    )
    .await;
    assert_eq!(machine["activation_days"], 3);
}

#[tokio::test]
async fn strict_takes_no_report_without_a_token() {
    let mut guard = Guarded::compat();
    guard.rules.mode = Mode::Strict;
    let server = Box::behind_a_proxy(guard).await;
    assert_eq!(row(&server, "near", &[NEAR]).await, [401, 401, 401, 401]);
    let token = format!("Bearer {}", server.token(Scope::Ingest).await);
    let headers = [FAR, ("Authorization", token.as_str())];
    assert_eq!(row(&server, "token", &headers).await, [201, 403, 403, 403]);
}

#[tokio::test]
async fn off_asks_nobody() {
    let mut guard = Guarded::compat();
    guard.rules.mode = Mode::Off;
    let server = Box::behind_a_proxy(guard).await;
    server.ask(Method::POST, "/api/machines", &[NEAR], Some(&body("known"))).await;
    assert_eq!(row(&server, "far", &[FAR]).await, [201, 200, 200, 200]);
}

#[tokio::test]
async fn a_public_inventory_is_read_by_everybody_and_changed_by_nobody() {
    let mut guard = Guarded::compat();
    guard.rules.public_read = true;
    let server = Box::behind_a_proxy(guard).await;
    assert_eq!(row(&server, "far", &[FAR]).await, [401, 200, 401, 401]);
    let (_, session) = answer(server.ask(Method::GET, "/api/session", &[FAR], None).await).await;
    assert_eq!((&session["user"], &session["may_read"]), (&Value::Null, &json!(true)));
}

#[tokio::test]
async fn networks_that_are_named_report_without_a_token() {
    let mut guard = Guarded::compat();
    guard.rules.legacy_networks = vec!["8.8.8.0/24".parse().unwrap()];
    let server = Box::behind_a_proxy(guard).await;
    assert_eq!(row(&server, "named", &[FAR]).await, [201, 401, 401, 401]);
}

/// A report that is refused says what would admit it, and is counted for the admin.
#[tokio::test]
async fn refused_reports_are_counted_with_what_would_admit_them() {
    let server = Box::behind_a_proxy(Guarded::compat()).await;
    for _ in 0..3 {
        let refused = server.ask(Method::POST, "/api/machines", &[FAR], Some(&body("far"))).await;
        assert_eq!(refused.headers()["www-authenticate"], "Bearer");
        let (status, refused) = answer(refused).await;
        assert_eq!(status, 401);
        let error = refused["error"].as_str().unwrap();
        assert!(error.contains("TATUSCAN_LEGACY_CIDRS=8.8.8.0/24"), "{error}");
        assert!(error.contains("http://agent:TOKEN@"), "{error}");
    }
    let token = format!("Bearer {}", server.token(Scope::Admin).await);
    let headers = [("Authorization", token.as_str())];
    let (_, list) = answer(server.ask(Method::GET, "/api/refused", &headers, None).await).await;
    assert_eq!(list["items"][0]["network"], "8.8.8.0/24");
    assert_eq!(list["items"][0]["reports"], 3);
    assert_eq!(server.status(Method::GET, "/api/machines/far", &headers).await, 404);
}
