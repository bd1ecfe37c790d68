//! People with a password.

use std::fmt;

use chrono::{DateTime, Utc};

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Look at everything but what only admins need.
    Viewer,
    /// Everything.
    Admin,
}

impl Role {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Admin => "admin",
        }
    }

    /// The role with this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Admin].into_iter().find(|role| role.name() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name to log in with, in lower case.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// The password's argon2id hash in PHC form.
    pub password: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
}
