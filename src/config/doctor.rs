//! What the doctor is asked, and what it looks at among the settings.

use chrono_tz::Tz;

use super::variables::{known_variables, meant};
use super::{ConfigError, Environment, Serve, StorePlace, present, trust};
use crate::cli;
use crate::trust::Trust;

/// Names that Kubernetes makes for a service named tatuscan.
const OF_KUBERNETES: [&str; 3] = ["TATUSCAN_SERVICE_", "TATUSCAN_PORT_", "TATUSCAN_TCP"];
/// Names that only tests and builds read.
const OF_TESTS: &str = "TATUSCAN_TEST_";

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
        let serve = Serve::from_environment(environment);
        let serve = serve.map(Box::new).map_err(|error| error.to_string());
        let known = known_variables();
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
