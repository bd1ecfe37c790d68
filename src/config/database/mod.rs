//! The address of an SQL database, in SQLAlchemy's spellings, as checked fields.
//!
//! Whoever connects uses the fields and never the text, so that each spelling is understood in one
//! place, and no text with a password in it travels through the program.

mod address;
mod file;
mod location;
mod names;
mod options;
mod parameters;
mod password;
mod server;
mod shown;
mod source;
mod sqlite;
#[cfg(test)]
mod tests;
mod tls;
mod uri;

use std::fmt;
use std::path::PathBuf;

use super::{ConfigError, error};
use source::Source;

pub use address::Address;
pub use location::Location;
pub use password::Password;
pub use server::{DatabaseServer, ServerKind};
pub use tls::{ClientCertificate, Tls, TlsMode};

/// An SQL database to keep the inventory in. Shown without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A file of SQLite's.
    Sqlite {
        /// Its absolute path. Where no file is, its directory is there and can be written.
        path: PathBuf,
    },
    /// PostgreSQL or MySQL, or what speaks like one of them.
    Server(Box<DatabaseServer>),
}

impl Database {
    /// Reads a URI as SQLAlchemy would; `setting` is what an error calls it. A relative path of an
    /// SQLite file is looked for in each of `base_dirs`, and the file is made in the first of them
    /// that has the path's directory when it is in none; there must be one. Beside the database come warnings, a
    /// sentence each, about what the URI asks for in vain.
    ///
    /// # Errors
    /// Whatever cannot be used: the message says what to write instead and holds no password.
    pub fn parse(
        text: &str,
        setting: &str,
        base_dirs: &[PathBuf],
    ) -> Result<(Self, Vec<String>), ConfigError> {
        let source = Source { text, setting };
        let uri = source.uri()?;
        if uri.scheme == "sqlite" {
            let (path, warnings) = sqlite::read(&uri, source, base_dirs)?;
            return Ok((Self::Sqlite { path }, warnings));
        }
        let (server, warnings) = server::read(&uri, source)?;
        Ok((Self::Server(Box::new(server)), warnings))
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => {
                write!(f, "sqlite:///{}", error::shown(&path.display().to_string()))
            }
            Self::Server(server) => server.fmt(f),
        }
    }
}
