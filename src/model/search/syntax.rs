//! A search as it is written: words, phrases and conditions on fields.

use std::fmt::{self, Write as _};
use std::ops::Range;

use super::error::Wrong;
use super::field::{Field, Kind};
use super::{Search, SearchError, meaning, parser};
use crate::model::Asked;

/// A search, read but not yet understood. It prints as a text that reads as the same search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub(super) terms: Vec<Term>,
    /// As it was written.
    text: String,
}

/// One condition.
#[derive(Debug, Clone)]
pub(super) struct Term {
    pub(super) is_negated: bool,
    /// `None` for a word or a phrase.
    pub(super) field: Option<&'static Field>,
    /// Any of these; at least one.
    pub(super) values: Vec<Value>,
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
        let name = |term: &Self| term.field.map(|field| field.name);
        (self.is_negated, name(self), &self.values)
            == (other.is_negated, name(other), &other.values)
    }
}

impl Eq for Term {}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.is_whole) == (&other.text, other.is_whole)
    }
}

impl Eq for Value {}

impl Query {
    /// Reads a search.
    ///
    /// # Errors
    /// [`SearchError`] points at an unknown field, a missing value or a quote that is not closed.
    pub fn parse(text: &str) -> Result<Self, SearchError> {
        let terms = parser::terms(text).map_err(|wrong| wrong.of(text))?;
        Ok(Self { terms, text: text.to_owned() })
    }

    /// What is searched for when it is asked then and there.
    ///
    /// # Errors
    /// [`SearchError`] points at a value that its field does not take.
    pub fn search(&self, asked: &Asked) -> Result<Search, SearchError> {
        meaning::search(&self.terms, asked).map_err(|wrong: Wrong| wrong.of(&self.text))
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, term) in self.terms.iter().enumerate() {
            let space = if index > 0 { " " } else { "" };
            write!(f, "{space}{term}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_negated {
            f.write_char('-')?;
        }
        let Some(field) = self.field else {
            return self.values.iter().try_for_each(|word| {
                let is_bare = parser::is_bare_word(&word.text);
                if is_bare { f.write_str(&word.text) } else { quoted(f, &word.text) }
            });
        };
        write!(f, "{}:", field.name)?;
        for (index, value) in self.values.iter().enumerate() {
            f.write_str(if index > 0 { "," } else { "" })?;
            f.write_str(if value.is_whole { "=" } else { "" })?;
            let reads_whole =
                field.kind.is_text() && !value.is_whole && value.text.starts_with('=');
            if reads_whole || !parser::is_bare_value(&value.text) {
                quoted(f, &value.text)?;
            } else {
                f.write_str(&value.text)?;
            }
        }
        Ok(())
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}

impl Kind {
    /// Whether values may be asked for as a whole, by `=`.
    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Id)
    }
}
