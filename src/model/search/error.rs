//! What is wrong with a search.

use std::ops::Range;

/// Why a text is no search, in words for the one who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SearchError {
    /// What is wrong, and what is allowed.
    pub message: String,
    /// Where.
    pub token: Token,
}

/// A part of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Characters before it.
    pub offset: usize,
    /// Characters in it.
    pub length: usize,
    /// The characters.
    pub text: String,
}

/// What is wrong, and which characters are.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) at: Range<usize>,
}

impl Wrong {
    pub(super) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { message: message.into(), at }
    }

    /// The error, as it is told about this text.
    pub(super) fn of(self, text: &str) -> SearchError {
        let characters = text.chars().skip(self.at.start).take(self.at.len());
        let token =
            Token { offset: self.at.start, length: self.at.len(), text: characters.collect() };
        SearchError { message: self.message, token }
    }
}
