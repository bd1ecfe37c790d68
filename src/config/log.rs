//! What is logged, how it looks and where it goes.

use std::io::IsTerminal;
#[cfg(windows)]
use std::path::PathBuf;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::prelude::*;

#[cfg(windows)]
use super::log_file::LogFile;

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// One line for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Where log lines go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Output {
    /// The usual place.
    #[default]
    Stdout,
    /// When standard output carries the answer itself.
    Stderr,
    /// To the end of a file that stays small: a service of Windows has no other place.
    #[cfg(windows)]
    File(PathBuf),
}

/// Checked log settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The least important level that is still logged.
    pub level: Level,
    /// How lines look.
    pub format: Format,
    /// Where they go.
    pub output: Output,
    /// Whether a terminal gets colours.
    pub colour: bool,
}

impl Log {
    /// Starts logging for the rest of the process, with the warnings that were waiting for it.
    /// Libraries are heard from `warn` up only, so that `debug` shows this program's own steps.
    ///
    /// # Errors
    /// When logging was started before.
    pub fn start(&self, warnings: &[String]) -> anyhow::Result<()> {
        let libraries = self.level.min(Level::WARN);
        let filter = Targets::new().with_default(libraries).with_target("tatuscan", self.level);
        let (writer, terminal) = match &self.output {
            Output::Stdout => {
                (BoxMakeWriter::new(std::io::stdout), std::io::stdout().is_terminal())
            }
            Output::Stderr => {
                (BoxMakeWriter::new(std::io::stderr), std::io::stderr().is_terminal())
            }
            #[cfg(windows)]
            Output::File(path) => {
                let writer = match LogFile::open(path) {
                    Ok(file) => BoxMakeWriter::new(std::sync::Mutex::new(file)),
                    // To report without a log is better than not to report.
                    Err(_) => BoxMakeWriter::new(std::io::sink),
                };
                (writer, false)
            }
        };
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(writer)
            .with_ansi(terminal && self.colour)
            .with_target(false);
        let lines = match self.format {
            Format::Text => lines.boxed(),
            Format::Json => lines.json().flatten_event(true).boxed(),
        };
        tracing_subscriber::registry().with(lines.with_filter(filter)).try_init()?;
        // A panic is a line of the log like any other failure.
        std::panic::set_hook(Box::new(|panic| tracing::error!("panicked: {panic}")));
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        Ok(())
    }
}

/// A level by any of the names that are in use, in any case. `None` for other words.
#[must_use]
pub(super) fn level(name: &str) -> Option<Level> {
    Some(match name.to_ascii_lowercase().as_str() {
        "debug" => Level::DEBUG,
        "info" => Level::INFO,
        "warn" | "warning" => Level::WARN,
        "error" | "fatal" | "critical" => Level::ERROR,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_several_names_in_any_case() {
        for (name, expected) in [
            ("debug", Level::DEBUG),
            ("INFO", Level::INFO),
            ("Warn", Level::WARN),
            ("WARNING", Level::WARN),
            ("Error", Level::ERROR),
            ("fatal", Level::ERROR),
            ("CRITICAL", Level::ERROR),
        ] {
            assert_eq!(level(name), Some(expected), "{name}");
        }
        for name in ["", "verbose", "inform", "10", "warnings"] {
            assert_eq!(level(name), None, "{name}");
        }
    }
}
