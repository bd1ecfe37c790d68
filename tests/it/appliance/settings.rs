//! Variables that the files and documents name are those that the programs read.

use std::path::Path;

use clap::CommandFactory as _;
use tatuscan::cli::Tatuscan;

use super::{files, read};
use crate::config::sample::variables;

/// Names of variables in a text. `TATUSCAN_LATE` in `$TATUSCAN_LATE` is one, `TATUSCAN_TEST_` none.
fn named(text: &str) -> Vec<&str> {
    let word = |c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let words = text.split(word).filter(|word| word.starts_with("TATUSCAN_"));
    words.filter(|word| !word.ends_with('_') && !word.starts_with("TATUSCAN_TEST_")).collect()
}

#[test]
fn every_variable_in_files_and_documents_is_one_that_the_programs_read() {
    let mut known = variables(&Tatuscan::command());
    known.push("TATUSCAN_TIMEZONE".to_owned());
    let texts = files("appliance").into_iter().filter(|file| {
        let kind = file.extension().and_then(|kind| kind.to_str());
        !matches!(kind, Some("png" | "ico"))
    });
    let mut count = 0;
    for file in texts.chain(["README.md", "CHANGELOG.md"].map(|file| Path::new(file).to_owned())) {
        for name in named(&read(&file)) {
            count += 1;
            assert!(
                known.iter().any(|known| known == name),
                "{} names {name}, which nothing reads",
                file.display()
            );
        }
    }
    assert!(count > 150, "{count}");
}

/// Every settings file that is not a unit, a script or a document begins with what it is for.
#[test]
fn every_file_for_a_deployment_says_what_it_is_for() {
    for file in files("appliance") {
        let name = file.file_name().unwrap().to_str().unwrap();
        let kind = file.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if !matches!(kind, "yml" | "yaml" | "conf")
            && !matches!(name, "Caddyfile" | "Containerfile")
        {
            continue;
        }
        let text = read(&file);
        let first = text.lines().next().unwrap();
        let says = first.strip_prefix("# ").or_else(|| first.strip_prefix("; "));
        assert!(says.is_some_and(|says| says.len() > 20), "{}: {first}", file.display());
    }
}
