//! The server's settings.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use tracing::Level;

use super::{ConfigError, Database, Environment, Format, Log, Output, ServerTls, StatusThresholds};
use super::{data_dir, log, present, store_file, tls, zone};
use crate::cli;

const DEFAULT_PORT: u16 = 8040;
const DEFAULT_MAX_CONNECTIONS: usize = 4096;
const MOST_CONNECTIONS: usize = 1_000_000;

/// Checked settings of the server.
#[derive(Debug, Clone)]
pub struct Serve {
    /// Address to listen on.
    pub bind: IpAddr,
    /// Port to listen on; 0 is any free one.
    pub port: u16,
    /// Directory of the inventory; it need not exist yet.
    pub data_dir: PathBuf,
    /// File of the inventory: a name in `data_dir`, or a path of its own.
    pub db_file: String,
    /// Where an SQLite file of the original would be.
    pub legacy_sqlite: PathBuf,
    /// An SQL database to use instead of the file.
    pub database: Option<Database>,
    /// Zone of dates without one and of day limits.
    pub zone: Tz,
    /// When a machine counts as late, offline and missing.
    pub status: StatusThresholds,
    /// Connections served at the same time; at least 1.
    pub max_connections: usize,
    /// Whether the server reports its own machine.
    pub local_agent: bool,
    /// Whether the server speaks HTTPS, and with which certificate.
    pub tls: ServerTls,
    /// What is logged, and where.
    pub log: Log,
    /// What was noticed before there was a log.
    pub warnings: Vec<String>,
}

impl Serve {
    /// Checks the raw options. Looks at the file system, changes nothing in it.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn from_raw(raw: cli::Serve, environment: &Environment) -> Result<Self, ConfigError> {
        let mut warnings = environment.warnings().to_vec();
        let level = level(present(raw.log_level), &mut warnings);
        let format = format(present(raw.log_format))?;
        let colour = environment.value("NO_COLOR").is_none();
        let gunicorn: Vec<&str> = environment.names_starting_with("GUNICORN_").collect();
        if !gunicorn.is_empty() {
            let names = gunicorn.join(", ");
            warnings.push(format!("{names}: ignored, there is no gunicorn here"));
        }
        let named_dir = present(raw.data_dir);
        let data_dir = data_dir::choose(named_dir, environment);
        let (db_file, legacy_sqlite) = store_file::choose(present(raw.db_file), &data_dir)?;
        let database = database(present(raw.database_uri), &data_dir, &mut warnings)?;
        Ok(Self {
            bind: bind(present(raw.bind))?,
            port: port(present(raw.port))?,
            data_dir,
            db_file,
            legacy_sqlite,
            database,
            zone: present(raw.timezone).map_or(Ok(zone::DEFAULT), |name| zone::parse(&name))?,
            status: StatusThresholds::parse(
                present(raw.late),
                present(raw.offline),
                present(raw.missing),
            )?,
            max_connections: max_connections(present(raw.max_connections))?,
            local_agent: yes_or_no(present(raw.local_agent))?,
            tls: tls::choose(present(raw.tls), present(raw.tls_cert), present(raw.tls_key))?,
            log: Log { level, format, output: Output::Stdout, colour },
            warnings,
        })
    }

    /// Path of the inventory's file.
    #[must_use]
    pub fn store_path(&self) -> PathBuf {
        self.data_dir.join(&self.db_file)
    }
}

/// A relative path of an SQLite file is looked for where the original's would be: in the working
/// directory, in Flask's `instance` below it, in the data directory.
fn database(
    text: Option<String>,
    data_dir: &Path,
    warnings: &mut Vec<String>,
) -> Result<Option<Database>, ConfigError> {
    let Some(text) = text else { return Ok(None) };
    let base_dirs = [PathBuf::new(), PathBuf::from("instance"), data_dir.to_owned()];
    let setting = "SQLALCHEMY_DATABASE_URI (--database-uri)";
    let (database, more) = Database::parse(&text, setting, &base_dirs)?;
    warnings.extend(more);
    Ok(Some(database))
}

fn bind(text: Option<String>) -> Result<IpAddr, ConfigError> {
    let Some(text) = text else {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    };
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(&text);
    if bare.eq_ignore_ascii_case("localhost") {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    bare.parse().map_err(|_| {
        let advice = if text.parse::<std::net::SocketAddr>().is_ok() {
            "Write the address alone; the port is TATUSCAN_PORT (--port)"
        } else {
            "Write 127.0.0.1 for this computer only, 0.0.0.0 for every IPv4 network or :: for all"
        };
        ConfigError::new("TATUSCAN_BIND (--bind)", &text, "is not an IP address", advice)
    })
}

fn port(text: Option<String>) -> Result<u16, ConfigError> {
    let Some(text) = text else {
        return Ok(DEFAULT_PORT);
    };
    text.parse().map_err(|_| {
        let setting = "TATUSCAN_PORT (--port)";
        if text.starts_with("tcp://") {
            let problem = "is what Kubernetes puts there for a service named tatuscan";
            let advice = "Set enableServiceLinks: false in the pod, or TATUSCAN_PORT to the port, \
                          such as 8040";
            return ConfigError::new(setting, &text, problem, advice);
        }
        let advice = "Write a number from 0 to 65535, such as 8040; 0 takes any free port";
        ConfigError::new(setting, &text, "is not a port", advice)
    })
}

fn level(text: Option<String>, warnings: &mut Vec<String>) -> Level {
    let Some(text) = text else { return Level::INFO };
    log::level(&text).unwrap_or_else(|| {
        let advice = "Logging at info. Write debug, info, warning, error or critical";
        let setting = "LOG_LEVEL (--log-level)";
        let warning = ConfigError::new(setting, &text, "is not a log level", advice);
        warnings.push(warning.to_string());
        Level::INFO
    })
}

fn format(text: Option<String>) -> Result<Format, ConfigError> {
    match text.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None | Some("text") => Ok(Format::Text),
        Some("json") => Ok(Format::Json),
        Some(_) => Err(ConfigError::new(
            "TATUSCAN_LOG_FORMAT (--log-format)",
            &text.unwrap_or_default(),
            "is not a log format",
            "Write text or json",
        )),
    }
}

fn max_connections(text: Option<String>) -> Result<usize, ConfigError> {
    let Some(text) = text else {
        return Ok(DEFAULT_MAX_CONNECTIONS);
    };
    match text.parse() {
        Ok(number) if (1..=MOST_CONNECTIONS).contains(&number) => Ok(number),
        _ => Err(ConfigError::new(
            "TATUSCAN_MAX_CONNECTIONS (--max-connections)",
            &text,
            "is not a number of connections",
            "Write a number from 1 to 1000000, such as 4096",
        )),
    }
}

fn yes_or_no(text: Option<String>) -> Result<bool, ConfigError> {
    match text.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None | Some("no" | "false" | "0" | "off") => Ok(false),
        Some("yes" | "true" | "1" | "on") => Ok(true),
        Some(_) => Err(ConfigError::new(
            "TATUSCAN_LOCAL_AGENT (--local-agent)",
            &text.unwrap_or_default(),
            "is neither yes nor no",
            "Write yes or no",
        )),
    }
}
