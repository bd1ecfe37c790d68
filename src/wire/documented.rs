//! Types that the API's document describes by a schema of their own, not by their fields.

/// Implements what poem asks of such a type: its name and schema, how it is written (as serde writes
/// it), and how it is read.
macro_rules! documented {
    ($type:ty, $name:literal, $schema:expr, |$json:ident| $read:expr) => {
        impl poem_openapi::types::Type for $type {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn schema_ref() -> poem_openapi::registry::MetaSchemaRef {
                poem_openapi::registry::MetaSchemaRef::Inline(Box::new($schema))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(Some(self).into_iter())
            }
        }

        impl poem_openapi::types::ToJSON for $type {
            fn to_json(&self) -> Option<serde_json::Value> {
                serde_json::to_value(self).ok()
            }
        }

        impl poem_openapi::types::ParseFromJSON for $type {
            fn parse_from_json(
                json: Option<serde_json::Value>,
            ) -> poem_openapi::types::ParseResult<Self> {
                let $json = json.unwrap_or_default();
                $read
            }
        }
    };
}

pub(super) use documented;
