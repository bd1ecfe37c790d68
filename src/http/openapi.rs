//! The API's document, generated from the code.

use poem_openapi::{LicenseObject, OpenApiService, Tags};

use super::api::{Api, operations};

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
    let mut text = service().spec();
    text.push('\n');
    text
}
