//! Reports: what is taken, and what is refused by name.

use serde_json::{Value, json};

use crate::support::machines::body;
use crate::support::server::Server;

fn with(field: &str, value: Value) -> Value {
    let mut body = body("m1");
    body[field] = value;
    body
}

#[tokio::test]
async fn wrong_reports_are_refused_by_name_and_nothing_is_stored() {
    let server = Server::start().await;
    let long = "x".repeat(65);
    for (body, named) in [
        (with("cpu_percent", json!("abc")), "cpu_percent must be a number, not 'abc'"),
        (with("cpu_percent", json!("NaN")), "cpu_percent must be a finite number"),
        (with("cpu_percent", json!("inf")), "cpu_percent must be a finite number"),
        (with("cpu_percent", json!(null)), "cpu_percent must not be null"),
        (with("cpu_percent", json!([1])), "cpu_percent"),
        (with("hostname", json!(123)), "hostname"),
        (with("hostname", json!(null)), "hostname must not be null"),
        (with("ip", json!({})), "ip"),
        (with("os", json!(true)), "os"),
        (with("os_version", json!(11)), "os_version"),
        (with("memory_total_mb", json!(-1)), "memory_total_mb must not be negative"),
        (with("memory_total_mb", json!("many")), "memory_total_mb must be a number"),
        (with("memory_total_mb", json!(1e30)), "memory_total_mb is too large"),
        (with("memory_total_mb", json!(1_u64 << 53)), "memory_total_mb is too large"),
        (with("memory_total_mb", json!("nan")), "memory_total_mb must be a finite number"),
        (with("memory_used_mb", json!(u64::MAX)), "memory_used_mb is too large"),
        (with("machine_id", json!("")), "machine_id must be 1 to 64 characters"),
        (with("machine_id", json!(long)), "machine_id must be 1 to 64 characters"),
        (with("machine_id", json!("a b")), "machine_id must be 1 to 64 characters"),
        (with("machine_id", json!("ação")), "machine_id must be 1 to 64 characters"),
        (with("machine_id", json!(7)), "machine_id"),
        (with("computer_activation", json!("31/31/2020")), "Invalid datetime format: '31/31/2020'"),
        (with("computer_activation", json!([])), "computer_activation"),
        (with("activation_days", json!(3_000_000_000_u64)), "activation_days"),
        (json!([1, 2]), "JSON object"),
        (json!("text"), "JSON object"),
        (json!(null), "JSON object"),
    ] {
        let (status, answer) = server.report(&body).await;
        let error = answer["error"].as_str().unwrap_or_default();
        assert_eq!(status, 400, "{body}: {answer}");
        assert!(error.contains(named), "{body}: {error}");
    }
    for (body, named) in [
        ("{\"machine_id\": \"a\",\n \"cpu_percent\": NaN}", "line 2 column 17"),
        ("{\"cpu_percent\": Infinity}", "Malformed JSON"),
        ("{\"cpu_percent\": 1e999}", "number out of range"),
        ("{} trailing", "trailing characters"),
        ("", "Malformed JSON"),
        ("{\"machine_id\": \"a\"", "Malformed JSON"),
        ("\u{feff}{}", "Malformed JSON"),
    ] {
        let (status, answer) = server.post(body).await;
        assert_eq!(status, 400, "{body}: {answer}");
        assert!(answer["error"].as_str().unwrap().contains(named), "{body}: {answer}");
    }
    let latin1 = b"{\"hostname\": \"\xe7\"}".to_vec();
    assert_eq!(server.post(latin1).await.0, 400);
    assert_eq!(server.get("/api/machines").await.1, json!({"items": [], "count": 0}));
}

#[tokio::test]
async fn numbers_may_be_text_memory_may_have_a_fraction_and_cpu_is_clamped() {
    let server = Server::start().await;
    let mut report = body("m1");
    report["cpu_percent"] = json!(" 7.25 ");
    report["memory_total_mb"] = json!("8192");
    report["memory_used_mb"] = json!(1024.9);
    let (status, answer) = server.report(&report).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(answer["item"]["cpu_percent"], json!(7.25));
    assert_eq!(answer["item"]["memory_total_mb"], json!(8192));
    assert_eq!(answer["item"]["memory_used_mb"], json!(1024));
    for (given, kept) in [(json!(250), 100.0), (json!(-3), 0.0), (json!("100.5"), 100.0)] {
        let (_, answer) = server.report(&with("cpu_percent", given)).await;
        assert_eq!(answer["item"]["cpu_percent"], json!(kept));
    }
}

#[tokio::test]
async fn text_is_cut_cleaned_and_may_be_empty() {
    let server = Server::start().await;
    let mut report = body("m1");
    report["hostname"] = json!(format!("a\u{0}\u{202e}b\r\n\u{1b}[31m{}", "é".repeat(200)));
    report["ip"] = json!("");
    report["os"] = json!("");
    let (status, answer) = server.report(&report).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(answer["item"]["hostname"], json!(format!("ab[31m{}", "é".repeat(94))));
    assert_eq!(answer["item"]["ip"], json!(""));
}

#[tokio::test]
async fn null_is_nothing_in_optional_fields_and_clears_nothing() {
    let server = Server::start().await;
    let mut report = body("m1");
    report["computer_model"] = json!("Dell");
    report["computer_activation"] = json!("2024-02-20");
    server.report(&report).await;
    for field in ["os_version", "memory_used_mb", "computer_model", "computer_activation"] {
        let (status, answer) = server.report(&with(field, json!(null))).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["item"]["os_version"], body("m1")["os_version"]);
        assert_eq!(answer["item"]["memory_used_mb"], json!(1024));
        assert_eq!(answer["item"]["computer_model"], json!("Dell"));
        assert_eq!(answer["item"]["computer_activation"], json!("2024-02-20T00:00:00-04:00"));
    }
}

#[tokio::test]
async fn bodies_of_another_type_or_encoding_are_415() {
    let server = Server::start().await;
    let call = |headers: &[(&str, &str)]| {
        let mut request =
            server.client.post(server.url("/api/machines")).body(body("m1").to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send()
    };
    for headers in [
        &[][..],
        &[("Content-Type", "text/plain")],
        &[("Content-Type", "application/x-www-form-urlencoded")],
        &[("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
    ] {
        let response = call(headers).await.unwrap();
        assert_eq!(response.status(), 415, "{headers:?}");
        assert!(response.json::<Value>().await.unwrap()["error"].is_string());
    }
    for kind in ["application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json"] {
        assert!(call(&[("Content-Type", kind)]).await.unwrap().status().is_success(), "{kind}");
    }
}
