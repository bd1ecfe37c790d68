//! Reporting this machine.

use std::path::PathBuf;

use clap::{Args, Parser};

use super::Trust;

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
        #[arg(id = "server", value_name = "URL")]
        url: String,
        /// A token of the scope enrol, as `tatuscan token create` prints it
        token: String,
    },
    /// Look whether this machine can report, and say what to do
    Doctor {
        /// Print what was found as JSON
        #[arg(long)]
        json: bool,
    },
    /// Have the system start the agent, now and at every boot, with the settings given here
    Install(Service),
    /// Undo what install did; the settings, the key and the id stay
    Uninstall {
        /// Remove those as well: this machine's key cannot be had again
        #[arg(long)]
        purge: bool,
        #[command(flatten)]
        #[allow(missing_docs)]
        service: Service,
    },
    /// Start the installed agent
    Start,
    /// Stop the installed agent
    Stop,
    /// Stop the installed agent, and start it again
    Restart,
    /// Show how the installed agent is doing
    Status,
}

/// How the agent is installed.
#[derive(Debug, Clone, Default, Args)]
pub struct Service {
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Write the files below this directory, and leave the running system alone
    #[arg(long = "destination", value_name = "DIRECTORY")]
    pub destination: Option<PathBuf>,

    /// Do without the server's address: the service looks for one at every start
    #[cfg(windows)]
    #[arg(long, hide = true)]
    pub unattended: bool,
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
    #[arg(long, global = true, env = "TATUSCAN_URL", hide_env_values = true, value_name = "URL")]
    pub url: Option<String>,

    /// Time between two reports, such as 60s, 5m or 1h30m (60s if not given)
    #[arg(
        long,
        global = true,
        env = "TATUSCAN_INTERVAL",
        value_name = "DURATION",
        allow_hyphen_values = true
    )]
    pub interval: Option<String>,

    /// debug, info, warn, error or fatal (warn if not given)
    #[arg(short = 'l', long, global = true, env = "TATUSCAN_LOG_LEVEL", value_name = "LEVEL")]
    pub log_level: Option<String>,

    /// Where the agent keeps what must survive a restart
    #[arg(long, global = true, env = "TATUSCAN_STATE_DIR", value_name = "DIRECTORY")]
    pub state_dir: Option<String>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub trust: Trust,

    /// A token with which the machine gets a key of its own at its first report, as
    /// `tatuscan token create` prints it
    #[arg(
        long,
        global = true,
        env = "TATUSCAN_ENROLL_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    pub enroll_token: Option<String>,

    /// Do not tell the server who uses this machine
    #[arg(
        long,
        global = true,
        env = "TATUSCAN_NO_USERS",
        value_name = "YES|NO",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "yes"
    )]
    pub no_users: Option<String>,

    /// Do not tell the server which programs are on this machine
    #[arg(
        long,
        global = true,
        env = "TATUSCAN_NO_SOFTWARE",
        value_name = "YES|NO",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "yes"
    )]
    pub no_software: Option<String>,

    /// Directory in which the files of the machine are that is looked into
    #[arg(long, global = true, hide = true, value_name = "DIRECTORY")]
    pub root: Option<PathBuf>,

    /// Print what would be sent, the report and the inventory, and exit
    #[arg(long)]
    pub print: bool,
}
