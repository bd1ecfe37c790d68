//! What `appliance/build` makes for Linux, where it is installed: in copies of a small Debian, and in
//! directories with nothing else.

mod alone;
mod deb;
mod release;
mod rpm;
mod services;

use std::fs;
use std::path::PathBuf;

use super::system::{System, place, succeeds};

const SERVER_SETTINGS: &str = "etc/tatuscan/tatuscan.env";
const AGENT_SETTINGS: &str = "etc/tatuscan/agent.env";
const SERVER_ENABLED: &str = "etc/systemd/system/multi-user.target.wants/tatuscan.service";
const AGENT_ENABLED: &str = "etc/systemd/system/multi-user.target.wants/tatuscan-agent.service";

/// The directory that `appliance/build` filled.
fn built() -> Option<PathBuf> {
    place("TATUSCAN_TEST_PACKAGES", "the directory that appliance/build --out filled")
}

/// The one file of a release whose name begins and ends like this.
fn file(beginning: &str, end: &str) -> Option<PathBuf> {
    let built = built()?;
    let entries = fs::read_dir(&built).unwrap().map(|entry| entry.unwrap().path());
    let is_it = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let rest = name.strip_prefix(beginning).and_then(|rest| rest.strip_suffix(end));
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let found: Vec<PathBuf> = entries.filter(is_it).collect();
    assert_eq!(found.len(), 1, "{beginning}*{end} in {}: {found:?}", built.display());
    found.into_iter().next()
}
