//! Secrets for programs.

use std::fmt;

use chrono::{DateTime, Utc};

use super::SecretHash;
use crate::model::Text;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Reporting machines.
    Ingest,
    /// Reading the inventory.
    Read,
    /// Reading and changing machines.
    Write,
    /// Everything.
    Admin,
    /// Giving machines keys of their own.
    Enrol,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Ingest, Self::Read, Self::Write, Self::Admin, Self::Enrol];

    /// How tokens of this scope begin.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Ingest => "tsi_",
            Self::Read => "tsr_",
            Self::Write => "tsw_",
            Self::Admin => "tsa_",
            Self::Enrol => "tse_",
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
            Self::Enrol => "enrol",
        }
    }

    /// The scope with this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Of the token's text.
    pub hash: SecretHash,
    /// What it is for, in a person's words.
    pub name: String,
    /// What it admits to.
    pub scope: Scope,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// By whom, as in [`super::AuditEntry::actor`].
    pub created_by: String,
    /// Until when; `None` for ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// Last use, exact to a few minutes.
    pub used_at: Option<DateTime<Utc>>,
    /// Machines that were enrolled with it.
    pub uses: u32,
    /// How many may be; `None` for any number.
    pub max_uses: Option<u32>,
    /// Tags that those machines get.
    pub tags: Vec<Text>,
}

impl Token {
    /// Whether it no longer counts.
    #[must_use]
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// What it is called where its secret must not be: the first 12 digits of its hash.
    #[must_use]
    pub fn label(&self) -> String {
        super::hex(&self.hash)[..12].to_owned()
    }
}
