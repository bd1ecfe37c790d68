//! The API's document: kept in the repository, complete, and served.

use std::path::Path;

use serde_json::Value;

use crate::support::server::Server;

fn kept() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/tatuscan.json")
}

#[test]
fn the_kept_document_is_the_generated_one() {
    let generated = tatuscan::http::document();
    if std::env::var_os("TATUSCAN_UPDATE_OPENAPI").is_some() {
        std::fs::write(kept(), &generated).unwrap();
    }
    assert!(
        std::fs::read_to_string(kept()).unwrap_or_default() == generated,
        "openapi/tatuscan.json is not what the code says. To refresh it:\n    \
         TATUSCAN_UPDATE_OPENAPI=1 cargo test openapi"
    );
}

#[tokio::test]
async fn the_served_document_is_the_kept_one() {
    let server = Server::start().await;
    let (status, served) = server.get("/openapi.json").await;
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(kept()).unwrap()).unwrap();
    assert_eq!((status, served), (200, kept));
}

#[test]
fn every_operation_is_described_to_its_end() {
    let document: Value = serde_json::from_str(&tatuscan::http::document()).unwrap();
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            for field in ["operationId", "summary", "description"] {
                assert!(
                    operation[field].as_str().is_some_and(|text| !text.is_empty()),
                    "{at}: {field}"
                );
            }
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{at}");
            let responses = operation["responses"].as_object().unwrap();
            let has = |class: char| responses.keys().any(|status| status.starts_with(class));
            assert!(has('2'), "{at}");
            assert!(path == "/livez" || has('5'), "{at}");
            assert!(!path.contains('{') || responses.contains_key("404"), "{at}");
            assert!(
                operation.get("requestBody").is_none() || responses.contains_key("400"),
                "{at}"
            );
            for (status, response) in responses {
                assert!(!response["description"].as_str().unwrap().is_empty(), "{at} {status}");
            }
            operations += 1;
        }
    }
    assert_eq!(operations, 10, "an operation was added or removed: is it described?");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in ["Report", "MachineEdit", "Machine", "ErrorBody"] {
        assert!(schemas[name]["example"].is_object(), "{name} has no example");
    }
}
