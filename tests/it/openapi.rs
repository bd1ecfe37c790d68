//! The API's document: kept in the repository, complete, and served.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::machines::body;
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
    assert_eq!(status, 200);
    assert!(served == kept, "it is another one than openapi/tatuscan.json");
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
            assert!(operation.get("parameters").is_none_or(Value::is_array), "{at}");
            for scheme in operation["security"].as_array().expect(&at).iter() {
                for name in scheme.as_object().unwrap().keys() {
                    assert!(document["components"]["securitySchemes"].get(name).is_some(), "{at}");
                }
            }
            let responses = operation["responses"].as_object().unwrap();
            let has = |class: char| responses.keys().any(|status| status.starts_with(class));
            assert!(has('2'), "{at}");
            assert!(has('5'), "{at}");
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
    assert_eq!(operations, 62, "an operation was added or removed: is it described?");
}

/// What is wrong with a value, by its schema: types, null, required and unknown fields.
fn faults(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let fault = |what: &str| vec![format!("{at}: {what}: {value}")];
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(&reference[1..]).expect(reference);
        return faults(document, target, value, at);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = |choice: &&Value| faults(document, choice, value, at).is_empty();
        let fitting = choices.iter().filter(fits).count();
        return if fitting == 1 { Vec::new() } else { fault("fits not exactly one of") };
    }
    if value.is_null() && schema["type"].is_string() {
        let listed = schema["enum"].as_array().is_none_or(|values| values.contains(value));
        return if schema["nullable"] == true && listed { Vec::new() } else { fault("is null") };
    }
    let mut found = Vec::new();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        found.extend(faults(document, part, value, at));
    }
    let right = match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some(other) => panic!("{at}: the type {other} is not known here"),
        None => true,
    };
    if !right {
        found.extend(fault("is of another type"));
    }
    if schema["enum"].as_array().is_some_and(|values| !values.contains(value)) {
        found.extend(fault("is not listed"));
    }
    if schema["format"] == "date-time" {
        let text = value.as_str().unwrap_or_default();
        if chrono::DateTime::parse_from_rfc3339(text).is_err() {
            found.extend(fault("is no RFC 3339"));
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(faults(document, &schema["items"], item, &format!("{at}[{index}]")));
    }
    if let (Some(fields), Some("object")) = (value.as_object(), schema["type"].as_str()) {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(name.as_str().unwrap()) {
                found.extend(fault(&format!("lacks {name}")));
            }
        }
        for (name, field) in fields {
            match schema["properties"].get(name) {
                Some(property) => {
                    found.extend(faults(document, property, field, &format!("{at}.{name}")));
                }
                None if schema["additionalProperties"].is_object() => {
                    let other = &schema["additionalProperties"];
                    found.extend(faults(document, other, field, &format!("{at}.{name}")));
                }
                None => found.extend(fault(&format!("has {name}, which is not described"))),
            }
        }
    }
    found
}

/// Calls `visit` with every value of the document.
fn walk(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    for inner in value.as_array().into_iter().flatten() {
        walk(inner, visit);
    }
    for (_, inner) in value.as_object().into_iter().flatten() {
        walk(inner, visit);
    }
}

#[test]
fn every_reference_resolves_and_every_schema_is_used() {
    let document: Value = serde_json::from_str(&tatuscan::http::document()).unwrap();
    let mut used = BTreeSet::new();
    walk(&document, &mut |value| {
        if let Some(reference) = value["$ref"].as_str() {
            assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
            used.insert(reference.rsplit('/').next().unwrap().to_owned());
        }
    });
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert_eq!(used, schemas.keys().cloned().collect());
}

#[test]
fn every_operation_has_examples_that_fit_their_schemas() {
    let document: Value = serde_json::from_str(&tatuscan::http::document()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            let answers = operation["responses"].as_object().unwrap().values();
            for body in answers.chain(operation.get("requestBody")) {
                let Some(body) = body["content"].get("application/json") else { continue };
                let reference = body["schema"]["$ref"].as_str().unwrap();
                let schema = document.pointer(&reference[1..]).unwrap();
                let example = body.get("example").or(schema.get("example"));
                let example = example.unwrap_or_else(|| panic!("{at}: {reference}: no example"));
                assert_eq!(faults(&document, schema, example, &at), [""; 0]);
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let example = parameter["schema"].get("example");
                assert!(parameter["in"] != "path" || example.is_some(), "{at}: {parameter}");
            }
        }
    }
}

#[tokio::test]
async fn answers_are_what_the_document_says() {
    let document: Value = serde_json::from_str(&tatuscan::http::document()).unwrap();
    let server = Server::start().await;
    let fits = |operation: &str, (status, answer): (u16, Value)| {
        let (method, path) = operation.split_once(' ').unwrap();
        let response = &document["paths"][path][method]["responses"][status.to_string()];
        let schema = &response["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{operation}: {status} is not described: {answer}");
        assert_eq!(faults(&document, schema, &answer, operation), [""; 0]);
        status
    };
    // Once empty, once with fields that are null, once with all of them.
    for round in 0..3 {
        for path in ["/api/machines", "/api/inventory", "/api/facets", "/api/summary"] {
            assert_eq!(fits(&format!("get {path}"), server.get(path).await), 200);
            let wrong = server.get(&format!("{path}?status=asleep")).await;
            assert_eq!(fits(&format!("get {path}"), wrong), 400);
        }
        let page = server.get("/api/machines?limit=1").await;
        assert_eq!(fits("get /api/machines", page), 200);
        let manual = json!({"machine_id": "by-hand", "hostname": "", "ip": "0.0.0.0", "os": "",
            "cpu_percent": "0", "memory_total_mb": 0});
        for report in [body("m1"), manual] {
            let expected = if round == 0 { 201 } else { 200 };
            assert_eq!(fits("post /api/machines", server.report(&report).await), expected);
        }
        let one = "/api/machines/{machine_id}";
        for id in ["m1", "by-hand"] {
            let answer = server.get(&format!("/api/machines/{id}")).await;
            assert_eq!(fits(&format!("get {one}"), answer), 200);
        }
        let all = json!({"computer_model": "Dell", "computer_activation": "2024-02-20",
            "activation_days": 7});
        if round > 0 {
            assert_eq!(fits(&format!("patch {one}"), server.patch("m1", &all).await), 200);
        }
        assert_eq!(fits(&format!("patch {one}"), server.patch("m1", &json!({})).await), 400);
        assert_eq!(fits(&format!("get {one}"), server.get("/api/machines/nobody").await), 404);
    }
    assert_eq!(fits("post /api/machines", server.post("{").await), 400);
    assert_eq!(fits("get /api/health", server.get("/api/health").await), 200);
    assert_eq!(fits("get /livez", server.get("/livez").await), 200);
}
