//! How sections stand in the API's document.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use serde::Serialize;
use serde_json::Value;

use super::super::documented::documented;
use super::hashes::{MOST_HASHES, SectionHashes};

/// What a section's hash looks like.
pub(super) const HASH: &str = "^[0-9a-f]{1,64}$";

/// What a section holds: an object or an array.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct SectionContent(pub Value);

documented!(SectionContent, "section_content", content(), |json| Ok(Self(json)));
documented!(SectionHashes, "section_hashes", hashes(), |json| Ok(serde_json::from_value(json)?));

fn content() -> MetaSchema {
    let anything = || Some(Box::new(MetaSchemaRef::Inline(Box::new(MetaSchema::ANY))));
    let inline = |schema| MetaSchemaRef::Inline(Box::new(schema));
    let object = MetaSchema { additional_properties: anything(), ..MetaSchema::new("object") };
    let array = MetaSchema { items: anything(), ..MetaSchema::new("array") };
    MetaSchema { one_of: vec![inline(object), inline(array)], ..MetaSchema::ANY }
}

fn hashes() -> MetaSchema {
    let pattern = Some(HASH.to_owned());
    let hash = MetaSchema { nullable: true, pattern, ..MetaSchema::new("string") };
    let hash = MetaSchemaRef::Inline(Box::new(hash));
    MetaSchema {
        nullable: true,
        additional_properties: Some(Box::new(hash)),
        max_properties: Some(MOST_HASHES),
        example: Some(serde_json::json!({"cpu": "5f2d0a", "system": "09c1"})),
        ..MetaSchema::new("object")
    }
}
