//! The command line as it is typed: raw text, no rules. [`crate::config`] turns it into checked
//! settings. Each option names its environment variable.

#[cfg(feature = "server")]
mod export;

use clap::{Args, Parser};

#[cfg(feature = "server")]
pub use export::Export;

/// `tatuscan`: the server, and the agent under one roof.
#[cfg(feature = "server")]
#[derive(Debug, Parser)]
#[command(
    name = "tatuscan",
    version,
    about = "Machine inventory: every computer in view",
    arg_required_else_help = true,
    propagate_version = true
)]
pub struct Tatuscan {
    /// What to do.
    #[command(subcommand)]
    pub command: Subcommand,
}

/// What `tatuscan` can be asked to do.
#[cfg(feature = "server")]
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
    /// Receive reports, keep them, show them
    Serve(Box<Serve>),
    /// Report this machine to a server
    Agent(Agent),
    /// Copy an inventory from one store into another
    Migrate(Migrate),
    /// Write machines into a file: CSV, a workbook or JSON Lines
    Export(Box<Export>),
    /// Add, change, list and remove people
    User(User),
    /// Make, list and revoke tokens for programs
    Token(Token),
    /// Print a link that makes the first admin, or another one
    SetupLink(SetupLink),
    /// Put a server under load, and measure it
    #[command(hide = true)]
    Loadgen(Loadgen),
}

/// `tatuscan-agent`: the agent alone.
#[derive(Debug, Parser)]
#[command(name = "tatuscan-agent", version, about = "Reports this machine to a TatuScan server")]
pub struct TatuscanAgent {
    /// The agent's options.
    #[command(flatten)]
    pub agent: Agent,
}

/// What the agent does instead of reporting.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum AgentAction {
    /// Give this machine a key of its own: from then on it signs its reports
    Enroll {
        /// Address of the server
        url: String,
        /// A token of the scope enrol, as `tatuscan token create` prints it
        token: String,
    },
}

/// Options of the agent.
#[derive(Debug, Clone, Default, Args)]
#[command(args_conflicts_with_subcommands = false, subcommand_negates_reqs = true)]
pub struct Agent {
    #[command(subcommand)]
    #[allow(missing_docs)]
    pub action: Option<AgentAction>,

    /// Keep running and report again and again
    #[arg(short = 'd', long)]
    pub daemon: bool,

    /// Address of the server: http:// or https://, its name, and its port if it has one
    #[arg(long, env = "TATUSCAN_URL", hide_env_values = true, value_name = "URL")]
    pub url: Option<String>,

    /// Time between two reports, such as 60s, 5m or 1h30m (60s if not given)
    #[arg(long, env = "TATUSCAN_INTERVAL", value_name = "DURATION", allow_hyphen_values = true)]
    pub interval: Option<String>,

    /// debug, info, warn, error or fatal (warn if not given)
    #[arg(short = 'l', long, env = "TATUSCAN_LOG_LEVEL", value_name = "LEVEL")]
    pub log_level: Option<String>,

    /// Where the agent keeps what must survive a restart
    #[arg(long, env = "TATUSCAN_STATE_DIR", value_name = "DIRECTORY")]
    pub state_dir: Option<String>,

    /// Authorities to trust instead of this computer's own, a file of certificates in PEM form
    #[arg(long, env = "TATUSCAN_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<String>,

    /// Fingerprint of the one key that the server may have, as its start line shows it
    #[arg(long, env = "TATUSCAN_TLS_PIN", value_name = "PIN")]
    pub tls_pin: Option<String>,

    /// A token with which the machine gets a key of its own at its first report, as
    /// `tatuscan token create` prints it
    #[arg(long, env = "TATUSCAN_ENROLL_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub enroll_token: Option<String>,

    /// Print the report that would be sent, and exit
    #[arg(long)]
    pub print: bool,
}

/// Options of the server.
#[cfg(feature = "server")]
#[derive(Debug, Clone, Default, Args)]
pub struct Serve {
    /// Address to listen on (every network if not given: ::, or 0.0.0.0 where there is no IPv6)
    #[arg(long, env = "TATUSCAN_BIND", value_name = "ADDRESS")]
    pub bind: Option<String>,

    /// Port to listen on; 0 takes any free one (8040 if not given; PORT is read too)
    #[arg(long, env = "TATUSCAN_PORT", value_name = "PORT", allow_hyphen_values = true)]
    pub port: Option<String>,

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

    /// debug, info, warning, error or critical (info if not given)
    #[arg(long, env = "LOG_LEVEL", value_name = "LEVEL")]
    pub log_level: Option<String>,

    /// Log lines as text or as json (text if not given)
    #[arg(long, env = "TATUSCAN_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<String>,

    /// Silence after which a machine is late (three of its intervals if not given)
    #[arg(long, env = "TATUSCAN_LATE", value_name = "DURATION", allow_hyphen_values = true)]
    pub late: Option<String>,

    /// Silence after which a machine is offline (15m if not given)
    #[arg(long, env = "TATUSCAN_OFFLINE", value_name = "DURATION", allow_hyphen_values = true)]
    pub offline: Option<String>,

    /// Silence after which a machine is missing (7d if not given)
    #[arg(long, env = "TATUSCAN_MISSING", value_name = "DURATION", allow_hyphen_values = true)]
    pub missing: Option<String>,

    /// Connections served at the same time (4096 if not given)
    #[arg(
        long,
        env = "TATUSCAN_MAX_CONNECTIONS",
        value_name = "NUMBER",
        allow_hyphen_values = true
    )]
    pub max_connections: Option<String>,

    /// Report this machine to the server as well
    #[arg(
        long,
        env = "TATUSCAN_LOCAL_AGENT",
        value_name = "YES|NO",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "yes"
    )]
    pub local_agent: Option<String>,

    /// Who may do what: compat, strict or off (compat if not given: machines on private networks
    /// report without a token, everything else takes one or a login)
    #[arg(long, env = "TATUSCAN_AUTH", value_name = "MODE")]
    pub auth: Option<String>,

    /// Allow TATUSCAN_AUTH=off on an address that others reach
    #[arg(
        long,
        env = "TATUSCAN_INSECURE",
        value_name = "YES|NO",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "yes"
    )]
    pub insecure: Option<String>,

    /// More networks whose machines report without a token, such as 203.0.113.0/24
    #[arg(long, env = "TATUSCAN_LEGACY_CIDRS", value_name = "NETWORKS")]
    pub legacy_cidrs: Option<String>,

    /// Let everybody read the inventory without a login
    #[arg(
        long,
        env = "TATUSCAN_PUBLIC_READ",
        value_name = "YES|NO",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "yes"
    )]
    pub public_read: Option<String>,

    /// Proxies in front, whose word counts on where a request comes from
    #[arg(long, env = "TATUSCAN_TRUSTED_PROXIES", value_name = "NETWORKS")]
    pub trusted_proxies: Option<String>,

    /// Address at which browsers find the server: http:// or https://, and its name
    #[arg(long, env = "TATUSCAN_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// File with a password for the first admin, named admin
    #[arg(long, env = "TATUSCAN_ADMIN_PASSWORD_FILE", value_name = "FILE")]
    pub admin_password_file: Option<String>,

    /// New machines that are taken at once without a token, as at the first rollout (25000 if not
    /// given)
    #[arg(long, env = "TATUSCAN_NEW_BURST", value_name = "MACHINES", allow_hyphen_values = true)]
    pub new_burst: Option<String>,

    /// New machines that are taken without a token in each minute after that (1000 if not given)
    #[arg(
        long,
        env = "TATUSCAN_NEW_PER_MINUTE",
        value_name = "MACHINES",
        allow_hyphen_values = true
    )]
    pub new_per_minute: Option<String>,

    /// Machines in all, above which new ones need a token (150000 if not given)
    #[arg(long, env = "TATUSCAN_MAX_LEGACY", value_name = "MACHINES", allow_hyphen_values = true)]
    pub max_legacy: Option<String>,

    /// Machines in all, above which no new one is taken (250000 if not given)
    #[arg(
        long,
        env = "TATUSCAN_MAX_MACHINES",
        value_name = "MACHINES",
        allow_hyphen_values = true
    )]
    pub max_machines: Option<String>,

    /// Space that must stay free where the inventory is kept, in MB: below it reports are answered
    /// 507 (64 if not given)
    #[arg(long, env = "TATUSCAN_MIN_FREE", value_name = "MB", allow_hyphen_values = true)]
    pub min_free: Option<String>,

    /// HTTPS: off, or self for a certificate that the server makes for itself (off if not given,
    /// unless there is a certificate)
    #[arg(long, env = "TATUSCAN_TLS", value_name = "OFF|SELF")]
    pub tls: Option<String>,

    /// HTTPS with this certificate: a file in PEM form, the server's own first
    #[arg(long, env = "TATUSCAN_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<String>,

    /// Private key of that certificate, a file in PEM form
    #[arg(long, env = "TATUSCAN_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<String>,

    /// Accepted because old environment files have it; nothing uses it
    #[arg(long, env = "SECRET_KEY", hide = true, hide_env_values = true)]
    pub secret_key: Option<String>,
}

/// Which server or store an administrative command is for.
#[cfg(feature = "server")]
#[derive(Debug, Clone, Default, Args)]
pub struct Target {
    /// Another server than the one of this computer
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// An admin's token for it (TATUSCAN_TOKEN; this computer's own if not given)
    #[arg(long, env = "TATUSCAN_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub token: Option<String>,

    /// Authorities to trust instead of this computer's own, a file of certificates in PEM form
    #[arg(long, env = "TATUSCAN_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<String>,

    /// Fingerprint of the one key that the other server may have
    #[arg(long, env = "TATUSCAN_TLS_PIN", value_name = "PIN")]
    pub tls_pin: Option<String>,

    /// Directory of the inventory (/data where it exists, else ./data)
    #[arg(long, env = "TATUSCAN_DB_DIR", value_name = "DIRECTORY")]
    pub data_dir: Option<String>,

    /// Name of the inventory's file in that directory (tatuscan.redb if not given)
    #[arg(long, env = "TATUSCAN_DB_FILE", value_name = "FILE")]
    pub db_file: Option<String>,

    /// An SQL database instead of the file
    #[arg(long, env = "SQLALCHEMY_DATABASE_URI", hide_env_values = true, value_name = "URI")]
    pub database_uri: Option<String>,

    /// Time zone of times that are shown (America/Cuiaba if not given)
    #[arg(long, env = "TIMEZONE", value_name = "ZONE")]
    pub timezone: Option<String>,
}

/// Options of managing people.
#[cfg(feature = "server")]
#[derive(Debug, Clone, Args)]
pub struct User {
    /// What to do
    #[command(subcommand)]
    pub action: UserAction,
}

/// What is done to people.
#[cfg(feature = "server")]
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
#[cfg(feature = "server")]
#[derive(Debug, Clone, Args)]
pub struct Token {
    /// What to do
    #[command(subcommand)]
    pub action: TokenAction,
}

/// What is done to tokens.
#[cfg(feature = "server")]
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
#[cfg(feature = "server")]
#[derive(Debug, Clone, Args)]
pub struct SetupLink {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: Target,
}

/// Options of copying an inventory.
#[cfg(feature = "server")]
#[derive(Debug, Clone, Args)]
pub struct Migrate {
    /// The store to read: a file .redb, or the address of a database as SQLALCHEMY_DATABASE_URI has
    /// it. It is left as it is
    #[arg(long, value_name = "STORE")]
    pub from: String,

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

/// What each request of the load generator asks for.
#[cfg(feature = "server")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Work {
    /// Reports of the fleet's machines
    Report,
    /// `{}` as a report, which is refused: the cost of the HTTP loop alone
    Empty,
    /// One page of the list, sorted and filtered in changing ways
    Page,
    /// The whole list
    List,
}

/// Options of the load generator.
#[cfg(feature = "server")]
#[derive(Debug, Clone, Args)]
pub struct Loadgen {
    /// The server
    #[arg(long, default_value = "http://127.0.0.1:8040")]
    pub url: String,

    /// What each request asks for
    #[arg(long, value_enum, default_value = "report")]
    pub work: Work,

    /// Requests under way at once
    #[arg(long, default_value_t = 64)]
    pub connections: usize,

    /// Requests a second; without it, as many as are answered
    #[arg(long)]
    pub rate: Option<f64>,

    /// Machines in the fleet
    #[arg(long, default_value_t = 20_000)]
    pub machines: usize,

    /// How long to go on
    #[arg(long, default_value = "10s")]
    pub duration: String,

    /// Chooses the fleet
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// A token to send with each request that is not signed
    #[arg(long)]
    pub token: Option<String>,

    /// Enrol every machine with this token first, and sign its reports
    #[arg(long, value_name = "TOKEN")]
    pub enrol_token: Option<String>,

    /// Of a hundred requests, how many read a page instead
    #[arg(long, default_value_t = 0)]
    pub reads: u8,

    /// Write each machine's last acknowledged report to this file
    #[arg(long)]
    pub ack_log: Option<std::path::PathBuf>,

    /// Check at the end that every acknowledged report is in the list
    #[arg(long)]
    pub verify: bool,

    /// The server's process, to observe
    #[arg(long)]
    pub pid: Option<u32>,

    /// Time between two lines about the run
    #[arg(long)]
    pub progress: Option<String>,

    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
}
