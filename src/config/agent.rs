//! The agent's settings.

use std::path::PathBuf;
use std::time::Duration;

use tracing::Level;

use super::{
    ConfigError, Environment, Format, Log, Output, Privacy, ServerUrl, duration, enrolment, log,
    present, trust,
};
use crate::cli::{self, AgentAction};
use crate::trust::Trust;

const DEFAULT_INTERVAL: Duration = Duration::from_secs(60);

/// Where reports go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// To a server.
    Server(ServerUrl),
    /// To standard output, for a person to read.
    Stdout,
    /// Nowhere: the machine gets its key from this server, with this token.
    Enrolment(ServerUrl, String),
    /// Nowhere: it is looked at whether they could be sent.
    Examination {
        /// To this server.
        url: Option<ServerUrl>,
        /// Whether the answer is JSON.
        json: bool,
    },
    /// Nowhere: something is done about the agent that the system starts.
    Service(ServiceTask),
}

/// What is done about the agent that the system starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceTask {
    /// It is installed, with these settings: names of variables and their values, which were checked.
    Install(Vec<(&'static str, String)>, ServicePlace),
    /// It is removed.
    Uninstall {
        /// Whether with everything that it kept.
        purge: bool,
        /// From where.
        place: ServicePlace,
    },
    /// It is started, stopped, restarted or looked at, in systemd's word.
    Control(&'static str),
}

/// Where the agent is installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServicePlace {
    /// Whether it is only said what would be done.
    pub is_dry_run: bool,
    /// A directory below which the files go, in place of the running system.
    pub destination: Option<PathBuf>,
    /// The directory of its settings and of what it keeps.
    #[cfg(windows)]
    pub home: PathBuf,
    /// Whether the server's address may be missing: the service then looks for it at every start.
    #[cfg(windows)]
    pub is_unattended: bool,
}

impl From<cli::Service> for ServicePlace {
    fn from(raw: cli::Service) -> Self {
        Self {
            is_dry_run: raw.dry_run,
            destination: raw.destination,
            #[cfg(windows)]
            home: super::windows::home(),
            #[cfg(windows)]
            is_unattended: raw.unattended,
        }
    }
}

/// Checked settings of the agent.
#[derive(Debug, Clone)]
pub struct Agent {
    /// Where reports go.
    pub destination: Destination,
    /// Which servers are believed.
    pub trust: Trust,
    /// A token with which the machine gets a key of its own.
    pub enrol_token: Option<String>,
    /// Time between two reports; `None` is one report and an end.
    pub interval: Option<Duration>,
    /// Directory of what must survive a restart; it need not exist yet.
    pub state_dir: PathBuf,
    /// What the server is told.
    pub privacy: Privacy,
    /// The directory in which the machine's files are.
    pub root: PathBuf,
    /// What is logged, and where.
    pub log: Log,
    /// What was noticed before there was a log.
    pub warnings: Vec<String>,
}

impl Agent {
    /// Checks the raw options.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn from_raw(raw: cli::Agent, environment: &Environment) -> Result<Self, ConfigError> {
        let given = given(&raw);
        let interval = interval(present(raw.interval))?;
        let repeats = raw.daemon || is_service(environment, std::process::id());
        let level = level(present(raw.log_level))?;
        let (given_url, given_token) = match &raw.action {
            Some(AgentAction::Enroll { url, token }) => (Some(url.clone()), Some(token.clone())),
            _ => (None, None),
        };
        let enrolment = present(given_token.or(raw.enroll_token));
        let (enrol_token, pin) = match &enrolment {
            Some(text) => enrolment::parse(text)?,
            None => (None, None),
        };
        let tls_pin = present(raw.trust.tls_pin).or(pin);
        let trust = trust::choose(cli::Trust { tls_pin, ..raw.trust })?;
        let url = present(given_url.or(raw.url)).map(|url| ServerUrl::parse(&url)).transpose()?;
        if let Some(url) = &url {
            trust::check_scheme(&trust, url.scheme())?;
        }
        let privacy = Privacy::choose(raw.no_users, raw.no_software)?;
        let is_for_people = raw.print || matches!(raw.action, Some(AgentAction::Doctor { .. }));
        let control = |verb| Destination::Service(ServiceTask::Control(verb));
        let destination = match raw.action {
            Some(AgentAction::Doctor { json }) => Destination::Examination { url, json },
            Some(AgentAction::Uninstall { purge, service }) => {
                Destination::Service(ServiceTask::Uninstall { purge, place: service.into() })
            }
            Some(AgentAction::Start) => control("start"),
            Some(AgentAction::Stop) => control("stop"),
            Some(AgentAction::Restart) => control("restart"),
            Some(AgentAction::Status) => control("status"),
            None if raw.print => Destination::Stdout,
            Some(AgentAction::Install(place)) => {
                Destination::Service(ServiceTask::Install(given, place.into()))
            }
            Some(AgentAction::Enroll { .. }) => match &enrol_token {
                Some(token) => Destination::Enrolment(needed(url)?, token.clone()),
                None => Destination::Server(needed(url)?),
            },
            None => Destination::Server(needed(url)?),
        };
        let output = if is_for_people { Output::Stderr } else { Output::Stdout };
        let colour = environment.value("NO_COLOR").is_none();
        Ok(Self {
            destination,
            trust,
            enrol_token,
            interval: repeats.then_some(interval),
            state_dir: state_dir(present(raw.state_dir), environment),
            privacy,
            root: raw.root.unwrap_or_else(|| PathBuf::from("/")),
            log: Log { level, format: Format::Text, output, colour },
            warnings: environment.warnings().to_vec(),
        })
    }
}

fn needed(url: Option<ServerUrl>) -> Result<ServerUrl, ConfigError> {
    url.ok_or_else(|| {
        ConfigError::text(
            "Environment variable TATUSCAN_URL not defined. Set it, or use --url, to the server's \
             address, such as https://inventory.example.org",
        )
    })
}

/// The settings that were given, by their variables, as an installed agent gets them.
fn given(raw: &cli::Agent) -> Vec<(&'static str, String)> {
    let settings = [
        ("TATUSCAN_URL", &raw.url),
        ("TATUSCAN_INTERVAL", &raw.interval),
        ("TATUSCAN_LOG_LEVEL", &raw.log_level),
        ("TATUSCAN_CA_FILE", &raw.trust.ca_file),
        ("TATUSCAN_TLS_PIN", &raw.trust.tls_pin),
        ("TATUSCAN_ENROLL_TOKEN", &raw.enroll_token),
        ("TATUSCAN_NO_USERS", &raw.no_users),
        ("TATUSCAN_NO_SOFTWARE", &raw.no_software),
    ];
    settings.into_iter().filter_map(|(name, value)| Some((name, present(value.clone())?))).collect()
}

fn interval(text: Option<String>) -> Result<Duration, ConfigError> {
    let Some(text) = text else {
        return Ok(DEFAULT_INTERVAL);
    };
    let problem = match duration::parse(&text) {
        Ok(Duration::ZERO) => "is no time at all",
        Ok(interval) => return Ok(interval),
        Err(problem) => problem,
    };
    let advice = "Write a number with its unit, such as 60s, 5m or 1h30m";
    Err(ConfigError::new("TATUSCAN_INTERVAL (--interval)", &text, problem, advice))
}

fn level(text: Option<String>) -> Result<Level, ConfigError> {
    let Some(text) = text else {
        return Ok(Level::WARN);
    };
    log::level(&text).ok_or_else(|| {
        let advice = "Write debug, info, warn, error or fatal";
        ConfigError::new("TATUSCAN_LOG_LEVEL (--log-level)", &text, "is not a log level", advice)
    })
}

/// Whether systemd itself started this process as a service's main process. Such an agent
/// repeats also without `-d`, as the old one did.
fn is_service(environment: &Environment, process_id: u32) -> bool {
    match environment.value("SYSTEMD_EXEC_PID") {
        Some(main) => main.parse() == Ok(process_id),
        // systemd before 248 says nothing about the process.
        #[cfg(unix)]
        None => {
            environment.value("INVOCATION_ID").is_some() && nix::unistd::getppid().as_raw() == 1
        }
        #[cfg(not(unix))]
        None => false,
    }
}

fn state_dir(named: Option<String>, environment: &Environment) -> PathBuf {
    if let Some(named) = named {
        return PathBuf::from(named);
    }
    if let Some(list) = environment.value("STATE_DIRECTORY") {
        return PathBuf::from(list.split(':').next().unwrap_or(list));
    }
    #[cfg(windows)]
    let own = super::windows::home();
    #[cfg(unix)]
    let own = own_state_dir(environment);
    own
}

#[cfg(unix)]
fn own_state_dir(environment: &Environment) -> PathBuf {
    if nix::unistd::geteuid().is_root() {
        return PathBuf::from("/var/lib/tatuscan-agent");
    }
    if let Some(state) = environment.value("XDG_STATE_HOME") {
        return PathBuf::from(state).join("tatuscan");
    }
    let home = environment.value("HOME").map_or_else(std::env::temp_dir, PathBuf::from);
    home.join(".local/state/tatuscan")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_main_process_of_a_service_counts_as_one() {
        let of = |name: &str, value: &str| Environment::of([(name.to_owned(), value.to_owned())]);
        assert!(is_service(&of("SYSTEMD_EXEC_PID", "42"), 42));
        assert!(!is_service(&of("SYSTEMD_EXEC_PID", "1"), 42));
        assert!(!is_service(&of("SYSTEMD_EXEC_PID", "x"), 42));
        assert!(!is_service(&Environment::default(), 42));
    }

    #[test]
    fn state_is_kept_where_the_administrator_or_systemd_says() {
        let systemd = Environment::of([("STATE_DIRECTORY".into(), "/var/lib/a:/var/lib/b".into())]);
        assert_eq!(state_dir(None, &systemd), PathBuf::from("/var/lib/a"));
        assert_eq!(state_dir(Some("/x".into()), &systemd), PathBuf::from("/x"));
    }
}
