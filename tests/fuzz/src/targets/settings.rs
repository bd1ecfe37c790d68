//! Files of settings: the word for which on a line, `dotenv`, `settings`, `unit`, `server` or `agent`,
//! and the text.

use std::path::Path;

use tatuscan::config::{Environment, Serve, agent_command, dotenv};
use tatuscan::settings_file;
use tatuscan::systemd::UnitFile;

use super::head;
use crate::sample::assert_harmless;

pub fn run(data: &[u8]) {
    let Some((what, text)) = head(data) else { return };
    let text = &*String::from_utf8_lossy(text);
    match what {
        "dotenv" => environment_file(text),
        "settings" => settings(text),
        "unit" => unit(text),
        "server" => {
            if let Err(error) = Serve::from_environment(&environment(text)) {
                assert_harmless(&error.to_string(), true);
            }
        }
        "agent" => {
            if let Err(refusal) = agent_command(["tatuscan-agent".into()], &environment(text)) {
                assert_harmless(&refusal.to_string(), true);
            }
        }
        _ => {}
    }
}

fn environment(text: &str) -> Environment {
    let mut environment = Environment::of([]);
    environment.add_file(Path::new(".env"), text);
    environment
}

/// Every line is a value, a warning, or nothing; quoted, a value is read as it is.
fn environment_file(text: &str) {
    let file = dotenv::parse(text);
    assert!(file.values.len() + file.warnings.len() <= text.split('\n').count());
    for warning in &file.warnings {
        assert_harmless(warning, false);
        assert!(warning.starts_with("line "), "{warning}");
    }
    for (name, value) in &file.values {
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
        let quoted = quoted.replace('\n', "\\n").replace('\r', "\\r");
        let again = dotenv::parse(&format!("{name}=\"{quoted}\""));
        assert_eq!(again.values, [(name.clone(), value.clone())], "{:?}", again.warnings);
    }
}

/// What is put into a file is read from it, and what else there was stays.
fn settings(text: &str) {
    const NAME: &str = "TATUSCAN_URL";
    let before = settings_file::read(text);
    for (_, value) in before.iter().take(20) {
        let merged = settings_file::merged(text, &[(NAME, value.clone())]);
        let after = settings_file::read(&merged);
        assert_eq!(settings_file::value(&after, NAME), Some(value.as_str()), "{merged:?}");
        let others = |settings: &[(String, String)]| -> Vec<_> {
            settings.iter().filter(|(name, _)| name != NAME).cloned().collect()
        };
        assert_eq!(others(&after), others(&before), "{text:?} {merged:?}");
        assert_eq!(settings_file::merged(&merged, &[(NAME, value.clone())]), merged);
    }
}

fn unit(text: &str) {
    let unit = UnitFile::parse(text);
    assert!(unit.command.iter().skip(1).all(|word| !word.is_empty()));
    assert!(!(unit.starts_an_agent() && unit.starts_our_server()) || unit.command.len() > 2);
    // What stands behind the program makes none of another.
    let service = format!("[Service]\nExecStart=/usr/bin/true\n{text}");
    let other = UnitFile::parse(&service);
    assert!(!other.starts_an_agent() && !other.starts_our_server(), "{other:?}");
}
