//! Machines by their paths, and what every path answers.

use std::sync::Arc;

use serde_json::{Value, json};
use tatuscan::http::Limits;
use tatuscan::store::redb::RedbStore;

use crate::support::machines::body;
use crate::support::server::Server;

#[tokio::test]
async fn a_patch_sets_clears_and_names_what_is_wrong() {
    let server = Server::start().await;
    server.report(&body("m1")).await;
    for (patch, field, kept) in [
        (
            json!({"computer_activation": "15/01/2024"}),
            "computer_activation",
            json!("2024-01-15T00:00:00-04:00"),
        ),
        (
            json!({"computer_activation": 1_700_000_000}),
            "computer_activation",
            json!("2023-11-14T18:13:20-04:00"),
        ),
        (
            json!({"computer_activation": "2022-02-20T12:00:00Z"}),
            "computer_activation",
            json!("2022-02-20T08:00:00-04:00"),
        ),
        (json!({"computer_activation": ""}), "computer_activation", json!(null)),
        (json!({"activation_days": "42"}), "activation_days", json!(42)),
        (json!({"activation_days": null}), "activation_days", json!(null)),
        (json!({"computer_model": "Dell", "hostname": "ignored"}), "computer_model", json!("Dell")),
        (json!({"computer_model": null}), "computer_model", json!(null)),
    ] {
        let (status, answer) = server.patch("m1", &patch).await;
        assert_eq!(status, 200, "{patch}: {answer}");
        assert_eq!(answer["item"][field], kept, "{patch}");
        assert_eq!(answer["item"]["updated_at"], json!(null));
        assert_eq!(answer["item"]["hostname"], json!("host-m1"));
    }
    for (patch, text) in [
        (json!({}), "No valid fields provided for update"),
        (json!({"hostname": "x"}), "No valid fields provided for update"),
        (json!({"activation_days": "soon"}), "activation_days"),
        (json!({"activation_days": -1}), "activation_days"),
        (json!({"activation_days": 1.5}), "activation_days"),
        (json!({"computer_model": 1}), "computer_model"),
        (json!({"computer_activation": true}), "computer_activation"),
        (json!({"computer_activation": "+262142-12-31T23:59:59"}), "Invalid datetime format"),
        (json!({"computer_activation": "20240115"}), "Invalid datetime format"),
        (json!({"computer_activation": 1e308}), "Invalid datetime format"),
        (json!([]), "JSON object"),
    ] {
        let (status, answer) = server.patch("m1", &patch).await;
        assert_eq!(status, 400, "{patch}: {answer}");
        assert!(answer["error"].as_str().unwrap().contains(text), "{patch}: {answer}");
    }
    let absent = server.client.patch(server.url("/api/machines/nobody")).body("no JSON at all");
    assert_eq!(absent.send().await.unwrap().status(), 404, "unknown comes first");
    let (status, answer) = server.patch("nobody", &json!({"activation_days": "soon"})).await;
    assert_eq!((status, answer["error"].as_str().unwrap()), (404, "Inventory not found: nobody"));
}

#[tokio::test]
async fn one_machine_can_be_read_by_its_encoded_id() {
    let server = Server::start().await;
    server.report(&body("A:b_c.D-9")).await;
    for path in ["/api/machines/A:b_c.D-9", "/api/machines/A%3Ab_c%2ED-9"] {
        let (status, answer) = server.get(path).await;
        assert_eq!((status, &answer["machine_id"]), (200, &json!("A:b_c.D-9")), "{path}");
        assert_eq!(answer["status"], json!("online"));
    }
    let (status, answer) = server.get("/api/machines/a%2Fb").await;
    assert_eq!((status, answer["error"].as_str().unwrap()), (404, "Inventory not found: a/b"));
}

#[tokio::test]
async fn an_id_that_is_not_text_is_the_id_of_no_machine() {
    let server = Server::start().await;
    for method in ["GET", "PATCH", "DELETE"] {
        let method = method.parse().unwrap();
        let request = server.client.request(method, server.url("/api/machines/%ff"));
        let request = request.header("Content-Type", "application/json");
        let response = request.body(r#"{"activation_days":1}"#).send().await.unwrap();
        assert_eq!(response.status(), 404);
        assert_eq!(
            response.json::<Value>().await.unwrap(),
            json!({"error": "Inventory not found: %ff"})
        );
    }
}

#[tokio::test]
async fn every_route_answers_head_and_options_and_refuses_other_methods() {
    let server = Server::start().await;
    server.report(&body("m1")).await;
    for (path, methods) in [
        ("/api/machines", "POST, GET, PATCH, HEAD, OPTIONS"),
        ("/api/machines/m1", "GET, PATCH, DELETE, HEAD, OPTIONS"),
        ("/api/inventory", "GET, HEAD, OPTIONS"),
        ("/api/health", "GET, HEAD, OPTIONS"),
        ("/livez", "GET, HEAD, OPTIONS"),
        ("/report", "GET, HEAD, OPTIONS"),
        ("/report/", "GET, HEAD, OPTIONS"),
        ("/openapi.json", "GET, HEAD, OPTIONS"),
    ] {
        let sorted = |allow: &str| {
            let mut names: Vec<_> = allow.split(", ").map(str::to_owned).collect();
            names.sort_unstable();
            names
        };
        let call = |method: &str| server.client.request(method.parse().unwrap(), server.url(path));
        let options = call("OPTIONS").send().await.unwrap();
        assert_eq!(options.status(), 200, "{path}");
        assert_eq!(sorted(options.headers()["allow"].to_str().unwrap()), sorted(methods), "{path}");
        let get = call("GET").send().await.unwrap();
        let length = get.headers()["content-length"].clone();
        let head = call("HEAD").send().await.unwrap();
        assert_eq!((head.status(), &head.headers()["content-length"]), (get.status(), &length));
        assert!(head.bytes().await.unwrap().is_empty());
        let refused = call("TRACE").send().await.unwrap();
        assert_eq!(refused.status(), 405, "{path}");
        assert_eq!(sorted(refused.headers()["allow"].to_str().unwrap()), sorted(methods), "{path}");
        assert_eq!(refused.json::<Value>().await.unwrap()["code"], json!(405));
    }
}

#[tokio::test]
async fn unknown_paths_are_json_whoever_asks() {
    let server = Server::start().await;
    for path in [
        "/nope",
        "/api",
        "/api/",
        "/api/machines/",
        "/assets/nope.js",
        "/api/machines/a/b",
        "/.env",
        "//",
    ] {
        let request = server.client.get(server.url(path)).header("Accept", "text/html");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(response.headers()["content-type"], "application/json", "{path}");
        assert_eq!(response.json::<Value>().await.unwrap()["code"], json!(404));
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_written_answers_503_and_says_nothing_of_itself() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(RedbStore::open(&directory.path().join("tatuscan.redb")).unwrap());
    let server = Server::over(store.clone(), Limits::default()).await;
    server.report(&body("m1")).await;
    tatuscan::store::Store::close(&*store).await;
    let request = server.client.post(server.url("/api/machines"));
    let request = request.header("Content-Type", "application/json").body(body("m2").to_string());
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["id"].as_str().unwrap().len(), 12);
    assert!(!answer.to_string().contains("redb") && !answer.to_string().contains('/'), "{answer}");
    assert_eq!(server.get("/api/machines").await.1["count"], json!(1), "reads go on");
    assert_eq!(server.get("/livez").await, (200, json!({"status": "alive"})));
}
