//! Who asks.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{AuditEntry, Role, SecretHash, Token};
use crate::model::MachineId;

/// Who asks, as far as it was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody says.
    Anonymous,
    /// A program with a token.
    Token(Arc<Token>),
    /// Whoever can read the file with the admin's token.
    TokenFile,
    /// A machine that signed its report.
    Machine {
        /// Which.
        id: MachineId,
        /// Its Ed25519 public key.
        public_key: [u8; 32],
        /// The number of the report.
        sequence: u64,
        /// The SHA-256 of the body.
        digest: SecretHash,
    },
    /// A person who is logged in.
    Person {
        /// Who.
        name: String,
        /// What the person may do.
        role: Role,
        /// Of the session's secret.
        session: SecretHash,
    },
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Token(token) => write!(f, "token {} ({})", token.name, token.label()),
            Self::TokenFile => f.write_str("admin.token"),
            Self::Machine { id, .. } => write!(f, "machine {id}"),
            Self::Person { name, .. } => write!(f, "user {name}"),
        }
    }
}

/// Who does something, from where and when: what the audit log says of a change.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Who.
    pub caller: Caller,
    /// From where; `None` on the server's own machine.
    pub peer: Option<IpAddr>,
    /// When.
    pub at: DateTime<Utc>,
}

impl Identity {
    /// What the audit log says of a change; `before` and `after` are JSON.
    #[must_use]
    pub fn did(
        &self,
        action: &str,
        subject: impl Into<String>,
        before: Option<String>,
        after: Option<String>,
    ) -> AuditEntry {
        AuditEntry {
            at: self.at,
            actor: self.caller.to_string(),
            peer: self.peer.map(|peer| peer.to_string()).unwrap_or_default(),
            action: action.to_owned(),
            subject: subject.into(),
            before,
            after,
        }
    }
}
