//! What the doctor is asked, and what it looks at among the settings.

use chrono_tz::Tz;
use clap::CommandFactory as _;

use super::environment::ALIASES;
use super::zone::distance;
use super::{ConfigError, Environment, Serve, StorePlace, present, trust};
use crate::cli;
use crate::trust::Trust;

/// Names that Kubernetes makes for a service named tatuscan.
const OF_KUBERNETES: [&str; 3] = ["TATUSCAN_SERVICE_", "TATUSCAN_PORT_", "TATUSCAN_TCP"];
/// Names that only tests and builds read.
const OF_TESTS: &str = "TATUSCAN_TEST_";
/// Letters in which a name may differ from a known one to be taken for a slip.
const SLIP: usize = 3;

/// Checked settings of `tatuscan doctor`.
#[derive(Debug, Clone)]
pub struct Doctor {
    /// Where browsers find the server.
    pub url: Option<String>,
    /// Whose word counts on which server it is, with HTTPS.
    pub trust: Trust,
    /// Whether the store's file is made smaller.
    pub compact: bool,
    /// Whether the answer is JSON.
    pub json: bool,
    /// The store.
    pub store: StorePlace,
    /// Zone of times that are stored without one.
    pub zone: Tz,
    /// The settings of a server that is started in this environment.
    pub serve: Result<Box<Serve>, String>,
    /// Variables that nothing reads, each with the name that was meant, if one is close.
    pub unknown: Vec<(String, Option<String>)>,
    /// Whether Kubernetes put names into the environment.
    pub has_service_links: bool,
}

impl Doctor {
    /// Checks the raw options. Looks at the file system, changes nothing in it.
    ///
    /// # Errors
    /// The first one that cannot be used.
    pub fn from_raw(raw: cli::Doctor, environment: &Environment) -> Result<Self, ConfigError> {
        let (store, zone) = StorePlace::choose(raw.store, environment, &mut Vec::new())?;
        let trust = trust::choose(raw.trust)?;
        let url = present(raw.url).map(|url| url.trim_end_matches('/').to_owned());
        if let Some(url) = url.as_deref().filter(|url| !url.contains("://")) {
            let advice = "Write http:// or https:// before the name";
            return Err(ConfigError::new("--url", url, "is not the address of a server", advice));
        }
        let (compact, json) = (raw.compact, raw.json);
        let serve = server(environment);
        let known = known();
        let is_link = |name: &str| OF_KUBERNETES.iter().any(|start| name.starts_with(start));
        let names = environment.names_starting_with("TATUSCAN_");
        let unknown = names
            .filter(|name| !known.iter().any(|known| known == name))
            .filter(|name| !is_link(name) && !name.starts_with(OF_TESTS));
        let unknown = unknown.map(|name| (name.to_owned(), meant(name, &known))).collect();
        let has_service_links = environment.names_starting_with("TATUSCAN_").any(is_link);
        Ok(Self { url, trust, compact, json, store, zone, serve, unknown, has_service_links })
    }
}

/// What a server would make of this environment.
fn server(environment: &Environment) -> Result<Box<Serve>, String> {
    let arguments = ["tatuscan", "serve"].map(Into::into).into();
    let raw: cli::Tatuscan =
        super::parse(arguments, environment).map_err(|error| error.to_string())?;
    match raw.command {
        cli::Subcommand::Serve(raw) => {
            let serve = Serve::from_raw(*raw, environment);
            serve.map(Box::new).map_err(|error| error.to_string())
        }
        _ => Err("the settings of a server cannot be read".into()),
    }
}

/// Every variable that is read.
fn known() -> Vec<String> {
    fn add(command: &clap::Command, known: &mut Vec<String>) {
        let names = command.get_arguments().filter_map(clap::Arg::get_env);
        known.extend(names.map(|name| name.to_string_lossy().into_owned()));
        command.get_subcommands().for_each(|command| add(command, known));
    }
    let mut known: Vec<String> = ALIASES.iter().map(|(_, alias)| (*alias).to_owned()).collect();
    add(&cli::Tatuscan::command(), &mut known);
    known
}

/// The known name that is closest, if it is close.
fn meant(name: &str, known: &[String]) -> Option<String> {
    let close = known.iter().map(|known| (distance(name, known), known));
    close.filter(|(letters, _)| *letters <= SLIP).min().map(|(_, known)| known.clone())
}
