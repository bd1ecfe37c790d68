//! From which store into which other one an inventory is copied.

use std::path::PathBuf;

use chrono_tz::Tz;

use super::{ConfigError, Environment, Location, Serve, present, zone};
use crate::cli;

/// Checked settings of `tatuscan migrate`.
#[derive(Debug, Clone)]
pub struct Migrate {
    /// Where the inventory is.
    pub from: Location,
    /// Where it is to be.
    pub to: Location,
    /// Zone of times that are stored without one.
    pub zone: Tz,
    /// Whether nothing is to be changed.
    pub dry_run: bool,
    /// Whether what the target holds is removed.
    pub force: bool,
    /// What was noticed.
    pub warnings: Vec<String>,
}

impl Migrate {
    /// Checks the raw options. Looks at the file system, changes nothing in it.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn from_raw(raw: cli::Migrate, environment: &Environment) -> Result<Self, ConfigError> {
        let here = [PathBuf::new(), PathBuf::from("instance")];
        let (from, mut warnings) = match present(raw.from) {
            Some(from) => Location::parse(&from, "--from", &here)?,
            None => (own(environment)?, Vec::new()),
        };
        let (to, more) = Location::parse(raw.to.trim(), "--to", &here[..1])?;
        warnings.extend(more);
        if from == to {
            let text = "--from and --to are the same store. Name another one to copy into";
            return Err(ConfigError::text(text));
        }
        let zone = zone::choose(raw.timezone)?;
        Ok(Self { from, to, zone, dry_run: raw.dry_run, force: raw.force, warnings })
    }
}

/// Where the server of this environment keeps its inventory.
fn own(environment: &Environment) -> Result<Location, ConfigError> {
    let place = Serve::from_environment(environment)?.store;
    match place.database {
        Some(database) => Ok(Location::Sql(database)),
        None => {
            let path = std::path::absolute(place.path());
            path.map(Location::Embedded).map_err(|error| ConfigError::text(error.to_string()))
        }
    }
}
