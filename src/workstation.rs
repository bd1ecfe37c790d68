//! The agent as both programs start it, told by the settings.

use crate::agent::doctor::Examination;
use crate::agent::service::{self, Place};
use crate::agent::{self, Settings, inventory};
use crate::config::{self, Destination, ServicePlace, ServiceTask};
use crate::findings::Verdict;

/// Does what the settings ask for, as the whole work of a process. Of a doctor it answers what was
/// found, else that all is well.
///
/// # Errors
/// As what is asked for.
pub fn start(config: config::Agent) -> anyhow::Result<Verdict> {
    config.log.start(&config.warnings)?;
    let config::Agent { destination, trust, enrol_token, interval, state_dir, .. } = config;
    let inventory = inventory::Options {
        root: config.root,
        users: config.privacy.users,
        software: config.privacy.software,
    };
    let settings = |url: config::ServerUrl| Settings {
        url: url.into_url(),
        trust: trust.clone(),
        interval,
        state_dir: state_dir.clone(),
        enrol_token: enrol_token.clone(),
        inventory: inventory.clone(),
    };
    match destination {
        Destination::Stdout => agent::print_process(state_dir, interval, inventory)?,
        Destination::Server(url) => agent::run_process(settings(url))?,
        Destination::Enrolment(url, token) => {
            let id = agent::enrol_process(settings(url), &token)?;
            println!("Machine {id} is enrolled: it signs its reports from now on");
        }
        Destination::Examination { url, json } => {
            let url = url.map(config::ServerUrl::into_url);
            let asked = Examination { url, trust, state_dir, enrol_token, inventory };
            let report = agent::examine_process(asked)?;
            print!("{}", if json { report.to_json() } else { report.to_string() });
            return Ok(report.verdict());
        }
        Destination::Service(task) => attend(task)?,
    }
    Ok(Verdict::Ok)
}

fn attend(task: ServiceTask) -> anyhow::Result<()> {
    let place = |place: ServicePlace| Place {
        is_dry_run: place.is_dry_run,
        destination: place.destination,
    };
    match task {
        ServiceTask::Install(settings, at) => service::install(&settings, &place(at)),
        ServiceTask::Uninstall { purge, place: at } => service::uninstall(purge, &place(at)),
        ServiceTask::Control(verb) => service::control(verb),
    }
}
