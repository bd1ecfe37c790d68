//! Looking whether all is well.

use clap::Args;

use super::{Store, Trust};

/// Options of the doctor.
#[derive(Debug, Clone, Args)]
pub struct Doctor {
    /// Address at which browsers find the server: looks whether a proxy there says who asks
    #[arg(long, env = "TATUSCAN_PUBLIC_URL", value_name = "URL")]
    pub url: Option<String>,

    /// Make the inventory's file as small as it gets; the server must be stopped
    #[arg(long)]
    pub compact: bool,

    /// Print what was found as JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub trust: Trust,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: Store,
}
