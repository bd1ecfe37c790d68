//! The recorded conversation with the original server, replayed against ours.

use serde_json::{Value, json};

use crate::support::server::Server;

const CONVERSATION: &str = include_str!("fixtures/conversation.json");

/// What the original answers that we change on purpose: name of the exchange, our status, and
/// what our error says.
const DEVIATIONS: &[(&str, u16, &str)] = &[
    ("invalid-json", 400, "line 1 column 2"),
    ("no-content-type", 415, "application/json"),
    ("bad-number", 400, "cpu_percent"),
    ("hostname-number", 400, "hostname"),
];

#[tokio::test]
async fn the_recorded_conversation_gets_the_same_answers() {
    let server = Server::start().await;
    let conversation: Value = serde_json::from_str(CONVERSATION).unwrap();
    let exchanges = conversation["exchanges"].as_array().unwrap();
    let mut replayed = 0;
    for exchange in exchanges {
        let name = exchange["name"].as_str().unwrap();
        if name == "patch-days" {
            // The recording lacks the change before this one, whose result it shows.
            let epoch = json!({ "computer_activation": 1_700_000_000 });
            assert_eq!(server.patch("m-min", &epoch).await.0, 200);
        }
        let (status, kind, body) = send(&server, &exchange["request"]).await;
        check(name, &exchange["response"], status, &kind, &body);
        replayed += 1;
    }
    assert_eq!(replayed, 30, "every exchange of the recording was replayed");
    server.stop().await;
}

async fn send(server: &Server, request: &Value) -> (u16, String, Value) {
    let method = request["method"].as_str().unwrap().parse().unwrap();
    let mut call = server.client.request(method, server.url(request["path"].as_str().unwrap()));
    if let Some(json) = request.get("json") {
        call = call.header("Content-Type", "application/json").body(json.to_string());
    }
    if let Some(body) = request["body"].as_str() {
        call = call.body(body.to_owned());
    }
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        if request.get("json").is_none() || name != "Content-Type" {
            call = call.header(name, value.as_str().unwrap());
        }
    }
    let response = call.send().await.unwrap();
    let kind = response.headers().get("content-type").map(|v| v.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    (status, kind.unwrap_or_default(), response.json().await.unwrap_or(Value::Null))
}

fn check(name: &str, expected: &Value, status: u16, kind: &str, body: &Value) {
    if let Some((_, our_status, text)) = DEVIATIONS.iter().find(|(known, ..)| *known == name) {
        assert_eq!(status, *our_status, "{name}: {body}");
        assert!(body["error"].as_str().unwrap().contains(text), "{name}: {body}");
        return;
    }
    // The original redirects /report and /charts; both of ours answer at once.
    let expected_status = match expected["status"].as_u64().unwrap() {
        308 => 200,
        other => other,
    };
    assert_eq!(u64::from(status), expected_status, "{name}: {body}");
    let expected_kind = expected["type"].as_str().unwrap();
    assert!(kind.starts_with(expected_kind), "{name}: {kind} instead of {expected_kind}");
    if expected["json"].is_object() {
        same(name, &expected["json"], body);
    }
}

/// Every field of the recording is there with the same value; times of this run have the same
/// form; more fields may be there.
fn same(at: &str, expected: &Value, ours: &Value) {
    match expected {
        Value::Object(fields) => {
            for (field, value) in fields {
                let ours = ours.get(field).unwrap_or_else(|| panic!("{at}: no {field} in {ours}"));
                if at == "patch-days.item" && field == "updated_at" {
                    // Ours means "last report", which a change by a person is not.
                    assert_eq!(ours, &Value::Null);
                } else if ["created_at", "updated_at"].contains(&field.as_str())
                    && value.is_string()
                {
                    same_form(at, value.as_str().unwrap(), ours.as_str().unwrap());
                } else {
                    same(&format!("{at}.{field}"), value, ours);
                }
            }
        }
        Value::Array(items) => {
            assert_eq!(items.len(), ours.as_array().unwrap().len(), "{at}");
            for (item, ours) in items.iter().zip(ours.as_array().unwrap()) {
                same(at, item, ours);
            }
        }
        _ => assert_eq!(expected, ours, "{at}"),
    }
}

/// `2026-11-23T03:26:15.258264-04:00`, of which the fraction may be missing.
fn same_form(at: &str, expected: &str, ours: &str) {
    let shape = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
    };
    let whole = ours.len() == expected.len() - ".258264".len();
    let expected = if whole { shape(expected).replace(".000000", "") } else { shape(expected) };
    assert_eq!(shape(ours), expected, "{at}: {ours}");
    assert!(ours.ends_with("-04:00"), "{at}: {ours}");
}
