//! The API's document, generated from the code.

use poem_openapi::{LicenseObject, OpenApiService, Tags};
use serde_json::{Value, json};

use super::api::{Api, operations};
use crate::wire::{FILTER_PARAMETERS, PAGE_PARAMETERS, Parameter};

/// What an operation is about.
#[derive(Tags)]
pub(super) enum Tag {
    /// The machines of the inventory: agents report them, people read and change them.
    Machines,
    /// Whether the server is alive.
    Health,
}

pub(super) fn service() -> OpenApiService<Api, ()> {
    OpenApiService::new(operations(), "TatuScan", env!("CARGO_PKG_VERSION"))
        .description(
            "The machine inventory. Errors are JSON with `error`; times are RFC 3339 in the \
             server's zone; unknown fields in bodies are ignored.",
        )
        .license(LicenseObject::new("MIT").identifier("MIT"))
}

/// The document as it is served and kept in `openapi/tatuscan.json`.
#[must_use]
pub fn document() -> String {
    let mut document: Value = serde_json::from_str(&service().spec()).unwrap_or_default();
    for path in ["/api/machines", "/api/inventory"] {
        add_parameters(&mut document, path, &[FILTER_PARAMETERS, PAGE_PARAMETERS].concat());
    }
    for path in ["/api/facets", "/api/summary"] {
        add_parameters(&mut document, path, FILTER_PARAMETERS);
    }
    format!("{document:#}\n")
}

/// Describes the parameters of a question, which are read all together.
fn add_parameters(document: &mut Value, path: &str, parameters: &[Parameter]) {
    let described = &mut document["paths"][path]["get"]["parameters"];
    if !described.is_array() {
        *described = Value::Array(Vec::new());
    }
    let Some(described) = described.as_array_mut() else { return };
    described.extend(parameters.iter().map(|parameter| {
        let mut schema = if parameter.is_number {
            json!({"type": "integer", "minimum": 0})
        } else {
            json!({"type": "string"})
        };
        if parameter.repeats {
            schema = json!({"type": "array", "items": schema});
        }
        if !parameter.default.is_empty() {
            schema["default"] = parameter.default.into();
        }
        json!({
            "name": parameter.name,
            "in": "query",
            "description": parameter.description,
            "required": false,
            "schema": schema,
        })
    }));
}
