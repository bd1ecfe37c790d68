//! Where this computer's inventory is.

use clap::Args;

/// Which store.
#[derive(Debug, Clone, Default, Args)]
pub struct Store {
    /// Directory of the inventory (/data where it exists, else ./data)
    #[arg(long, env = "TATUSCAN_DB_DIR", value_name = "DIRECTORY")]
    pub data_dir: Option<String>,

    /// Name of the inventory's file in that directory (tatuscan.redb if not given)
    #[arg(long, env = "TATUSCAN_DB_FILE", value_name = "FILE")]
    pub db_file: Option<String>,

    /// An SQL database instead of the file, such as postgresql://user:password@host/name
    #[arg(long, env = "SQLALCHEMY_DATABASE_URI", hide_env_values = true, value_name = "URI")]
    pub database_uri: Option<String>,

    /// Time zone of dates and day limits (America/Cuiaba if not given; TATUSCAN_TIMEZONE is read
    /// too)
    #[arg(long, env = "TIMEZONE", value_name = "ZONE")]
    pub timezone: Option<String>,
}
