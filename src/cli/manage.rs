//! People, tokens and the first login.

use clap::Args;

use super::Target;

/// Options of managing people.
#[derive(Debug, Clone, Args)]
pub struct User {
    /// What to do
    #[command(subcommand)]
    pub action: UserAction,
}

/// What is done to people.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum UserAction {
    /// Add a person; the password is read from standard input
    Add {
        /// Name to log in with
        name: String,
        /// What the person may do: admin or viewer
        #[arg(long, default_value = "viewer", value_parser = ["admin", "viewer"])]
        role: String,
        #[command(flatten)]
        #[allow(missing_docs)]
        target: Target,
    },
    /// Give a person another password, read from standard input
    Passwd {
        /// The person's name
        name: String,
        #[command(flatten)]
        #[allow(missing_docs)]
        target: Target,
    },
    /// List people
    List {
        #[command(flatten)]
        #[allow(missing_docs)]
        target: Target,
    },
    /// Remove a person
    Remove {
        /// The person's name
        name: String,
        #[command(flatten)]
        #[allow(missing_docs)]
        target: Target,
    },
}

/// Options of managing tokens.
#[derive(Debug, Clone, Args)]
pub struct Token {
    /// What to do
    #[command(subcommand)]
    pub action: TokenAction,
}

/// What is done to tokens.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum TokenAction {
    /// Make a token, and print it this once
    Create {
        /// What it is for, in words
        name: String,
        /// What it admits to
        #[arg(long, value_parser = ["ingest", "read", "write", "admin", "enrol"])]
        scope: String,
        /// Days until it ends (never if not given)
        #[arg(long, value_name = "DAYS")]
        days: Option<u32>,
        /// Machines that may be enrolled with it (any number if not given)
        #[arg(long, value_name = "NUMBER")]
        max_uses: Option<u32>,
        /// Tags that those machines get, with commas between them
        #[arg(long, value_name = "TAGS", value_delimiter = ',')]
        tags: Vec<String>,
        #[command(flatten)]
        #[allow(missing_docs)]
        target: Target,
    },
    /// List tokens, without their secrets
    List {
        #[command(flatten)]
        #[allow(missing_docs)]
        target: Target,
    },
    /// Revoke a token
    Revoke {
        /// The token's id, as the list shows it
        id: String,
        #[command(flatten)]
        #[allow(missing_docs)]
        target: Target,
    },
}

/// Options of making a setup link.
#[derive(Debug, Clone, Args)]
pub struct SetupLink {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: Target,
}
