//! The address of an SQL database.

use std::fmt;

use super::server_url::redacted;

/// Address of an SQL database. Shown without user name and password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUri(String);

impl DatabaseUri {
    /// Keeps the text as it is.
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// The address with everything in it, for the one who connects.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DatabaseUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(&self.0))
    }
}

impl fmt::Debug for DatabaseUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
