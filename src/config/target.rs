//! Which server or store an administrative command is for.

use std::path::PathBuf;

use chrono_tz::Tz;

use super::{ConfigError, Environment, StorePlace, present, trust};
use crate::cli;
use crate::trust::Trust;

/// Which server or store.
#[derive(Debug, Clone)]
pub struct Target {
    /// Another server than the one of this computer.
    pub url: Option<String>,
    /// A token for it.
    pub token: Option<String>,
    /// Whose word counts on which server it is, with HTTPS.
    pub trust: Trust,
    /// This computer's store.
    pub store: StorePlace,
    /// Zone of times that are shown.
    pub zone: Tz,
}

impl Target {
    /// Checks the raw options.
    ///
    /// # Errors
    /// The first one that cannot be used.
    pub fn from_raw(raw: cli::Target, environment: &Environment) -> Result<Self, ConfigError> {
        let url = present(raw.url).map(|url| url.trim_end_matches('/').to_owned());
        let token = present(raw.token);
        if url.is_some() && token.is_none() {
            let text = "--url names another server: give an admin's token for it with --token, or \
                        in TATUSCAN_TOKEN";
            return Err(ConfigError::text(text));
        }
        let mut warnings = Vec::new();
        let (store, zone) = StorePlace::choose(raw.store, environment, &mut warnings)?;
        let trust = trust::choose(raw.trust)?;
        Ok(Self { url, token, trust, store, zone })
    }

    /// The file with the token that admits to everything.
    #[must_use]
    pub fn token_file(&self) -> PathBuf {
        self.store.data_dir.join("admin.token")
    }
}
