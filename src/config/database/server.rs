//! What is needed to connect to a database server.

use std::fmt::{self, Write};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::options::Options;
use super::source::Source;
use super::uri::Uri;
use super::{Address, ConfigError, Password, Tls, address, parameters, tls};

/// What a name may hold as it is when it is shown.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whose protocol and SQL a server understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerKind {
    /// PostgreSQL, and those that speak like it.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
}

/// A database on a server, and how to connect to it. Shown without its password.
///
/// There is no character set: texts travel as UTF-8 (`utf8mb4` to MySQL), whatever the tables
/// hold, and the server converts them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseServer {
    /// Whose protocol it speaks.
    pub kind: ServerKind,
    /// Where it listens.
    pub address: Address,
    /// Who connects; `None` is this process's user, as it was for Python's drivers.
    pub user: Option<String>,
    /// Password, if the URI has one.
    pub password: Option<Password>,
    /// Name of the database.
    pub database: String,
    /// How the connection is encrypted, and what is checked.
    pub tls: Tls,
    /// How long one attempt to connect may take; `None` leaves it to the one who connects.
    pub connect_timeout: Option<Duration>,
    /// What the server is told about who is there.
    pub application_name: Option<String>,
    /// Run-time parameters for each session, such as `search_path`; for PostgreSQL only.
    pub parameters: Vec<(String, String)>,
}

/// Reads the URI of a server. What stands behind the `?` wins over what stands before it.
pub(super) fn read(
    uri: &Uri,
    source: Source,
) -> Result<(DatabaseServer, Vec<String>), ConfigError> {
    let (kind, default_port) = match uri.scheme.as_str() {
        "postgresql" | "postgres" => (ServerKind::Postgres, 5432),
        "cockroachdb" => (ServerKind::Postgres, 26257),
        "mysql" | "mariadb" => (ServerKind::Mysql, 3306),
        _ => return Err(source.refuse_form("is of a kind of database that is not known here")),
    };
    let decoded = |part: Option<&str>, what| match part {
        Some(part) if !part.is_empty() => source.decoded(part, what).map(Some),
        _ => Ok(None),
    };
    let mut warnings = Vec::new();
    let mut options = Options::read(uri.query, source)?;
    let address = address::read(kind, default_port, uri, &mut options, &mut warnings, source)?;
    let before = decoded(uri.user, "user name")?;
    let user = options.take(&["user", "username"]).or(before);
    let before = decoded(uri.password, "password")?;
    let password = options.take(&["password", "passwd"]).or(before).map(Password::new);
    let before = decoded(uri.database, "database name")?;
    let database = options.take(&["dbname", "database", "db"]).or(before);
    // PostgreSQL's own client library takes the database to be named as the user is.
    let as_user = || user.clone().filter(|_| kind == ServerKind::Postgres);
    let Some(database) = database.or_else(as_user) else {
        return Err(source.refuse_form("does not say which database of the server is meant"));
    };
    let parameters = match kind {
        ServerKind::Postgres => options.take(&["options"]).unwrap_or_default(),
        ServerKind::Mysql => String::new(),
    };
    let server = DatabaseServer {
        kind,
        tls: tls::read(kind, uri.driver, &address, &mut options, source)?,
        address,
        user,
        password,
        database,
        connect_timeout: connect_timeout(&mut options, source)?,
        application_name: options.take(&["application_name", "program_name"]),
        parameters: parameters::read(&parameters, source)?,
    };
    warnings.extend(charset(&mut options, source));
    warnings.extend(options.into_warnings());
    Ok((server, warnings))
}

/// Whole seconds; none at all means as long as it takes, as in Python's drivers.
fn connect_timeout(options: &mut Options, source: Source) -> Result<Option<Duration>, ConfigError> {
    let Some(text) = options.take(&["connect_timeout", "timeout"]) else { return Ok(None) };
    let seconds: u32 = text.trim().parse().map_err(|_| {
        let advice = "Write whole seconds, such as connect_timeout=10";
        source.refuse("has a time-out that is not a number of seconds", advice)
    })?;
    Ok((seconds > 0).then(|| Duration::from_secs(seconds.into())))
}

fn charset(options: &mut Options, source: Source) -> Option<String> {
    options.take(&["use_unicode"]);
    let charset = options.take(&["charset", "client_encoding"])?;
    let is_utf8 = charset.to_ascii_lowercase().replace('-', "").starts_with("utf8");
    (!is_utf8).then(|| {
        source.warning(
            "the character set has no effect: texts travel as UTF-8, and the server converts them",
        )
    })
}

impl fmt::Display for DatabaseServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ServerKind::Postgres => "postgresql://",
            ServerKind::Mysql => "mysql://",
        })?;
        if let Some(user) = &self.user {
            write!(f, "{}", utf8_percent_encode(user, PLAIN))?;
        }
        if let Some(password) = &self.password {
            write!(f, ":{password}")?;
        }
        if self.user.is_some() || self.password.is_some() {
            f.write_char('@')?;
        }
        let (host, socket) = self.address.around_the_database();
        write!(f, "{host}/{}{socket}", utf8_percent_encode(&self.database, PLAIN))
    }
}
