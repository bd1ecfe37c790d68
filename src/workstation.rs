//! The agent as both programs start it, told by the settings.

use crate::agent::{self, Settings, inventory};
use crate::config::{self, Destination};

/// Does what the settings ask for, as the whole work of a process.
///
/// # Errors
/// As what is asked for.
pub fn start(config: config::Agent) -> anyhow::Result<()> {
    config.log.start(&config.warnings)?;
    let config::Agent { destination, trust, enrol_token, interval, state_dir, .. } = config;
    let inventory = inventory::Options {
        root: config.root,
        users: config.privacy.users,
        software: config.privacy.software,
    };
    let settings = |url: config::ServerUrl| Settings {
        url: url.into_url(),
        trust,
        interval,
        state_dir: state_dir.clone(),
        enrol_token,
        inventory: inventory.clone(),
    };
    match destination {
        Destination::Stdout => agent::print_process(state_dir, interval, inventory),
        Destination::Server(url) => agent::run_process(settings(url)),
        Destination::Enrolment(url, token) => {
            let id = agent::enrol_process(settings(url), &token)?;
            println!("Machine {id} is enrolled: it signs its reports from now on");
            Ok(())
        }
    }
}
