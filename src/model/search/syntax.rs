//! A search as it is written: words, phrases and conditions on fields.

use std::fmt::{self, Write as _};

use super::error::Wrong;
use super::term::{Subject, Term};
use super::{Search, SearchError, meaning, parser};
use crate::model::Asked;

/// A search, read but not yet understood. It prints as a text that reads as the same search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub(super) terms: Vec<Term>,
    /// As it was written.
    text: String,
}

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
    pub fn search(&self, asked: &Asked<'_>) -> Result<Search, SearchError> {
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
        if self.subject == Subject::Everything {
            return self.values.iter().try_for_each(|word| {
                let is_bare = parser::is_bare_word(&word.text);
                if is_bare { f.write_str(&word.text) } else { quoted(f, &word.text) }
            });
        }
        write!(f, "{}:", self.subject)?;
        for (index, value) in self.values.iter().enumerate() {
            f.write_str(if index > 0 { "," } else { "" })?;
            f.write_str(if value.is_whole { "=" } else { "" })?;
            let reads_whole =
                self.subject.has_whole() && !value.is_whole && value.text.starts_with('=');
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
