//! Backups: where they go, and when a server takes them by itself.

use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;

use super::{ConfigError, Environment, StorePlace, Target, duration, present};
use crate::cli;

const DIRECTORY: &str = "TATUSCAN_BACKUP_DIR (--backup-dir)";
const EVERY: &str = "TATUSCAN_BACKUP_EVERY (--backup-every)";
const KEEP: &str = "TATUSCAN_BACKUP_KEEP (--backup-keep)";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const DEFAULT_KEEP: usize = 14;
const MOST_KEPT: usize = 10_000;

/// Checked settings of `tatuscan backup`.
#[derive(Debug, Clone)]
pub struct Backup {
    /// The file to write.
    pub file: PathBuf,
    /// Whether it may replace another one.
    pub force: bool,
    /// Of which server or store.
    pub target: Target,
}

impl Backup {
    /// Checks the raw options.
    ///
    /// # Errors
    /// The first one that cannot be used.
    pub fn from_raw(raw: cli::Backup, environment: &Environment) -> Result<Self, ConfigError> {
        let target = Target::from_raw(raw.target, environment)?;
        Ok(Self { file: raw.file, force: raw.force, target })
    }
}

/// Checked settings of `tatuscan restore`.
#[derive(Debug, Clone)]
pub struct Restore {
    /// The backup.
    pub file: PathBuf,
    /// Whether it may replace what is there.
    pub force: bool,
    /// Where it is restored to.
    pub store: StorePlace,
    /// Zone of times that are stored without one.
    pub zone: Tz,
}

impl Restore {
    /// Checks the raw options.
    ///
    /// # Errors
    /// The first one that cannot be used.
    pub fn from_raw(raw: cli::Restore, environment: &Environment) -> Result<Self, ConfigError> {
        let (store, zone) = StorePlace::choose(raw.store, environment, &mut Vec::new())?;
        Ok(Self { file: raw.file, force: raw.force, store, zone })
    }
}

/// When a server takes backups by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSchedule {
    /// Where it keeps them.
    pub directory: PathBuf,
    /// Time between two.
    pub every: Duration,
    /// How many it keeps; at least 1.
    pub keep: usize,
}

impl BackupSchedule {
    /// Checks the raw options; `None` when no directory is named.
    pub(super) fn choose(raw: cli::Schedule) -> Result<Option<Self>, ConfigError> {
        let every = every(present(raw.backup_every))?;
        let keep = keep(present(raw.backup_keep))?;
        let Some(directory) = present(raw.backup_dir) else {
            if let Some(every) = every {
                let every = format!("{every:?}");
                let problem = "says when backups are taken, but nothing says where they go";
                let advice = format!("Set {DIRECTORY} as well");
                return Err(ConfigError::new(EVERY, &every, problem, &advice));
            }
            return Ok(None);
        };
        let directory = PathBuf::from(directory);
        Ok(Some(Self { directory, every: every.unwrap_or(DAY), keep }))
    }
}

fn every(text: Option<String>) -> Result<Option<Duration>, ConfigError> {
    let Some(text) = text else { return Ok(None) };
    let problem = match duration::parse(&text) {
        Ok(every) if every >= Duration::from_secs(1) => return Ok(Some(every)),
        Ok(_) => "is less than a second",
        Err(problem) => problem,
    };
    let advice = "Write a number with its unit, such as 6h, 24h or 7d";
    Err(ConfigError::new(EVERY, &text, problem, advice))
}

fn keep(text: Option<String>) -> Result<usize, ConfigError> {
    let Some(text) = text else { return Ok(DEFAULT_KEEP) };
    match text.parse() {
        Ok(number) if (1..=MOST_KEPT).contains(&number) => Ok(number),
        _ => {
            let advice = "Write a number from 1 to 10000, such as 14";
            Err(ConfigError::new(KEEP, &text, "is not a number of backups", advice))
        }
    }
}
