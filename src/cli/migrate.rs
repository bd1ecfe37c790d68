//! Copying an inventory.

use clap::Args;

/// Options of copying an inventory.
#[derive(Debug, Clone, Args)]
pub struct Migrate {
    /// The store to read: a file .redb, or the address of a database as SQLALCHEMY_DATABASE_URI has
    /// it (the server's own if not given). It is left as it is
    #[arg(long, value_name = "STORE")]
    pub from: Option<String>,

    /// The store to fill, written the same way. A file or table that is not there is made
    #[arg(long, value_name = "STORE")]
    pub to: String,

    /// Say what would be copied, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Remove what the store to fill holds already
    #[arg(long)]
    pub force: bool,

    /// Time zone of times that are stored without one (America/Cuiaba if not given)
    #[arg(long, env = "TIMEZONE", value_name = "ZONE")]
    pub timezone: Option<String>,
}
