//! The server's settings.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono_tz::Tz;
use tracing::Level;

use super::agent::redacted;
use super::{ConfigError, Environment, Format, Log, Output, duration, log, present, zone};
use crate::cli;

const DEFAULT_PORT: u16 = 8040;
const DEFAULT_FILE: &str = "tatuscan.redb";
const DEFAULT_MAX_CONNECTIONS: usize = 4096;

/// Address of an SQL database. Shown without user name and password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUri(String);

impl DatabaseUri {
    /// The address with everything in it, for the one who connects.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DatabaseUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(&self.0))
    }
}

impl fmt::Debug for DatabaseUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Length of silence after which a machine's status changes; `offline` is not above `missing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusThresholds {
    /// From here on it is late; `None` is three of the machine's own intervals.
    pub late: Option<Duration>,
    /// From here on it is offline.
    pub offline: Duration,
    /// From here on it is missing.
    pub missing: Duration,
}

/// Checked settings of the server.
#[derive(Debug, Clone)]
pub struct Serve {
    /// Address to listen on.
    pub bind: IpAddr,
    /// Port to listen on; 0 is any free one.
    pub port: u16,
    /// Directory of the inventory; it need not exist yet.
    pub data_dir: PathBuf,
    /// Whether somebody named that directory; if not, it is a default.
    pub data_dir_named: bool,
    /// File of the inventory: a name in `data_dir`, or a path of its own.
    pub db_file: String,
    /// Where an SQLite file of the original would be.
    pub legacy_sqlite: PathBuf,
    /// An SQL database to use instead of the file.
    pub database_uri: Option<DatabaseUri>,
    /// Zone of dates without one and of day limits.
    pub zone: Tz,
    /// When a machine counts as late, offline and missing.
    pub status: StatusThresholds,
    /// Connections served at the same time; at least 1.
    pub max_connections: usize,
    /// Whether the server reports its own machine.
    pub local_agent: bool,
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
        let data_dir_named = named_dir.is_some();
        let data_dir = data_dir(named_dir, environment);
        let (db_file, legacy_sqlite) = db_file(present(raw.db_file), &data_dir)?;
        Ok(Self {
            bind: bind(present(raw.bind))?,
            port: port(present(raw.port))?,
            data_dir,
            data_dir_named,
            db_file,
            legacy_sqlite,
            database_uri: present(raw.database_uri).map(DatabaseUri),
            zone: present(raw.timezone)
                .map_or(Ok(Tz::America__Cuiaba), |name| zone::parse(&name))?,
            status: status(
                present(raw.late),
                present(raw.offline),
                present(raw.missing),
            )?,
            max_connections: max_connections(present(raw.max_connections))?,
            local_agent: yes_or_no(present(raw.local_agent))?,
            log: Log {
                level,
                format,
                output: Output::Stdout,
                colour,
            },
            warnings,
        })
    }

    /// Path of the inventory's file.
    #[must_use]
    pub fn store_path(&self) -> PathBuf {
        self.data_dir.join(&self.db_file)
    }
}

fn bind(text: Option<String>) -> Result<IpAddr, ConfigError> {
    let Some(text) = text else {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    };
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(&text);
    if bare.eq_ignore_ascii_case("localhost") {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    bare.parse().map_err(|_| {
        let advice = if text.parse::<std::net::SocketAddr>().is_ok() {
            "Write the address alone; the port is TATUSCAN_PORT (--port)"
        } else {
            "Write 127.0.0.1 for this computer only, 0.0.0.0 for every IPv4 network or :: for all"
        };
        ConfigError::new(
            "TATUSCAN_BIND (--bind)",
            &text,
            "is not an IP address",
            advice,
        )
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

fn data_dir(named: Option<String>, environment: &Environment) -> PathBuf {
    if let Some(named) = named {
        return PathBuf::from(named);
    }
    if let Some(list) = environment.value("STATE_DIRECTORY") {
        return PathBuf::from(list.split(':').next().unwrap_or(list));
    }
    let volume = Path::new("/data");
    if volume.is_dir() {
        volume.to_owned()
    } else {
        PathBuf::from("./data")
    }
}

/// The store's file, and the SQLite file that the original would have under that name.
fn db_file(named: Option<String>, data_dir: &Path) -> Result<(String, PathBuf), ConfigError> {
    let name = named.unwrap_or_else(|| DEFAULT_FILE.to_owned());
    let path = Path::new(&name);
    if path.file_name().is_none() || name.ends_with('/') || data_dir.join(path).is_dir() {
        let advice = "Write the name of a file, such as tatuscan.redb";
        let setting = "TATUSCAN_DB_FILE (--db-file)";
        return Err(ConfigError::new(
            setting,
            &name,
            "is not a file's name",
            advice,
        ));
    }
    if is_sqlite_name(path) || is_sqlite_file(&data_dir.join(path)) {
        let store = path.with_extension("redb").to_string_lossy().into_owned();
        return Ok((store, data_dir.join(path)));
    }
    let legacy = data_dir.join(path.with_extension("db"));
    Ok((name, legacy))
}

fn is_sqlite_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        let extension = extension.to_string_lossy().to_ascii_lowercase();
        extension == "db" || extension.starts_with("sqlite")
    })
}

fn is_sqlite_file(path: &Path) -> bool {
    use std::io::Read;
    let mut start = [0; 16];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && &start == b"SQLite format 3\0"
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

fn status(
    late: Option<String>,
    offline: Option<String>,
    missing: Option<String>,
) -> Result<StatusThresholds, ConfigError> {
    let parse = |setting: &str, text: Option<String>| {
        let Some(text) = text else { return Ok(None) };
        let problem = match duration::parse(&text) {
            Ok(Duration::ZERO) => "is no time at all",
            Ok(silence) => return Ok(Some(silence)),
            Err(problem) => problem,
        };
        let advice = "Write a number with its unit, such as 15m, 12h or 7d";
        Err(ConfigError::new(setting, &text, problem, advice))
    };
    let late = parse("TATUSCAN_LATE (--late)", late)?;
    let minutes = Duration::from_secs(15 * 60);
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    let offline = parse("TATUSCAN_OFFLINE (--offline)", offline)?.unwrap_or(minutes);
    let missing = parse("TATUSCAN_MISSING (--missing)", missing)?.unwrap_or(week);
    if late.is_some_and(|late| late > offline) || offline > missing {
        return Err(ConfigError::text(format!(
            "TATUSCAN_LATE, TATUSCAN_OFFLINE ({offline:?}) and TATUSCAN_MISSING ({missing:?}) must \
             grow in this order: a machine is late first, then offline, then missing",
        )));
    }
    Ok(StatusThresholds {
        late,
        offline,
        missing,
    })
}

fn max_connections(text: Option<String>) -> Result<usize, ConfigError> {
    let Some(text) = text else {
        return Ok(DEFAULT_MAX_CONNECTIONS);
    };
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(ConfigError::new(
            "TATUSCAN_MAX_CONNECTIONS (--max-connections)",
            &text,
            "is not a number of connections",
            "Write a number from 1, such as 4096",
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
