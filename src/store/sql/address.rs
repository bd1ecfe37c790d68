//! Which database, and how to reach it.

use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;

/// A database and what the store must know to use it.
#[derive(Clone)]
pub struct SqlSettings {
    /// Where it is.
    pub address: Address,
    /// The zone of times that the original's tables keep without one.
    pub zone: Tz,
}

/// Where a database is.
#[derive(Clone)]
pub enum Address {
    /// An SQLite file; it is made when it is not there, but its directory is not.
    Sqlite(PathBuf),
    /// A PostgreSQL server, or one that speaks its protocol.
    Postgres(Server),
    /// A MySQL or MariaDB server, or one that speaks their protocol.
    Mysql(Server),
}

/// A database on a server.
#[derive(Clone)]
pub struct Server {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// A Unix socket instead: for PostgreSQL its directory, for MySQL the socket itself.
    pub socket: Option<PathBuf>,
    /// Who logs in; `None` for the server's own default.
    pub user: Option<String>,
    /// Never shown.
    pub password: Option<String>,
    /// Name of the database; `None` for the user's own.
    pub database: Option<String>,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// Certificates (PEM) to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// A certificate (PEM) and its key to show to the server.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    /// Time to connect.
    pub connect_timeout: Duration,
    /// What the server is told about who is there.
    pub application_name: String,
    /// PostgreSQL's parameters for each session, such as `search_path`.
    pub parameters: Vec<(String, String)>,
}

/// How a connection is encrypted, in PostgreSQL's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// Never.
    Disable,
    /// Where the server can.
    Prefer,
    /// Always, whoever answers.
    Require,
    /// Always, with a certificate that a trusted authority signed.
    VerifyCa,
    /// Always, with a certificate that a trusted authority signed for this host.
    VerifyFull,
}
