//! What is merged.

use super::{ConfigError, Environment, Target, present};
use crate::cli;

/// What `tatuscan dedupe` does.
#[derive(Debug, Clone)]
pub struct Dedupe {
    /// Whose machines.
    pub target: Target,
    /// What is done to them.
    pub action: DedupeAction,
}

/// What is done to machines that are in the inventory more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DedupeAction {
    /// They are merged.
    Merge {
        /// Whatever speaks against it.
        all: bool,
        /// Nothing is changed.
        dry_run: bool,
    },
    /// One is a machine of its own again.
    Undo(String),
}

impl Dedupe {
    /// Checks the raw options.
    ///
    /// # Errors
    /// The first one that cannot be used.
    pub fn from_raw(raw: cli::Dedupe, environment: &Environment) -> Result<Self, ConfigError> {
        let cli::Dedupe { dry_run, all, undo, target } = raw;
        let action = match present(undo) {
            Some(id) => DedupeAction::Undo(id),
            None => DedupeAction::Merge { all, dry_run },
        };
        Ok(Self { target: Target::from_raw(target, environment)?, action })
    }
}
