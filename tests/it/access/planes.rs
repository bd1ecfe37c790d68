//! The table of who may do what, cell by cell, over HTTP.

use chrono::TimeDelta;
use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::{Value, json};
use tatuscan::access::{Access, Mode};
use tatuscan::clock;
use tatuscan::model::access::{Role, Scope};

use super::{Box, json as answer};
use crate::support::machines::body;
use crate::support::process::{ServerProcess, serve, serve_guarded};
use crate::support::server::{Guarded, client};

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
    // A browser asks for what has no body without looking whether another site's page may.
    let path = "/api/machines/known/key/reset";
    for site in ["cross-site", "same-site"] {
        let headers = [("Sec-Fetch-Site", site)];
        assert_eq!(server.status(Method::POST, path, &headers).await, 403, "{site}");
        assert_eq!(server.status(Method::GET, "/api/machines", &headers).await, 200, "{site}");
    }
    for headers in [[].as_slice(), &[("Sec-Fetch-Site", "same-origin")]] {
        assert_eq!(server.status(Method::POST, path, headers).await, 404, "it has no key");
    }
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
    let metrics = server.ask(Method::GET, "/metrics", &headers, None).await.text().await.unwrap();
    let line = "tatuscan_refused_reports{network=\"8.8.8.0/24\"} 3";
    assert!(metrics.contains(line), "{metrics}");

    // They are kept, counted on, and forgotten after a month.
    let reports = async |access: &Access| {
        let sources = access.refused_sources(clock::now()).await.unwrap();
        sources.iter().map(|source| source.reports).collect::<Vec<_>>()
    };
    let (access, peer) = (&server.access, "8.8.8.8".parse().unwrap());
    for _ in 0..2 {
        access.count_refused(peer, clock::now());
        access.keep_refused(clock::now()).await.unwrap();
        access.keep_refused(clock::now()).await.unwrap();
    }
    assert_eq!(reports(access).await, [2], "the server's own gate has not kept its three yet");
    let later = clock::now() + TimeDelta::days(31);
    access.keep_refused(later).await.unwrap();
    assert!(access.refused_sources(later).await.unwrap().is_empty());
}

/// What was refused is said again at the next start, with the setting that would admit it.
#[tokio::test]
async fn a_server_that_starts_says_what_was_refused_before() {
    let directory = tempfile::tempdir().unwrap();
    let start = || {
        let mut serve = serve_guarded(directory.path());
        serve.env("TATUSCAN_TRUSTED_PROXIES", "127.0.0.1");
        ServerProcess::spawn(serve)
    };
    let server = start();
    let report = client().post(format!("{}/api/machines", server.url));
    let report = report.header("X-Forwarded-For", "198.51.100.7");
    let report = report.header("Content-Type", "application/json").body(body("far").to_string());
    assert_eq!(report.send().await.unwrap().status(), 401);
    assert_eq!(server.stop(Signal::SIGTERM).0, Some(0));
    let mut server = start();
    let said = server.wait_for("TATUSCAN_LEGACY_CIDRS");
    assert!(said.contains("198.51.100.0/24 would admit them"), "{said}");
}

/// With nobody asked to log in, a page in a browser on the same computer could otherwise ask under a
/// name of its own that leads here.
#[tokio::test]
async fn an_open_server_on_this_computer_answers_only_under_its_own_names() {
    let directory = tempfile::tempdir().unwrap();
    let mut off = serve(directory.path());
    off.env("TATUSCAN_PUBLIC_URL", "https://inventory.example.org");
    let server = ServerProcess::spawn(off);
    let ask = async |host: &str| {
        let request = client().get(format!("{}/api/machines", server.url)).header("Host", host);
        request.send().await.unwrap().status().as_u16()
    };
    let port = server.url.rsplit(':').next().unwrap();
    for own in ["localhost", "127.0.0.1", "[::1]", "inventory.example.org"] {
        assert_eq!(ask(own).await, 200, "{own}");
    }
    assert_eq!(ask(&format!("localhost:{port}")).await, 200);
    for foreign in ["evil.example", "localhost.evil.example", "inventory.example.org.evil"] {
        assert_eq!(ask(foreign).await, 403, "{foreign}");
    }
    drop(server);
    let mut insecure = serve(directory.path());
    insecure.env("TATUSCAN_INSECURE", "1");
    let server = ServerProcess::spawn(insecure);
    let request = client().get(format!("{}/api/machines", server.url)).header("Host", "any.name");
    assert_eq!(request.send().await.unwrap().status(), 200);
}
