//! The agent's service on Windows: where its files are, and how it is told what to do.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tracing::Level;
use windows_registry::LOCAL_MACHINE;

use super::{Agent, Environment, Format, Log, Output, Refusal, invocation, parse};
use crate::cli;

/// Where the system says which directories there are.
const FOLDERS: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\Shell Folders";

/// The directory of the agent that the system starts. The environment is not asked: it is whoever's it
/// is.
pub(super) fn home() -> PathBuf {
    let known = LOCAL_MACHINE.open(FOLDERS).and_then(|key| key.get_string("Common AppData"));
    known.map_or_else(|_| PathBuf::from(r"C:\ProgramData"), PathBuf::from).join("TatuScan")
}

/// Where only administrators can write which directory `install` has closed to everybody else.
const CLOSED: &str = r"SOFTWARE\TatuScan";

/// The settings of that agent, as `install` wrote them; none in a directory that it did not close, where
/// anybody may have written them.
pub(super) fn settings() -> Option<PathBuf> {
    let home = home();
    let closed = LOCAL_MACHINE.open(CLOSED).and_then(|key| key.get_string("Home")).ok()?;
    (Path::new(&closed) == home).then(|| home.join("agent.env"))
}

/// Reads the command line with which the service manager started `tatuscan-agent`: it repeats, and logs
/// into a file.
///
/// # Errors
/// As for any other command line.
pub fn agent_service(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Result<Agent, Refusal> {
    let arguments = invocation::today(arguments.into_iter().collect(), 1);
    let mut raw: cli::TatuscanAgent = parse(arguments, environment)?;
    raw.agent.daemon = true;
    let agent = Agent::from_raw(raw.agent, environment)?;
    let log = log_in(&agent.state_dir, agent.log.level);
    Ok(Agent { log, ..agent })
}

/// The service's log while its settings are not known, or wrong.
#[must_use]
pub fn service_log() -> Log {
    log_in(&home(), Level::WARN)
}

fn log_in(directory: &Path, level: Level) -> Log {
    let output = Output::File(directory.join("agent.log"));
    Log { level, format: Format::Text, output, colour: false }
}
