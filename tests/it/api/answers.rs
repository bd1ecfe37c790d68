//! Lists, tables and pages.

use serde_json::{Value, json};

use crate::support::machines::body;
use crate::support::server::Server;

#[tokio::test]
async fn the_plain_text_report_is_a_table_that_can_be_sorted() {
    let server = Server::start().await;
    for (id, hostname, os) in
        [("1", "pc-10", "windows"), ("2", "pc-2", "linux"), ("3", "", "linux")]
    {
        let mut report = body(id);
        report["hostname"] = json!(hostname);
        report["os"] = json!(os);
        server.report(&report).await;
    }
    server.report(&body("1")).await;
    server.patch("2", &json!({"computer_activation": "2024-02-20"})).await;
    let text = async |path: &str| {
        let response = server.client.get(server.url(path)).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        response.text().await.unwrap()
    };
    let table = text("/report").await;
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines[0], "Total de registros: 3");
    let headings: Vec<_> = lines[2].split("  ").map(str::trim).filter(|h| !h.is_empty()).collect();
    assert_eq!(headings, ["Hostname", "SO", "Versão", "Criado em", "Atualizado em", "Ativação"]);
    let first = |table: &str| -> Vec<String> {
        let rows = table.lines().skip(4).map(|row| row.split("  ").next().unwrap().to_owned());
        rows.collect()
    };
    assert_eq!(first(&table), ["-", "host-1", "pc-2"]);
    assert!(lines[6].contains("2024-02-20 00:00"), "{table}");
    assert_eq!(first(&text("/report/?sort=HOSTNAME&dir=DESC").await), ["pc-2", "host-1", "-"]);
    assert_eq!(first(&text("/report?sort=updated_at").await)[0], "host-1");
    assert_eq!(first(&text("/report?sort=nonsense&dir=sideways&x=1").await), first(&table));
}

#[tokio::test]
async fn long_lists_are_streamed_whole_and_answers_are_compressed() {
    let server = Server::start().await;
    let many = 4_100;
    for chunk in (0..many).collect::<Vec<_>>().chunks(256) {
        let reports = chunk.iter().map(|n| {
            let body = body(&format!("m{n:05}"));
            let server = &server;
            async move { assert_eq!(server.report(&body).await.0, 201) }
        });
        futures_util::future::join_all(reports).await;
    }
    let (status, list) = server.get("/api/machines").await;
    assert_eq!((status, &list["count"]), (200, &json!(many)));
    let ids: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["machine_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), many);
    assert!(ids.is_sorted());
    for (accept, used) in [
        ("gzip", "gzip"),
        ("br, gzip;q=0.5", "br"),
        ("gzip, zstd", "zstd"),
        ("br;q=0, gzip", "gzip"),
    ] {
        for path in ["/api/machines", "/openapi.json"] {
            let request = server.client.get(server.url(path)).header("Accept-Encoding", accept);
            let response = request.send().await.unwrap();
            assert_eq!(response.headers()["content-encoding"], used, "{path} {accept}");
            assert_eq!(response.headers()["vary"], "Accept-Encoding");
            assert_eq!(response.headers().contains_key("content-length"), path == "/openapi.json");
            let plain = decompress(used, response.bytes().await.unwrap().to_vec()).await;
            let plain: Value = serde_json::from_slice(&plain).unwrap();
            assert!(path == "/openapi.json" || plain["count"] == json!(many));
        }
    }
    let small = server.client.get(server.url("/livez")).header("Accept-Encoding", "gzip");
    assert!(!small.send().await.unwrap().headers().contains_key("content-encoding"));
}

async fn decompress(encoding: &str, body: Vec<u8>) -> Vec<u8> {
    use async_compression::tokio::write::{BrotliDecoder, GzipDecoder, ZstdDecoder};
    use tokio::io::AsyncWriteExt as _;
    macro_rules! with {
        ($decoder:ident) => {{
            let mut decoder = $decoder::new(Vec::new());
            decoder.write_all(&body).await.unwrap();
            decoder.shutdown().await.unwrap();
            decoder.into_inner()
        }};
    }
    match encoding {
        "br" => with!(BrotliDecoder),
        "zstd" => with!(ZstdDecoder),
        _ => with!(GzipDecoder),
    }
}

#[tokio::test]
async fn assets_are_kept_for_good_and_sent_as_small_as_they_get() {
    let server = Server::start().await;
    let page = server.client.get(server.url("/")).header("Accept", "text/html");
    let page = page.send().await.unwrap().text().await.unwrap();
    let (_, from) = page.split_once("src=\"/assets/app-").unwrap_or_else(|| {
        page.split_once("href=\"/assets/app-").expect("a page that loads the application")
    });
    let path = format!("/assets/app-{}", from.split('"').next().unwrap());
    let plain = server.client.get(server.url(&path)).send().await.unwrap();
    let cache = plain.headers()["cache-control"].to_str().unwrap();
    assert_eq!(cache, "public, max-age=31536000, immutable");
    let plain = plain.bytes().await.unwrap();
    for (accepted, encoding) in [("gzip, br, zstd", "br"), ("gzip", "gzip")] {
        for _ in 0..2 {
            let request = server.client.get(server.url(&path)).header("Accept-Encoding", accepted);
            let response = request.send().await.unwrap();
            assert_eq!(response.headers()["content-encoding"], encoding);
            assert_eq!(response.headers()["vary"], "Accept-Encoding");
            let small = response.bytes().await.unwrap();
            assert!(small.len() * 2 < plain.len(), "{} of {} bytes", small.len(), plain.len());
        }
    }
}

#[tokio::test]
async fn pages_carry_the_policy_and_files_their_type() {
    let server = Server::start().await;
    for path in [
        "/",
        "/report",
        "/report/",
        "/charts",
        "/charts/",
        "/software",
        "/dashboard",
        "/docs",
        "/machines/m1",
    ] {
        let request = server.client.get(server.url(path)).header("Accept", "text/html");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8", "{path}");
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(policy.contains("require-trusted-types-for 'script'"), path != "/docs");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["referrer-policy"], "same-origin");
        let tag = response.headers()["etag"].clone();
        let again = server.client.get(server.url(path)).header("Accept", "text/html");
        let again = again.header("If-None-Match", tag).send().await.unwrap();
        assert_eq!(again.status(), 304, "{path}");
    }
    let health = server.client.get(server.url("/api/health")).send().await.unwrap();
    assert_eq!(health.headers()["cache-control"], "private, no-cache");
}
