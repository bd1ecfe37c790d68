//! How a file comes: its headers, what is wrong with a question, and who gets one.

use reqwest::Method;
use serde_json::json;
use tatuscan::model::access::Scope;

use super::{bytes, csv_rows, part, sheet_rows};
use crate::access::Box;
use crate::support::machines::body;
use crate::support::server::{Guarded, Server};

const FORMATS: [(&str, &str); 3] = [
    ("csv", "text/csv; charset=utf-8"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("jsonl", "application/x-ndjson"),
];

#[tokio::test]
async fn a_file_has_a_name_a_type_and_a_tag() {
    let server = Server::start().await;
    server.report(&body("a")).await;
    for (ending, content_type) in FORMATS {
        let url = server.url(&format!("/api/export/machines.{ending}"));
        let answer = server.client.get(&url).send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), content_type);
        let name = header("content-disposition");
        assert!(name.starts_with("attachment; filename=\"tatuscan-machines-20"), "{name}");
        assert!(name.ends_with(&format!(".{ending}\"")), "{name}");
        assert_eq!(header("cache-control"), "private, no-cache");
        let tag = header("etag");
        let again =
            |tag: &str, url: &str| server.client.get(url).header("If-None-Match", tag).send();
        assert_eq!(again(&tag, &url).await.unwrap().status(), 304);
        let narrower = format!("{url}?columns=hostname");
        assert_eq!(again(&tag, &narrower).await.unwrap().status(), 200, "another file");
        let head = server.client.head(&url).send().await.unwrap();
        assert_eq!(head.status(), 200);
        assert_eq!(head.headers()["content-disposition"].to_str().unwrap(), name);
        assert_eq!(head.headers()["etag"].to_str().unwrap(), tag);
        assert!(head.bytes().await.unwrap().is_empty());

        server.patch("a", &json!({"room": ending})).await;
        let changed = again(&tag, &url).await.unwrap();
        assert_eq!(changed.status(), 200, "{ending}: what is in it changed");
    }
}

#[tokio::test]
async fn a_workbook_keeps_its_headers_in_view_and_can_be_filtered() {
    let server = Server::start().await;
    for id in ["a", "b"] {
        server.report(&body(id)).await;
    }
    let columns = "columns=hostname,memory_total_mb,created_at&lang=en";
    let file = bytes(&server, &format!("/api/export/machines.xlsx?{columns}")).await;
    let sheet = part(&file, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("<pane ySplit=\"1\"") && sheet.contains("state=\"frozen\""), "{sheet}");
    assert!(sheet.contains("<autoFilter ref=\"A1:C3\""), "{sheet}");
    assert_eq!(sheet.matches("customWidth=\"1\"").count(), 3, "{sheet}");
    assert_eq!(sheet_rows(&file).len(), 3);
    // A question about no machine is a sheet as well.
    let none = bytes(&server, &format!("/api/export/machines.xlsx?os=none&{columns}")).await;
    assert_eq!(sheet_rows(&none).len(), 1);
}

#[tokio::test]
async fn a_file_of_many_machines_comes_whole_and_in_pieces() {
    let server = Server::start().await;
    let reports = (0..1_203).map(|number| {
        let report = body(&format!("m{number:04}"));
        let url = server.url("/api/machines");
        let request = server.client.post(url).header("Content-Type", "application/json");
        request.body(report.to_string()).send()
    });
    for report in futures_util::future::join_all(reports).await {
        assert_eq!(report.unwrap().status(), 201);
    }
    for most in [0, 1, 499, 500, 501, 1_000, 1_203] {
        let path = format!("/api/export/machines.csv?columns=machine_id&limit={most}");
        let rows = csv_rows(&bytes(&server, &path).await, b';');
        assert_eq!(rows.len(), most + 1, "{most}");
        assert_eq!(rows[0], ["Identidade"]);
        assert!(rows[1..].is_sorted());
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_before_a_file_begins() {
    let server = Server::start().await;
    for (query, named) in [
        ("status=asleep", "status is 'asleep'"),
        ("columns=hostname,password", "columns has 'password', but takes hostname, status,"),
        ("columns=custom.rack", "columns has 'custom.rack'"),
        ("lang=fr", "lang is 'fr'"),
        ("delimiter=ab", "delimiter is 'ab'"),
    ] {
        let (status, answer) = server.get(&format!("/api/export/machines.csv?{query}")).await;
        assert_eq!(status, 400, "{query}");
        assert!(answer["error"].as_str().unwrap().starts_with(named), "{answer}");
    }
}

#[tokio::test]
async fn whoever_reads_the_inventory_may_export_it_and_a_new_box_hands_out_nothing() {
    let server = Box::behind_a_proxy(Guarded::compat()).await;
    let bearer = async |scope| format!("Bearer {}", server.token(scope).await);
    let paths = FORMATS.map(|(ending, _)| format!("/api/export/machines.{ending}"));
    for (scope, expected) in [(Scope::Ingest, 403), (Scope::Enrol, 403), (Scope::Read, 200)] {
        let token = bearer(scope).await;
        for path in &paths {
            let headers = [("Authorization", token.as_str())];
            assert_eq!(
                server.status(Method::GET, path, &headers).await,
                expected,
                "{scope} {path}"
            );
        }
    }
    let (read, admin) = (bearer(Scope::Read).await, bearer(Scope::Admin).await);
    for path in ["/api/export/audit.csv", "/api/export/audit.jsonl"] {
        let status =
            async |token: &str| server.status(Method::GET, path, &[("Authorization", token)]).await;
        assert_eq!(status(&read).await, 403);
        assert_eq!(status(&admin).await, 200);
    }
    for path in &paths {
        assert_eq!(server.status(Method::GET, path, &[("X-Forwarded-For", "8.8.8.8")]).await, 401);
    }
}
