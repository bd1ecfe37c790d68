//! What stands in a column of a file.

use std::sync::Arc;

use crate::model::{CustomField, MatchBy};

/// Fields of machines that an import sets, custom ones aside.
pub(super) const FIELDS: &[&str] = &[
    "computer_model",
    "computer_activation",
    "activation_days",
    "tags",
    "notes",
    "site",
    "building",
    "room",
    "owner",
    "asset_number",
    "lifecycle",
    "purchase_date",
    "warranty_end_date",
];

/// What stands in a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Field {
    /// A field of every machine, by its name.
    Human(&'static str),
    /// One that an admin defined.
    Custom(Arc<CustomField>),
    /// What machines are found by and nothing else: their ids, host names and numbers are not
    /// changed. The number on the label is a field like any other too.
    Key(MatchBy),
}

impl Field {
    /// Its name in the API.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Human(name) => (*name).to_owned(),
            Self::Custom(field) => format!("custom.{}", field.key),
            Self::Key(by) => by.name().to_owned(),
        }
    }

    /// The field of a name in the API.
    pub(super) fn named(name: &str, fields: &[Arc<CustomField>]) -> Option<Self> {
        if let Some(key) = name.strip_prefix("custom.") {
            let field = fields.iter().find(|field| field.key == key)?;
            return Some(Self::Custom(Arc::clone(field)));
        }
        if let Some(name) = FIELDS.iter().find(|field| **field == name) {
            return Some(Self::Human(name));
        }
        MatchBy::of(name).map(Self::Key)
    }
}
