//! One condition of a search, as it is written.

use std::fmt;
use std::ops::Range;

use super::field::{CUSTOM, Field, Kind};

/// A word or a phrase, or a field and what it is compared with.
#[derive(Debug, Clone)]
pub(super) struct Term {
    pub(super) is_negated: bool,
    pub(super) subject: Subject,
    /// Any of these; at least one.
    pub(super) values: Vec<Value>,
    /// The characters of the search that name the subject.
    pub(super) at: Range<usize>,
}

/// What a condition is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// All texts: the value is a word or a phrase.
    Everything,
    /// A field.
    Field(&'static Field),
    /// The field of this key that an admin defined, where there is one.
    Custom(String),
}

impl Subject {
    /// Whether values may be asked for as a whole, by `=`.
    pub(super) fn has_whole(&self) -> bool {
        match self {
            Self::Everything => false,
            Self::Field(field) => matches!(field.kind, Kind::Text(_) | Kind::Id),
            Self::Custom(_) => true,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => Ok(()),
            Self::Field(field) => f.write_str(field.name),
            Self::Custom(key) => write!(f, "{CUSTOM}{key}"),
        }
    }
}

/// What a field is compared with, or a word.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) text: String,
    /// The whole value is meant, not a part of it.
    pub(super) is_whole: bool,
    /// The characters of the search that it stands in.
    pub(super) at: Range<usize>,
}

impl PartialEq for Term {
    fn eq(&self, other: &Self) -> bool {
        (self.is_negated, &self.subject, &self.values)
            == (other.is_negated, &other.subject, &other.values)
    }
}

impl Eq for Term {}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.is_whole) == (&other.text, other.is_whole)
    }
}

impl Eq for Value {}
