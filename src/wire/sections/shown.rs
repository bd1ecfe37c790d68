//! Sections as the API takes and shows them.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono_tz::Tz;
use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::Serialize;
use serde_json::json;

use super::SectionContent;
use crate::model::Received;
use crate::wire::Timestamp;

/// A section as an agent sends it.
#[derive(Debug, Clone, PartialEq, Object)]
#[oai(example)]
pub struct SectionUpload {
    /// What the section holds: an object or an array. Control characters are removed from its text.
    pub content: SectionContent,
    /// By what the server knows whether it has the section: any hash over what seldom changes of it, in
    /// 1 to 64 characters from `0-9 a-f`. A report names it in `sections`.
    #[oai(validator(pattern = "^[0-9a-f]{1,64}$"))]
    pub hash: String,
}

/// A section as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(example)]
pub struct Section {
    /// What the section holds, as the agent sent it, but for what could do harm.
    pub content: SectionContent,
    /// By what its agent knows it.
    pub hash: String,
    /// When it came.
    pub received_at: Timestamp,
}

/// Sections by their names.
pub type Sections = BTreeMap<String, Section>;

fn cpu() -> SectionContent {
    SectionContent(json!({"model": "Intel Core i5-10500", "sockets": 1, "cores": 6, "threads": 12}))
}

impl Section {
    /// A section with this content, its times in `zone`.
    #[must_use]
    pub fn new(received: &Received, content: &str, zone: Tz) -> Self {
        Self {
            // Only JSON is kept.
            content: SectionContent(serde_json::from_str(content).unwrap_or_default()),
            hash: received.hash.to_string(),
            received_at: Timestamp::new(received.at, zone),
        }
    }
}

impl Example for Section {
    fn example() -> Self {
        let at = DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default();
        let received_at = Timestamp::new(at, Tz::America__Cuiaba);
        Self { content: cpu(), hash: "5f2d0a".into(), received_at }
    }
}

impl Example for SectionUpload {
    fn example() -> Self {
        Self { content: cpu(), hash: "5f2d0a".into() }
    }
}
