//! Which server or store a command is for.

use clap::Args;

use super::{Store, Trust};

/// Which server or store an administrative command is for.
#[derive(Debug, Clone, Default, Args)]
pub struct Target {
    /// Another server than the one of this computer
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// An admin's token for it (TATUSCAN_TOKEN; this computer's own if not given)
    #[arg(long, env = "TATUSCAN_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub token: Option<String>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub trust: Trust,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: Store,
}
