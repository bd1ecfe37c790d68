//! Backups, and what is done with them.

use clap::Args;

use super::{Store, Target};

/// Options of taking a backup.
#[derive(Debug, Clone, Args)]
pub struct Backup {
    /// The file to write
    pub file: std::path::PathBuf,

    /// Replace the file if it is there
    #[arg(long)]
    pub force: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: Target,
}

/// Options of restoring a backup.
#[derive(Debug, Clone, Args)]
pub struct Restore {
    /// The backup
    pub file: std::path::PathBuf,

    /// Replace what the inventory holds; a copy of that is kept beside it
    #[arg(long)]
    pub force: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: Store,
}

/// When a server takes backups by itself.
#[derive(Debug, Clone, Default, Args)]
pub struct Schedule {
    /// Take backups from time to time, and keep them in this directory
    #[arg(long, env = "TATUSCAN_BACKUP_DIR", value_name = "DIRECTORY")]
    pub backup_dir: Option<String>,

    /// Time between two of them (24h if not given)
    #[arg(
        long,
        env = "TATUSCAN_BACKUP_EVERY",
        value_name = "DURATION",
        allow_hyphen_values = true
    )]
    pub backup_every: Option<String>,

    /// How many of them are kept (14 if not given)
    #[arg(long, env = "TATUSCAN_BACKUP_KEEP", value_name = "NUMBER", allow_hyphen_values = true)]
    pub backup_keep: Option<String>,
}
