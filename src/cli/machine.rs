//! Machines, one by one.

use clap::{ArgGroup, Args};

use super::Target;

/// Options of managing machines.
#[derive(Debug, Clone, Args)]
pub struct Machine {
    /// What to do
    #[command(subcommand)]
    pub action: MachineAction,
}

/// What is done to machines.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum MachineAction {
    /// Enter a machine without an agent by hand, or change one that was
    Add(Box<MachineEntry>),
    /// List machines
    List {
        /// Only those that a search finds, written as in the dashboard's box
        search: Vec<String>,
        #[command(flatten)]
        #[allow(missing_docs)]
        target: Target,
    },
    /// Show everything known about a machine
    Show {
        /// Its id
        machine_id: String,
        #[command(flatten)]
        #[allow(missing_docs)]
        target: Target,
    },
    /// Remove a machine; for 30 days it can be brought back
    Delete {
        /// Its id
        machine_id: String,
        #[command(flatten)]
        #[allow(missing_docs)]
        target: Target,
    },
}

/// A machine that is entered by hand.
#[derive(Debug, Clone, Default, Args)]
#[command(group(ArgGroup::new("named").required(true).args(["name", "hostname"])))]
pub struct MachineEntry {
    /// Its host name
    #[arg(value_name = "HOSTNAME")]
    pub name: Option<String>,

    /// Its host name, as the original's script was told
    #[arg(long, value_name = "HOSTNAME", hide = true)]
    pub hostname: Option<String>,

    /// System (Chrome OS if not given)
    #[arg(long)]
    pub os: Option<String>,

    /// Its version
    #[arg(long, value_name = "VERSION")]
    pub os_version: Option<String>,

    /// Identity (the SHA-256 of the host name and the salt if not given)
    #[arg(long, value_name = "ID")]
    pub machine_id: Option<String>,

    /// Tells machines with one host name apart
    #[arg(long)]
    pub salt: Option<String>,

    /// Address (0.0.0.0 if not given)
    #[arg(long)]
    pub ip: Option<String>,

    /// Processor load (0 if not given)
    #[arg(long, value_name = "PERCENT")]
    pub cpu_percent: Option<f64>,

    /// Memory (0 if not given)
    #[arg(long, value_name = "MIB")]
    pub memory_total_mb: Option<i64>,

    /// Memory in use (0 if not given)
    #[arg(long, value_name = "MIB")]
    pub memory_used_mb: Option<i64>,

    /// Only say what would be entered
    #[arg(long)]
    pub dry_run: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: Target,
}
