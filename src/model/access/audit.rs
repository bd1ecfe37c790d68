//! What people and tokens changed.

use chrono::{DateTime, Utc};

/// One change, as it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who: `user ana`, `token "scripts"`, `admin.token`, `agent`.
    pub actor: String,
    /// The address that the request came from; empty for a command on the server's own machine.
    pub peer: String,
    /// What was done: `machine.edit`, `token.create`.
    pub action: String,
    /// What it was done to: a machine's id, a user's name.
    pub subject: String,
    /// What was before, as JSON; `None` for nothing.
    pub before: Option<String>,
    /// What is since then, as JSON; `None` for nothing.
    pub after: Option<String>,
}

/// Which entries, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only those older than this one.
    pub before: Option<u64>,
    /// Only what was done to this.
    pub subject: Option<String>,
    /// Only what began so: `machine.` or `token.create`.
    pub action: Option<String>,
    /// Only those made before this moment.
    pub until: Option<DateTime<Utc>>,
    /// Most entries.
    pub limit: usize,
}

/// Entries with their numbers, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// Larger numbers are newer.
    pub entries: Vec<(u64, AuditEntry)>,
}

impl AuditQuery {
    /// Whether an entry is asked for.
    #[must_use]
    pub fn admits(&self, number: u64, entry: &AuditEntry) -> bool {
        let is_older = self.before.is_none_or(|before| number < before);
        let is_of = self.subject.as_ref().is_none_or(|subject| *subject == entry.subject);
        let is_such = self.action.as_ref().is_none_or(|action| entry.action.starts_with(action));
        let is_then = self.until.is_none_or(|until| entry.at < until);
        is_older && is_of && is_such && is_then
    }
}
