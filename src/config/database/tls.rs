//! How a connection to a database server is encrypted, and what is checked.

use std::fs::File;
use std::path::PathBuf;

use super::options::{Options, flag};
use super::source::Source;
use super::{Address, ConfigError, ServerKind};

/// Drivers that check the host's name too as soon as they are given an authority.
const STRICT_DRIVERS: [&str; 3] = ["pymysql", "aiomysql", "asyncmy"];

/// How a connection is encrypted, and what is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// Whether to encrypt, and what to check.
    pub mode: TlsMode,
    /// Whom to trust to vouch for the server, a file of PEM; `None` is this computer's own list.
    pub ca_file: Option<PathBuf>,
    /// What this side shows of itself.
    pub client: Option<ClientCertificate>,
}

/// Whether to encrypt, and what to check; each one asks for more than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsMode {
    /// Never encrypted.
    Disable,
    /// Encrypted where the server can.
    Prefer,
    /// Encrypted, to whomever it may be.
    Require,
    /// And the server's certificate is one of an authority's that is trusted.
    VerifyCa,
    /// And it is made out to the host that was named.
    VerifyFull,
}

/// A certificate and its key, files of PEM. The two may be one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Reads the options of PostgreSQL's and MySQL's drivers alike: no name means one thing to the
/// one and another thing to the other.
pub(super) fn read(
    kind: ServerKind,
    driver: &str,
    address: &Address,
    options: &mut Options,
    source: Source,
) -> Result<Tls, ConfigError> {
    let file = |options: &mut Options, names: &[&str]| options.take(names).map(PathBuf::from);
    let mut ca_file = file(options, &["sslrootcert", "ssl_ca"]);
    let certificate = file(options, &["sslcert", "ssl_cert"]);
    let key = file(options, &["sslkey", "ssl_key"]);
    let client = certificate.map(|certificate| {
        let key = key.unwrap_or_else(|| certificate.clone());
        ClientCertificate { certificate, key }
    });
    let (mut asked, is_bare) = named_mode(options, source)?;
    match kind {
        ServerKind::Postgres => {
            // Both as PostgreSQL's own client library does.
            if ca_file.as_ref().is_some_and(|file| file.as_os_str() == "system") {
                (ca_file, asked) = (None, Some(TlsMode::VerifyFull));
            } else if asked == Some(TlsMode::Require) && ca_file.is_some() {
                asked = Some(TlsMode::VerifyCa);
            }
        }
        ServerKind::Mysql => {
            let flags = mode_of_flags(driver, ca_file.is_some(), client.is_some(), options)?;
            // ssl=true says nothing against checking, as ssl_mode=REQUIRED does.
            asked = if is_bare && asked == Some(TlsMode::Require) {
                asked.max(flags)
            } else {
                asked.or(flags)
            };
        }
    }
    let mode = match asked {
        // PostgreSQL has no TLS on a socket, whatever is asked for.
        _ if address.is_socket() && kind == ServerKind::Postgres => TlsMode::Disable,
        None if address.is_socket() => TlsMode::Disable,
        mode => mode.unwrap_or(TlsMode::Prefer),
    };
    if mode == TlsMode::Disable {
        return Ok(Tls { mode, ca_file: None, client: None });
    }
    let client_files = client.iter().flat_map(|client| [&client.certificate, &client.key]);
    for path in ca_file.iter().chain(client_files) {
        File::open(path).map_err(|error| {
            let problem = format!("names {}, which cannot be read: {error}", path.display());
            source.refuse(&problem, "Write the path of a file in PEM form that this user can read")
        })?;
    }
    Ok(Tls { mode, ca_file, client })
}

/// The mode by its name, as PostgreSQL (`sslmode`) and MySQL (`ssl_mode`) have them, and whether
/// it is only said by `ssl=true` or `ssl=false`.
fn named_mode(
    options: &mut Options,
    source: Source,
) -> Result<(Option<TlsMode>, bool), ConfigError> {
    let named = options.take(&["sslmode", "ssl_mode"]);
    let ssl = options.take(&["ssl"]);
    let Some(text) = named.as_ref().or(ssl.as_ref()) else { return Ok((None, false)) };
    let mode = match text.trim().to_ascii_lowercase().replace('_', "-").as_str() {
        "disable" | "disabled" => TlsMode::Disable,
        "allow" | "prefer" | "preferred" => TlsMode::Prefer,
        "require" | "required" => TlsMode::Require,
        "verify-ca" => TlsMode::VerifyCa,
        "verify-full" | "verify-identity" => TlsMode::VerifyFull,
        word => match flag(word).filter(|_| named.is_none()) {
            Some(true) => return Ok((Some(TlsMode::Require), true)),
            Some(false) => TlsMode::Disable,
            None => {
                let advice = "Write sslmode=disable, prefer, require, verify-ca or verify-full";
                return Err(source.refuse("has a way of encrypting that is not known", advice));
            }
        },
    };
    Ok((Some(mode), false))
}

/// What the flags of MySQL's drivers amount to. An authority that is named is meant to be asked.
fn mode_of_flags(
    driver: &str,
    has_authority: bool,
    has_certificate: bool,
    options: &mut Options,
) -> Result<Option<TlsMode>, ConfigError> {
    let off = options.take_flag("ssl_disabled")?;
    let identity = options.take_flag("ssl_verify_identity")?;
    let host = options.take_flag("ssl_check_hostname")?;
    let certificate = options.take_flag("ssl_verify_cert")?;
    let name = identity.or(host);
    Ok(match (name, certificate) {
        _ if off == Some(true) => Some(TlsMode::Disable),
        (Some(true), _) => Some(TlsMode::VerifyFull),
        (_, Some(true)) => Some(TlsMode::VerifyCa),
        (_, Some(false)) => Some(TlsMode::Require),
        (None, None) if has_authority && STRICT_DRIVERS.contains(&driver) => {
            Some(TlsMode::VerifyFull)
        }
        (_, None) if has_authority => Some(TlsMode::VerifyCa),
        _ if has_certificate || name.is_some() => Some(TlsMode::Require),
        _ => None,
    })
}
