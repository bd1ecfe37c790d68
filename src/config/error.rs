//! What a refused setting says.

use std::fmt;
use std::process::ExitCode;

/// A setting that cannot be used. Its text names the setting, shows the value and says what to
/// write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(String);

impl ConfigError {
    /// `setting` is a variable with its flag; `problem` ends the sentence that the value starts;
    /// `advice` is a sentence of its own.
    #[must_use]
    pub fn new(setting: &str, value: &str, problem: &str, advice: &str) -> Self {
        let value = value.escape_debug();
        Self(format!("{setting}: \"{value}\" {}. {}", shown(problem), shown(advice)))
    }

    /// An error in its own words.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// A text that may repeat a value, such as a path, without anything that could forge a line.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        // Quotation marks of our own stay as they are.
        if matches!(c, '"' | '\'' | '\\') { shown.push(c) } else { shown.extend(c.escape_debug()) }
    }
    shown
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

/// Why there is nothing to run.
#[derive(Debug)]
pub enum Refusal {
    /// The command line is wrong, or only asked for help or the version.
    Usage(clap::Error),
    /// A setting is wrong.
    Setting(ConfigError),
}

impl Refusal {
    /// Says it where it belongs and gives the program's exit code: 0 for help and version, 2 for
    /// a wrong command line, 1 for a wrong setting.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Usage(error) => {
                // Nobody is left to tell when the terminal is gone.
                let _ = error.print();
                u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
            }
            Self::Setting(error) => {
                eprintln!("tatuscan: {error}");
                ExitCode::FAILURE
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(error) => write!(f, "{error}"),
            Self::Setting(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<clap::Error> for Refusal {
    fn from(error: clap::Error) -> Self {
        Self::Usage(error)
    }
}

impl From<ConfigError> for Refusal {
    fn from(error: ConfigError) -> Self {
        Self::Setting(error)
    }
}

#[cfg(test)]
mod tests {
    use super::ConfigError;

    #[test]
    fn nothing_that_is_repeated_of_a_value_forges_a_line() {
        let path = "/srv/ação\n\u{1b}[31m\u{202e}";
        let error =
            ConfigError::new("X", path, &format!("is not at {path}"), &format!("Make {path}"));
        let shown = r"/srv/ação\n\u{1b}[31m\u{202e}";
        assert_eq!(error.to_string(), format!("X: \"{shown}\" is not at {shown}. Make {shown}"));
        let quoted = ConfigError::new("X", "'", "has a '\"'", r"Write C:\x").to_string();
        assert_eq!(quoted, r#"X: "\'" has a '"'. Write C:\x"#);
    }
}
