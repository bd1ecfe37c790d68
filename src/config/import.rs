//! Which file is imported, and how.

use std::path::{Path, PathBuf};

use super::{ConfigError, Environment, Target, present};
use crate::cli;

/// A file to import.
#[derive(Debug, Clone)]
pub struct Import {
    /// Whose machines are changed.
    pub target: Target,
    /// The file; `None` for standard input.
    pub file: Option<PathBuf>,
    /// Parameters of the API.
    pub parameters: Vec<(&'static str, String)>,
    /// Whether to only say what would be changed.
    pub dry_run: bool,
}

impl Import {
    /// Checks the raw options.
    ///
    /// # Errors
    /// The first one that cannot be used.
    pub fn from_raw(raw: cli::Import, environment: &Environment) -> Result<Self, ConfigError> {
        let cli::Import { file, csv, match_by, map, dry_run, delimiter, encoding, .. } = raw;
        let file = csv.unwrap_or(file);
        // A tab is nothing but white space.
        let delimiter = delimiter.map(|text| if text == "\t" { "tab".to_owned() } else { text });
        let set = |is_set: bool, value: &str| is_set.then(|| value.to_owned());
        let given = [
            ("match", match_by),
            ("delimiter", delimiter),
            ("encoding", encoding),
            ("dry_run", set(dry_run, "true")),
            ("empty", set(raw.clear_empty, "clear")),
            ("fill_days", set(raw.fill_days, "true")),
        ];
        let given = given.into_iter().chain(map.into_iter().map(|pair| ("map", Some(pair))));
        let parameters = given.filter_map(|(name, value)| Some((name, present(value)?))).collect();
        let target = Target::from_raw(raw.target, environment)?;
        let file = Some(file).filter(|path| path != Path::new("-"));
        Ok(Self { target, file, parameters, dry_run })
    }
}
