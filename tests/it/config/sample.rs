//! The sample file names every variable, with its default and a comment.

use clap::CommandFactory;
use tatuscan::cli::Tatuscan;

use super::serve;
use tatuscan::config::dotenv;

const SAMPLE: &str = include_str!("../../../appliance/tatuscan.env");

/// `NAME=value` lines with or without `#` before them, each with the line above it.
fn entries() -> Vec<(&'static str, &'static str, &'static str)> {
    let lines: Vec<&str> = SAMPLE.lines().collect();
    let entry = |pair: &[&'static str]| {
        let (name, value) = pair[1].trim_start_matches('#').split_once('=')?;
        name.chars().all(|c| c.is_ascii_uppercase() || c == '_').then_some((name, value, pair[0]))
    };
    lines.windows(2).filter_map(entry).collect()
}

/// The variables that `command` and those below it read.
pub(crate) fn variables(command: &clap::Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|option| option.get_env());
    let own = own.map(|name| name.to_string_lossy().into_owned());
    own.chain(command.get_subcommands().flat_map(variables)).collect()
}

#[test]
fn every_variable_stands_in_the_sample_file_with_a_comment_above_it() {
    let entries = entries();
    let known = variables(&Tatuscan::command());
    assert!(known.len() > 15, "{known:?}");
    let aliases = ["PORT", "TATUSCAN_TIMEZONE"].map(str::to_owned);
    for name in known.iter().chain(&aliases) {
        let entry = entries.iter().find(|(entry, ..)| entry == name);
        let (_, _, comment) = entry.unwrap_or_else(|| panic!("{name} is not in the sample file"));
        assert!(comment.starts_with("# "), "{name} has no comment");
    }
    for (name, ..) in entries {
        assert!(known.iter().chain(&aliases).any(|known| known == name), "nothing reads {name}");
    }
}

#[test]
fn the_sample_file_says_what_the_defaults_are() {
    let file = dotenv::parse(SAMPLE);
    assert!(file.warnings.is_empty(), "{:?}", file.warnings);
    let set: Vec<(&str, &str)> =
        file.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(format!("{:?}", serve(&set).unwrap()), format!("{:?}", serve(&[]).unwrap()));
}
