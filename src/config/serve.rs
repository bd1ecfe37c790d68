//! The server's settings.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use chrono_tz::Tz;
use tracing::Level;

use super::access::{self, AccessRules};
use super::{
    BackupSchedule, ConfigError, Environment, Format, Log, Output, ServerTls, StatusThresholds,
    StorePlace,
};
use super::{Privacy, yes_or_no};
use super::{log, present, tls};
use crate::cli;

const DEFAULT_PORT: u16 = 8040;
const DEFAULT_MAX_CONNECTIONS: usize = 4096;
const MOST_CONNECTIONS: usize = 1_000_000;

/// Checked settings of the server.
#[derive(Debug, Clone)]
pub struct Serve {
    /// Address to listen on; `None` for every network.
    pub bind: Option<IpAddr>,
    /// Port to listen on; 0 is any free one.
    pub port: u16,
    /// Where the inventory is kept.
    pub store: StorePlace,
    /// When it takes backups by itself.
    pub backups: Option<BackupSchedule>,
    /// Who may do what.
    pub access: AccessRules,
    /// Zone of dates without one and of day limits.
    pub zone: Tz,
    /// When a machine counts as late, offline and missing.
    pub status: StatusThresholds,
    /// Connections served at the same time; at least 1.
    pub max_connections: usize,
    /// Whether the server reports its own machine.
    pub local_agent: bool,
    /// What that agent tells.
    pub local_privacy: Privacy,
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
    pub fn from_raw(mut raw: cli::Serve, environment: &Environment) -> Result<Self, ConfigError> {
        let mut warnings = environment.warnings().to_vec();
        let bind = bind(present(raw.bind.take()))?;
        let access = AccessRules::take(&mut raw, bind)?;
        let level = level(present(raw.log_level), &mut warnings);
        let format = format(present(raw.log_format))?;
        let colour = environment.value("NO_COLOR").is_none();
        let gunicorn: Vec<&str> = environment.names_starting_with("GUNICORN_").collect();
        if !gunicorn.is_empty() {
            let names = gunicorn.join(", ");
            warnings.push(format!("{names}: ignored, there is no gunicorn here"));
        }
        let (store, zone) = StorePlace::choose(raw.store, environment, &mut warnings)?;
        Ok(Self {
            bind,
            port: port(present(raw.port))?,
            store,
            backups: BackupSchedule::choose(raw.backups)?,
            access,
            zone,
            status: StatusThresholds::parse(
                present(raw.late),
                present(raw.offline),
                present(raw.missing),
            )?,
            max_connections: max_connections(present(raw.max_connections))?,
            local_agent: yes_or_no(
                "TATUSCAN_LOCAL_AGENT (--local-agent)",
                present(raw.local_agent),
            )?,
            local_privacy: {
                let set = |name: &str| environment.value(name).map(str::to_owned);
                Privacy::choose(set("TATUSCAN_NO_USERS"), set("TATUSCAN_NO_SOFTWARE"))?
            },
            tls: tls::choose(present(raw.tls), present(raw.tls_cert), present(raw.tls_key))?,
            log: Log { level, format, output: Output::Stdout, colour },
            warnings,
        })
    }

    /// What a server makes of an environment.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let arguments = ["tatuscan", "serve"].map(Into::into).into();
        let raw: cli::Tatuscan = super::parse(arguments, environment)
            .map_err(|error| ConfigError::text(error.to_string()))?;
        match raw.command {
            cli::Subcommand::Serve(raw) => Self::from_raw(*raw, environment),
            _ => Err(ConfigError::text("the settings of a server cannot be read")),
        }
    }

    /// The addresses to listen on: the first one that this machine has.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let everywhere = || access::EVERYWHERE.to_vec();
        let ips = self.bind.map_or_else(everywhere, |ip| vec![ip]);
        ips.into_iter().map(|ip| SocketAddr::new(ip, self.port)).collect()
    }
}

fn bind(text: Option<String>) -> Result<Option<IpAddr>, ConfigError> {
    let Some(text) = text else { return Ok(None) };
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(&text);
    if bare.eq_ignore_ascii_case("localhost") {
        return Ok(Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }
    bare.parse().map(Some).map_err(|_| {
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
