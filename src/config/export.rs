//! What is written into a file, and where.

use std::path::{Path, PathBuf};

use super::{ConfigError, Environment, Target, present};
use crate::cli;

/// A file of machines to write.
#[derive(Debug, Clone)]
pub struct Export {
    /// Whose machines.
    pub target: Target,
    /// `csv`, `xlsx` or `jsonl`.
    pub format: String,
    /// Parameters of the API that say how it is written, and what is searched for.
    pub parameters: Vec<(&'static str, String)>,
    /// More parameters, as they stand in an address.
    pub filters: Vec<String>,
    /// The file; `None` for standard output.
    pub output: Option<PathBuf>,
}

impl Export {
    /// Checks the raw options.
    ///
    /// # Errors
    /// The first one that cannot be used.
    pub fn from_raw(raw: cli::Export, environment: &Environment) -> Result<Self, ConfigError> {
        let cli::Export { format, columns, lang, delimiter, q, filter, output, target } = raw;
        let output = output.filter(|path| path != Path::new("-"));
        let format = format.unwrap_or_else(|| ending(output.as_deref()).to_owned());
        if format != "csv" && delimiter.is_some() {
            return Err(ConfigError::text(format!(
                "--delimiter is for CSV, but the file is to be {format}"
            )));
        }
        if format == "jsonl" && lang.is_some() {
            return Err(ConfigError::text(
                "--lang is for files with headers, and JSON Lines has none",
            ));
        }
        // A tab is nothing but white space.
        let delimiter = delimiter.map(|text| if text == "\t" { "tab".to_owned() } else { text });
        let given =
            [("columns", columns), ("lang", lang), ("delimiter", delimiter), ("q", q)].into_iter();
        let parameters = given.filter_map(|(name, value)| Some((name, present(value)?))).collect();
        let target = Target::from_raw(target, environment)?;
        Ok(Self { target, format, parameters, filters: filter, output })
    }
}

/// What the file's ending says that it is.
fn ending(output: Option<&Path>) -> &'static str {
    let ending = output.and_then(Path::extension).unwrap_or_default();
    let named = |name: &&str| ending.eq_ignore_ascii_case(name);
    ["xlsx", "jsonl"].into_iter().find(named).unwrap_or("csv")
}
