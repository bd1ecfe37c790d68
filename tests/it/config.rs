//! Configuration: what each setting takes, what it says when it cannot, and which source wins.

mod messages;
mod process;
pub(crate) mod sample;
mod serve;

use std::ffi::OsString;
use std::path::Path;

use tatuscan::config::{Command, Environment, Refusal, Serve, command};

/// What `tatuscan` makes of these words and this environment.
fn call(words: &str, environment: &Environment) -> Result<Command, Refusal> {
    let words = std::iter::once("tatuscan").chain(words.split_whitespace());
    command(words.map(OsString::from), environment)
}

/// The server's settings from variables, with no flag.
fn serve(variables: &[(&str, &str)]) -> Result<Serve, Refusal> {
    match call("serve", &environment(variables, ""))? {
        Command::Serve(serve) => Ok(*serve),
        other => panic!("this is {other:?}"),
    }
}

/// An environment with those variables and one `.env` file of that text behind them.
fn environment(variables: &[(&str, &str)], dotenv: &str) -> Environment {
    let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut environment = Environment::of(owned);
    environment.add_file(Path::new(".env"), dotenv);
    environment
}
