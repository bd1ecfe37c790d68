//! What each spelling becomes, what is refused, and that no password is ever shown.

mod files;
mod redaction;
mod servers;
mod tls;

use std::path::PathBuf;

use super::{Address, ConfigError, Database, DatabaseServer, Location};

const SETTING: &str = "SQLALCHEMY_DATABASE_URI (--database-uri)";

/// A text as it is read where no file is looked for.
fn parse(text: &str) -> Result<(Database, Vec<String>), ConfigError> {
    Database::parse(text, SETTING, &[PathBuf::from("/nonexistent")])
}

/// The server that a URI names, and the warnings about it.
fn server(text: &str) -> (DatabaseServer, Vec<String>) {
    match parse(text) {
        Ok((Database::Server(server), warnings)) => (*server, warnings),
        Ok((other, _)) => panic!("{text}: {other:?}"),
        Err(error) => panic!("{text}: {error}"),
    }
}

/// Why a URI is refused.
fn refusal(text: &str) -> String {
    match parse(text) {
        Ok(taken) => panic!("{text} was taken: {taken:?}"),
        Err(error) => error.to_string(),
    }
}

fn tcp(host: &str, port: u16) -> Address {
    Address::Tcp { host: host.to_owned(), port }
}
