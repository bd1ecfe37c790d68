//! Options of `tatuscan dedupe`.

use clap::Args;

use super::Target;

/// Options of merging machines that are in the inventory more than once.
#[derive(Debug, Clone, Default, Args)]
pub struct Dedupe {
    /// Only print what would be merged
    #[arg(long)]
    pub dry_run: bool,

    /// Of each host name keep only the machine that was heard of last, whatever speaks against it
    #[arg(long)]
    pub all: bool,

    /// Make the machine of this id, which was merged, one of its own again
    #[arg(long, value_name = "ID", conflicts_with_all = ["dry_run", "all"])]
    pub undo: Option<String>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: Target,
}
