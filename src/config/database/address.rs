//! Where a database server listens.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::options::Options;
use super::source::Source;
use super::uri::Uri;
use super::{ConfigError, ServerKind};

/// The directory of PostgreSQL's socket as distributions, and Python's driver, have it.
#[cfg(unix)]
const POSTGRES_SOCKETS: &str = "/var/run/postgresql";

/// What a path may hold as it is when it is shown.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b':');

/// The same of a host.
const HOST: &AsciiSet = &PLAIN.add(b'/');

/// Where a database server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A TCP port.
    Tcp {
        /// Name or IP address; that of IPv6 has no brackets.
        host: String,
        /// Never 0.
        port: u16,
    },
    /// A Unix socket of PostgreSQL's.
    SocketDirectory {
        /// Where the socket is.
        directory: PathBuf,
        /// The number in the socket's name, `.s.PGSQL.5432`.
        port: u16,
    },
    /// A Unix socket of MySQL's.
    Socket(PathBuf),
}

impl Address {
    /// Whether it is on this very computer.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp { host, .. } => {
                let address = host.parse::<std::net::IpAddr>();
                host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|ip| ip.is_loopback())
            }
            Self::SocketDirectory { .. } | Self::Socket(_) => true,
        }
    }
}

impl Address {
    /// What stands before and behind the name of the database in a URI.
    pub(super) fn around_the_database(&self) -> (String, String) {
        let plain = |path: &Path| utf8_percent_encode(&path.to_string_lossy(), PLAIN).to_string();
        match self {
            Self::Tcp { host, port } => {
                let shown = utf8_percent_encode(host, HOST);
                let shown =
                    if host.contains(':') { format!("[{shown}]") } else { shown.to_string() };
                (format!("{shown}:{port}"), String::new())
            }
            Self::SocketDirectory { directory, port } => {
                (format!(":{port}"), format!("?host={}", plain(directory)))
            }
            Self::Socket(path) => (String::new(), format!("?unix_socket={}", plain(path))),
        }
    }

    /// Whether nobody but this computer can listen in.
    pub(super) fn is_socket(&self) -> bool {
        !matches!(self, Self::Tcp { .. })
    }
}

/// The address of a server. Without a host it is this computer.
pub(super) fn read(
    kind: ServerKind,
    default_port: u16,
    uri: &Uri,
    options: &mut Options,
    warnings: &mut Vec<String>,
    source: Source,
) -> Result<Address, ConfigError> {
    let hosts = options.take_all(&["host"]);
    let ports = options.take_all(&["port"]);
    if kind == ServerKind::Mysql
        && let Some(path) = options.take(&["unix_socket"])
    {
        return Ok(Address::Socket(PathBuf::from(path)));
    }
    let before = uri.host.map(|host| source.decoded(host, "host")).transpose()?;
    let (host, more) = first(hosts.first().or(before.as_ref()).map_or("", String::as_str));
    if more || hosts.len() > 1 {
        warnings.push(source.warning("only the first of the hosts is used"));
    }
    let (host, port) = if hosts.is_empty() { (host, None) } else { host_and_port(host) };
    let port = ports.first().map(String::as_str).or(port).or(uri.port).unwrap_or_default();
    let port = match first(port).0 {
        "" => default_port,
        port => port.parse().ok().filter(|port| *port > 0).ok_or_else(|| {
            source.refuse_form("has something other than a port, 1 to 65535, behind the host")
        })?,
    };
    if host.starts_with('/') {
        return Ok(socket(kind, host.to_owned(), port));
    }
    if host.is_empty() {
        #[cfg(unix)]
        if kind == ServerKind::Postgres {
            return Ok(socket(kind, POSTGRES_SOCKETS.to_owned(), port));
        }
        return Ok(Address::Tcp { host: "localhost".to_owned(), port });
    }
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "@[]\\\"'<>".contains(c);
    if host.is_empty() || host.contains(is_odd) {
        return Err(source.refuse_form("has a host that is neither a name nor an IP address"));
    }
    Ok(Address::Tcp { host: host.to_owned(), port })
}

fn socket(kind: ServerKind, path: String, port: u16) -> Address {
    match kind {
        ServerKind::Postgres => Address::SocketDirectory { directory: PathBuf::from(path), port },
        ServerKind::Mysql => Address::Socket(PathBuf::from(path)),
    }
}

/// `host=name:port`, where the part before the colon can be a name: an IPv6 address and the
/// directory of a socket may hold colons too.
fn host_and_port(text: &str) -> (&str, Option<&str>) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let split = text.split_once(':').filter(|(host, port)| {
        host.chars().all(is_name) && port.chars().all(|c| c.is_ascii_digit())
    });
    split.map_or((text, None), |(host, port)| (host, Some(port)))
}

/// The first of the parts between commas, and whether there are more.
fn first(list: &str) -> (&str, bool) {
    list.split_once(',').map_or((list, false), |(first, _)| (first, true))
}
