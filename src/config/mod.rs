//! From raw arguments and environment to checked settings. Nobody else reads the environment.

#[cfg(feature = "server")]
mod access;
mod agent;
#[cfg(feature = "server")]
mod backup;
#[cfg(feature = "server")]
mod data_dir;
#[cfg(feature = "server")]
mod database;
#[cfg(feature = "server")]
mod dedupe;
#[cfg(feature = "server")]
mod doctor;
pub mod dotenv;
pub mod duration;
mod enrolment;
mod environment;
mod error;
#[cfg(feature = "server")]
mod export;
#[cfg(feature = "server")]
mod import;
#[cfg(feature = "server")]
mod installation;
mod invocation;
mod log;
#[cfg(any(windows, test))]
mod log_file;
#[cfg(feature = "server")]
mod machine;
#[cfg(feature = "server")]
mod management;
#[cfg(feature = "server")]
mod migrate;
mod privacy;
#[cfg(feature = "server")]
mod serve;
mod server_url;
#[cfg(feature = "server")]
mod status;
#[cfg(feature = "server")]
mod store_file;
#[cfg(feature = "server")]
mod store_place;
mod switch;
#[cfg(feature = "server")]
mod target;
#[cfg(feature = "server")]
mod tls;
mod trust;
#[cfg(feature = "server")]
mod variables;
#[cfg(windows)]
mod windows;
#[cfg(feature = "server")]
mod zone;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches};

use crate::cli;

#[cfg(feature = "server")]
pub use access::{AccessRules, AuthMode};
pub use agent::{Agent, Destination, ServicePlace, ServiceTask};
#[cfg(feature = "server")]
pub use backup::{Backup, BackupSchedule, Restore};
#[cfg(feature = "server")]
pub use data_dir::prepare_data_dir;
#[cfg(feature = "server")]
pub use database::{
    Address, ClientCertificate, Database, DatabaseServer, Location, Password, ServerKind, Tls,
    TlsMode,
};
#[cfg(feature = "server")]
pub use dedupe::{Dedupe, DedupeAction};
#[cfg(feature = "server")]
pub use doctor::Doctor;
pub use environment::Environment;
pub use error::{ConfigError, Refusal};
#[cfg(feature = "server")]
pub use export::Export;
#[cfg(feature = "server")]
pub use import::Import;
#[cfg(feature = "server")]
pub use installation::{Installation, installed_server};
pub use log::{Format, Log, Output};
#[cfg(feature = "server")]
pub use machine::MachineTask;
#[cfg(feature = "server")]
pub use management::Management;
#[cfg(feature = "server")]
pub use migrate::Migrate;
pub use privacy::Privacy;
#[cfg(feature = "server")]
pub use serve::Serve;
pub use server_url::ServerUrl;
#[cfg(feature = "server")]
pub use status::StatusThresholds;
#[cfg(feature = "server")]
pub use store_place::StorePlace;
use switch::yes_or_no;
#[cfg(feature = "server")]
pub use target::Target;
#[cfg(feature = "server")]
pub use tls::ServerTls;
#[cfg(feature = "server")]
pub use variables::{known_variables, server_variables};
#[cfg(windows)]
pub use windows::{agent_service, service_log};

/// What a call of `tatuscan` asks for, checked.
#[cfg(feature = "server")]
#[derive(Debug)]
pub enum Command {
    /// `tatuscan serve`
    Serve(Box<Serve>),
    /// `tatuscan agent`, or a call as the old agent knew it.
    Agent(Agent),
    /// `tatuscan backup`
    Backup(Box<Backup>),
    /// `tatuscan restore`
    Restore(Box<Restore>),
    /// `tatuscan dedupe`
    Dedupe(Box<Dedupe>),
    /// `tatuscan doctor`
    Doctor(Box<Doctor>),
    /// `tatuscan migrate`
    Migrate(Box<Migrate>),
    /// `tatuscan export`
    Export(Box<Export>),
    /// `tatuscan import`
    Import(Box<Import>),
    /// `tatuscan machine`
    Machine(Box<Target>, MachineTask),
    /// `tatuscan user`, `token` and `setup-link`
    Manage(Box<Target>, Management),
    /// `tatuscan install` and `uninstall`
    Installation(Installation),
    /// `tatuscan healthcheck`
    Healthcheck(StorePlace),
    /// `tatuscan completions`
    Completions(cli::Completions),
    /// `tatuscan man`
    Man(cli::Man),
    /// `tatuscan loadgen`
    Loadgen(cli::Loadgen),
}

/// Reads the command line of `tatuscan`; the program's name comes first.
///
/// # Errors
/// A wrong command line (help and version come this way too) or a wrong setting.
#[cfg(feature = "server")]
pub fn command(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Result<Command, Refusal> {
    let server_address_is_set = environment.value("TATUSCAN_URL").is_some();
    let arguments =
        invocation::name_the_agent(arguments.into_iter().collect(), server_address_is_set);
    let raw: cli::Tatuscan = parse(arguments, environment)?;
    Ok(match raw.command {
        cli::Subcommand::Serve(raw) => {
            Command::Serve(Box::new(Serve::from_raw(*raw, environment)?))
        }
        cli::Subcommand::Agent(raw) => Command::Agent(Agent::from_raw(raw, environment)?),
        cli::Subcommand::Backup(raw) => {
            Command::Backup(Box::new(Backup::from_raw(*raw, environment)?))
        }
        cli::Subcommand::Restore(raw) => {
            Command::Restore(Box::new(Restore::from_raw(raw, environment)?))
        }
        cli::Subcommand::Dedupe(raw) => {
            Command::Dedupe(Box::new(Dedupe::from_raw(raw, environment)?))
        }
        cli::Subcommand::Doctor(raw) => {
            Command::Doctor(Box::new(Doctor::from_raw(raw, environment)?))
        }
        cli::Subcommand::Migrate(raw) => {
            Command::Migrate(Box::new(Migrate::from_raw(raw, environment)?))
        }
        cli::Subcommand::Export(raw) => {
            Command::Export(Box::new(Export::from_raw(*raw, environment)?))
        }
        cli::Subcommand::Import(raw) => {
            Command::Import(Box::new(Import::from_raw(*raw, environment)?))
        }
        cli::Subcommand::Machine(raw) => {
            let (task, target) = MachineTask::of(raw.action);
            Command::Machine(Box::new(Target::from_raw(target, environment)?), task)
        }
        cli::Subcommand::User(raw) => manage(Management::of_user(raw.action), environment)?,
        cli::Subcommand::Token(raw) => manage(Management::of_token(raw.action), environment)?,
        cli::Subcommand::SetupLink(raw) => {
            manage((Management::SetupLink, raw.target), environment)?
        }
        cli::Subcommand::Install(raw) => Command::Installation(Installation::install(raw)?),
        cli::Subcommand::Uninstall(raw) => Command::Installation(Installation::uninstall(raw)),
        cli::Subcommand::Healthcheck(raw) => {
            let (place, _) = StorePlace::choose(raw.store, environment, &mut Vec::new())?;
            Command::Healthcheck(place)
        }
        cli::Subcommand::Completions(raw) => Command::Completions(raw),
        cli::Subcommand::Man(raw) => Command::Man(raw),
        cli::Subcommand::Loadgen(raw) => Command::Loadgen(raw),
    })
}

#[cfg(feature = "server")]
fn manage(
    (management, target): (Management, cli::Target),
    environment: &Environment,
) -> Result<Command, ConfigError> {
    Ok(Command::Manage(Box::new(Target::from_raw(target, environment)?), management))
}

/// Reads the command line of `tatuscan-agent`; the program's name comes first.
///
/// # Errors
/// As for `tatuscan`.
pub fn agent_command(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Result<Agent, Refusal> {
    let arguments = invocation::today(arguments.into_iter().collect(), 1);
    let raw: cli::TatuscanAgent = parse(arguments, environment)?;
    Ok(Agent::from_raw(raw.agent, environment)?)
}

fn parse<T: CommandFactory + FromArgMatches>(
    arguments: Vec<OsString>,
    environment: &Environment,
) -> Result<T, clap::Error> {
    let mut command = environment.fill(T::command());
    let matches = command.try_get_matches_from_mut(arguments)?;
    T::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// The text without surrounding white space; `None` when nothing is left.
fn present(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}
