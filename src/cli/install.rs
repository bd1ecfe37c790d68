//! The server as a service, and what a package needs.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::Service;

/// Options of installing the server.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "The agent of a workstation is installed with: tatuscan agent install --url URL"
)]
pub struct Install {
    /// Settings for /etc/tatuscan/tatuscan.env, such as TIMEZONE=America/Sao_Paulo
    #[arg(value_name = "NAME=VALUE")]
    pub settings: Vec<String>,

    /// Have this machine report itself as well, with an agent of its own
    #[arg(long)]
    pub agent: bool,

    /// The agent's option, for those who meant the agent
    #[arg(long, hide = true)]
    pub url: Option<String>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub service: Service,
}

/// Options of removing the server.
#[derive(Debug, Clone, Args)]
pub struct Uninstall {
    /// Remove the inventory, its settings and its user as well; only backups stay
    #[arg(long)]
    pub purge: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub service: Service,
}

/// Options of looking whether the server answers.
#[derive(Debug, Clone, Args)]
pub struct Healthcheck {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: super::Store,
}

/// Options of printing completions.
#[derive(Debug, Clone, Args)]
pub struct Completions {
    /// The shell that they are for
    pub shell: Shell,
}

/// Options of writing manual pages.
#[derive(Debug, Clone, Args)]
pub struct Man {
    /// Directory for tatuscan.1, tatuscan-agent.1 and a page for each command; the first one goes to
    /// standard output if not given
    #[arg(long, value_name = "DIRECTORY")]
    pub to: Option<PathBuf>,
}
