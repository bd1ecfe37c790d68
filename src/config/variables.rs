//! The variables that this program reads.

use clap::CommandFactory as _;

use super::environment::ALIASES;
use super::zone::distance;
use crate::cli;

/// Letters in which a name may differ from a known one to be taken for a slip.
const SLIP: usize = 3;

/// Every variable that is read.
#[must_use]
pub fn known_variables() -> Vec<String> {
    variables_of(&cli::Tatuscan::command())
}

/// Those that the server reads.
#[must_use]
pub fn server_variables() -> Vec<String> {
    let command = cli::Tatuscan::command();
    command.find_subcommand("serve").map(variables_of).unwrap_or_default()
}

fn variables_of(command: &clap::Command) -> Vec<String> {
    fn add(command: &clap::Command, known: &mut Vec<String>) {
        let names = command.get_arguments().filter_map(clap::Arg::get_env);
        known.extend(names.map(|name| name.to_string_lossy().into_owned()));
        command.get_subcommands().for_each(|command| add(command, known));
    }
    let mut known: Vec<String> = ALIASES.iter().map(|(_, alias)| (*alias).to_owned()).collect();
    add(command, &mut known);
    known
}

/// The known name that is closest, if it is close.
pub(super) fn meant(name: &str, known: &[String]) -> Option<String> {
    let close = known.iter().map(|known| (distance(name, known), known));
    close.filter(|(letters, _)| *letters <= SLIP).min().map(|(_, known)| known.clone())
}
