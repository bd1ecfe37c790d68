//! The HTTP side of the agent against a listener.

use std::time::Duration;

use tatuscan::agent::Url;
use tatuscan::agent::client::{Client, Credentials};
use tatuscan::agent::transport::{Outcome, Transport};
use tatuscan::trust::Trust;

use super::cycle::{accepted, report};
use crate::support::edge::{Listener, answer};

fn client(listener: &Listener, address: &str) -> Client {
    // The programs do this first; here the first test wins.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let port = listener.address.port().to_string();
    let url: Url = address.replace("PORT", &port).parse().unwrap();
    Client::new(&url, Trust::System, Credentials::default()).unwrap()
}

async fn outcome_of(status: &str, headers: &str) -> (Outcome, Listener) {
    let listener = Listener::start("127.0.0.1:0", &[&answer(status, headers)]);
    let outcome = client(&listener, "http://127.0.0.1:PORT").send(&report()).await;
    listener.request();
    (outcome, listener)
}

#[tokio::test]
async fn only_200_and_201_are_success_whatever_the_body_says() {
    for status in ["200 OK", "201 Created"] {
        assert_eq!(outcome_of(status, "").await.0, accepted(), "{status}");
    }
    for status in ["202 Accepted", "203 Non-Authoritative", "206 Partial Content"] {
        assert!(matches!(outcome_of(status, "").await.0, Outcome::Failed { .. }), "{status}");
    }
}

#[tokio::test]
async fn a_report_that_the_server_will_never_take_is_dropped() {
    for status in ["400 Bad Request", "403 Forbidden", "404 Not Found", "422 Unprocessable"] {
        let (outcome, _) = outcome_of(status, "").await;
        let Outcome::Refused { reason } = outcome else { panic!("{status}: {outcome:?}") };
        assert!(reason.contains(&status[..3]) && reason.contains("because"), "{reason}");
    }
}

#[tokio::test]
async fn everything_else_is_tried_again() {
    for status in ["401 Unauthorized", "408 Timeout", "429 Slow", "500 Oops", "503 Down"] {
        let (outcome, _) = outcome_of(status, "").await;
        assert!(matches!(outcome, Outcome::Failed { retry_after: None, .. }), "{status}");
    }
    let (outcome, _) = outcome_of("503 Down", "Retry-After: 120\r\n").await;
    let Outcome::Failed { retry_after, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(retry_after, Some(Duration::from_secs(120)));
}

#[tokio::test]
async fn a_redirect_is_never_followed_and_its_target_is_named() {
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let target = "Location: https://u:p@other.example/api/machines\r\n";
        let (outcome, listener) = outcome_of(status, target).await;
        let Outcome::Failed { reason, .. } = outcome else { panic!("{status}: {outcome:?}") };
        assert!(reason.contains("https://other.example/api/machines"), "{reason}");
        assert!(reason.contains("TATUSCAN_URL"), "{reason}");
        assert!(listener.is_quiet(), "{status} was followed");
    }
}

#[tokio::test]
async fn user_name_and_password_go_out_as_basic_credentials_and_nowhere_else() {
    for (user_info, credentials) in [
        ("user:pass", "dXNlcjpwYXNz"),
        ("user", "dXNlcjo="),
        (":token", "OnRva2Vu"),
        ("a%40b:c%3Ad", "YUBiOmM6ZA=="),
    ] {
        let listener = Listener::start("127.0.0.1:0", &[&answer("201 Created", "")]);
        let client = client(&listener, &format!("http://{user_info}@127.0.0.1:PORT/tatu/"));
        assert_eq!(client.send(&report()).await, accepted());
        let request = listener.request();
        assert!(request.starts_with("POST /tatu/api/machines HTTP/1.1\r\n"), "{request}");
        assert!(request.contains(&format!("uthorization: Basic {credentials}\r\n")), "{request}");
        assert!(!client.to_string().contains('@'), "{client}");
    }
}

#[tokio::test]
async fn a_failure_names_its_cause_and_no_secret() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url: Url = "http://user:hunter2@127.0.0.1:1/".parse().unwrap();
    let outcome =
        Client::new(&url, Trust::System, Credentials::default()).unwrap().send(&report()).await;
    let Outcome::Failed { reason, .. } = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("refused"), "{reason}");
    assert!(!reason.contains("hunter2"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up_after_ten_seconds() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url: Url = format!("http://{}", silent.local_addr().unwrap()).parse().unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let start = tokio::time::Instant::now();
    let outcome =
        Client::new(&url, Trust::System, Credentials::default()).unwrap().send(&report()).await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn a_request_carries_what_the_original_agents_carried() {
    let listener = Listener::start("127.0.0.1:0", &[&answer("201 Created", "")]);
    client(&listener, "http://127.0.0.1:PORT").send(&report()).await;
    let request = listener.request();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let version = env!("CARGO_PKG_VERSION");
    for line in [
        format!("Host: {}", listener.address),
        format!("User-Agent: TatuScan/{version} ({})", std::env::consts::OS),
        format!("Content-Length: {}", body.len()),
        "Content-Type: application/json".to_owned(),
    ] {
        assert!(head.lines().any(|sent| sent == line), "{line} is not in\n{head}");
    }
    assert!(!head.contains("ransfer-encoding"), "{head}");
    assert_eq!(body, serde_json::to_string(&report()).unwrap());
}
