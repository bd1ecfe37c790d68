//! What is done to people and tokens.

use crate::cli::{Target, TokenAction, UserAction};

/// What an administrative command does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Management {
    /// Add a person, whose password is read from standard input.
    AddUser {
        /// Name to log in with.
        name: String,
        /// `admin` or `viewer`.
        role: String,
    },
    /// Give a person the password that is read from standard input.
    ChangePassword {
        /// The person's name.
        name: String,
    },
    /// List people.
    ListUsers,
    /// Remove a person.
    RemoveUser {
        /// The person's name.
        name: String,
    },
    /// Make a token.
    CreateToken {
        /// What it is for.
        name: String,
        /// What it admits to.
        scope: String,
        /// Days until it ends.
        days: Option<u32>,
        /// Machines that may be enrolled with it.
        max_uses: Option<u32>,
        /// Tags that those machines get.
        tags: Vec<String>,
    },
    /// List tokens.
    ListTokens,
    /// Revoke a token.
    RevokeToken {
        /// Its id.
        id: String,
    },
    /// Make a setup link.
    SetupLink,
}

impl Management {
    pub(super) fn of_user(action: UserAction) -> (Self, Target) {
        match action {
            UserAction::Add { name, role, target } => (Self::AddUser { name, role }, target),
            UserAction::Passwd { name, target } => (Self::ChangePassword { name }, target),
            UserAction::List { target } => (Self::ListUsers, target),
            UserAction::Remove { name, target } => (Self::RemoveUser { name }, target),
        }
    }

    pub(super) fn of_token(action: TokenAction) -> (Self, Target) {
        match action {
            TokenAction::Create { name, scope, days, max_uses, tags, target } => {
                (Self::CreateToken { name, scope, days, max_uses, tags }, target)
            }
            TokenAction::List { target } => (Self::ListTokens, target),
            TokenAction::Revoke { id, target } => (Self::RevokeToken { id }, target),
        }
    }
}
