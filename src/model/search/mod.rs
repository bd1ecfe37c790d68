//! The search box: one line of text that says which machines are meant.
//!
//! ```text
//! search  = { [ "-" ] ( word | phrase | field ":" value { "," value } ) }
//! value   = [ "=" ] ( characters | phrase )
//! phrase  = '"' characters '"'        in which \" is a quote and \\ a backslash
//! ```
//!
//! Every part must hold, those after a dash must not, and of several values of a field one does.
//! Words and phrases are looked for in all texts of a machine. A word with a colon is a condition
//! on a field, unless it is an address or `http://…`. Case and accents do not matter.
//!
//! [`Query`] is a search as it is written, [`Search`] what it means where and when it is asked,
//! [`Matcher`] looks at many machines. [`FIELDS`] is the one table of what can be asked about.

mod custom;
mod document;
mod error;
mod field;
mod fold;
mod matching;
mod meaning;
mod parser;
mod scanner;
mod syntax;
mod term;
#[cfg(test)]
mod tests;
mod text;
mod values;

pub use document::document;
pub use error::{SearchError, Token};
pub use field::{CUSTOM, FIELDS, Field};
pub use fold::fold;
pub use matching::{Matcher, Measures, Subject};
pub use parser::MOST_VALUES;
pub use syntax::Query;
pub use text::search_text;

use super::Asked;

/// Conditions that a machine must meet, all of them. The default meets every machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Search {
    clauses: Vec<matching::Clause>,
}

impl Search {
    /// Reads a search that is asked then and there.
    ///
    /// # Errors
    /// [`SearchError`] says what is wrong, and where.
    pub fn parse(text: &str, asked: &Asked<'_>) -> Result<Self, SearchError> {
        Query::parse(text)?.search(asked)
    }

    /// How many words and values there are in it.
    #[must_use]
    pub fn values(&self) -> usize {
        self.clauses.iter().map(|clause| clause.any_of.len()).sum()
    }

    /// Adds the conditions of another search.
    pub fn extend(&mut self, other: Self) {
        self.clauses.extend(other.clauses);
    }
}
