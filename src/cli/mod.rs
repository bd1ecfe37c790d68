//! The command line as it is typed: raw text, no rules. [`crate::config`] turns it into checked
//! settings. Each option names its environment variable.

mod agent;
#[cfg(feature = "server")]
mod backup;
#[cfg(feature = "server")]
mod dedupe;
#[cfg(feature = "server")]
mod doctor;
#[cfg(feature = "server")]
mod export;
#[cfg(feature = "server")]
mod import;
#[cfg(feature = "server")]
mod install;
#[cfg(feature = "server")]
mod loadgen;
#[cfg(feature = "server")]
mod machine;
#[cfg(feature = "server")]
mod manage;
#[cfg(feature = "server")]
mod migrate;
#[cfg(feature = "server")]
mod serve;
#[cfg(feature = "server")]
mod store;
#[cfg(feature = "server")]
mod target;
mod trust;

#[cfg(feature = "server")]
use clap::Parser;

pub use agent::{Agent, AgentAction, Service, TatuscanAgent};
#[cfg(feature = "server")]
pub use backup::{Backup, Restore, Schedule};
#[cfg(feature = "server")]
pub use dedupe::Dedupe;
#[cfg(feature = "server")]
pub use doctor::Doctor;
#[cfg(feature = "server")]
pub use export::Export;
#[cfg(feature = "server")]
pub use import::Import;
#[cfg(feature = "server")]
pub use install::{Completions, Healthcheck, Install, Man, Uninstall};
#[cfg(feature = "server")]
pub use loadgen::{Loadgen, Work};
#[cfg(feature = "server")]
pub use machine::{Machine, MachineAction, MachineEntry};
#[cfg(feature = "server")]
pub use manage::{SetupLink, Token, TokenAction, User, UserAction};
#[cfg(feature = "server")]
pub use migrate::Migrate;
#[cfg(feature = "server")]
pub use serve::Serve;
#[cfg(feature = "server")]
pub use store::Store;
#[cfg(feature = "server")]
pub use target::Target;
pub use trust::Trust;

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
    /// Write everything that is kept into a file, while the server runs or not
    Backup(Box<Backup>),
    /// Put what a backup holds in the place of what is kept; the server must be stopped
    Restore(Restore),
    /// Look whether all is well, and say what to do
    Doctor(Doctor),
    /// Copy an inventory from one store into another
    Migrate(Migrate),
    /// Write machines into a file: CSV, a workbook or JSON Lines
    Export(Box<Export>),
    /// Merge machines that are in the inventory more than once
    Dedupe(Dedupe),
    /// Change what is known about machines as the rows of a CSV file say, all of them or none
    Import(Box<Import>),
    /// Enter machines without an agent by hand, list, show and remove machines
    Machine(Machine),
    /// Add, change, list and remove people
    User(User),
    /// Make, list and revoke tokens for programs
    Token(Token),
    /// Print a link that makes the first admin, or another one
    SetupLink(SetupLink),
    /// Have the system start the server, now and at every boot
    Install(Install),
    /// Undo what install did; the inventory and its settings stay
    Uninstall(Uninstall),
    /// Look whether the server of this machine answers, and its store works: exit code 0 or 1
    Healthcheck(Healthcheck),
    /// Print completions for a shell
    Completions(Completions),
    /// Write manual pages
    Man(Man),
    /// Put a server under load, and measure it
    #[command(hide = true)]
    Loadgen(Loadgen),
}
