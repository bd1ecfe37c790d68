//! The server as a service of the system.

use std::collections::BTreeMap;

use super::variables::{meant, server_variables};
use super::{Command, ConfigError, Environment, Serve, ServicePlace, Target};
use crate::cli;

/// What is done about the server that the system starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installation {
    /// It is installed.
    Install {
        /// Settings for it: names of variables, each with its value.
        settings: Vec<(String, String)>,
        /// Whether this machine gets an agent, too.
        with_agent: bool,
        /// Where.
        place: ServicePlace,
    },
    /// It is removed.
    Uninstall {
        /// Whether with everything that it kept.
        purge: bool,
        /// From where.
        place: ServicePlace,
    },
}

impl Installation {
    pub(super) fn install(raw: cli::Install) -> Result<Self, ConfigError> {
        if raw.url.is_some() {
            let text = "tatuscan install is for the server; the agent of a workstation is installed \
                        with: tatuscan agent install --url URL";
            return Err(ConfigError::text(text));
        }
        let known = server_variables();
        let settings = raw.settings.iter().map(|text| setting(text, &known));
        let settings = settings.collect::<Result<_, _>>()?;
        let (with_agent, place) = (raw.agent, raw.service.into());
        Ok(Self::Install { settings, with_agent, place })
    }

    pub(super) fn uninstall(raw: cli::Uninstall) -> Self {
        Self::Uninstall { purge: raw.purge, place: raw.service.into() }
    }
}

fn setting(text: &str, known: &[String]) -> Result<(String, String), ConfigError> {
    let Some((name, value)) = text.split_once('=') else {
        let advice = "Write NAME=VALUE, such as TATUSCAN_PORT=8040";
        return Err(ConfigError::new("tatuscan install", text, "is not a setting", advice));
    };
    let (name, value) = (name.trim(), value.trim());
    if !known.iter().any(|known| known == name) {
        let advice = match meant(name, known) {
            Some(meant) => format!("Did you mean {meant}?"),
            None => "tatuscan serve --help lists them".into(),
        };
        let problem = "is not a variable that the server reads";
        return Err(ConfigError::new("tatuscan install", name, problem, &advice));
    }
    if value.contains(['\n', '\r', '\0']) {
        let advice = "Write it in one line";
        return Err(ConfigError::new(name, value, "has more than one line", advice));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// What a server makes of these variables, and the way to it for commands.
///
/// # Errors
/// The first setting that cannot be used.
pub fn installed_server(
    settings: &BTreeMap<String, String>,
) -> Result<(Serve, Target), ConfigError> {
    let environment = Environment::of(settings.clone());
    let serve = Serve::from_environment(&environment)?;
    match super::command(["tatuscan", "setup-link"].map(Into::into), &environment) {
        Ok(Command::Manage(target, _)) => Ok((serve, *target)),
        _ => Err(ConfigError::text("these settings name no store")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_named_as_the_server_reads_them() {
        let known = server_variables();
        let read = |text| setting(text, &known).map_err(|error| error.to_string());
        let expected = ("TIMEZONE".to_owned(), "America/Sao_Paulo".to_owned());
        assert_eq!(read("TIMEZONE = America/Sao_Paulo "), Ok(expected));
        assert!(read("SQLALCHEMY_DATABASE_URI=a=b").unwrap().1 == "a=b");
        for (text, said) in [
            ("TATUSCAN_PRT=80", "Did you mean TATUSCAN_PORT?"),
            ("TATUSCAN_URL=http://x", "is not a variable that the server reads"),
            ("8040", "Write NAME=VALUE"),
            ("TIMEZONE=a\nb", "more than one line"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
