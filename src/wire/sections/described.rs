//! How sections stand in the API's document.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseFromJSON, ParseResult, ToJSON, Type};
use serde::Serialize;
use serde_json::Value;

use super::hashes::{MOST_HASHES, SectionHashes};

/// What a section's hash looks like.
pub(super) const HASH: &str = "^[0-9a-f]{1,64}$";

/// What a section holds: an object or an array.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct SectionContent(pub Value);

/// A type that the document describes by a schema of its own.
macro_rules! described {
    ($type:ident, $name:literal, $schema:expr, |$json:ident| $read:expr) => {
        impl Type for $type {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                $name.into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Inline(Box::new($schema))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(Some(self).into_iter())
            }
        }

        impl ToJSON for $type {
            fn to_json(&self) -> Option<Value> {
                serde_json::to_value(self).ok()
            }
        }

        impl ParseFromJSON for $type {
            fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
                let $json = value.unwrap_or_default();
                Ok($read)
            }
        }
    };
}

described!(SectionContent, "section_content", content(), |json| Self(json));
described!(SectionHashes, "section_hashes", hashes(), |json| {
    Self(serde_json::from_value(json)?)
});

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
