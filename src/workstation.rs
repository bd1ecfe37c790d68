//! The agent as both programs start it, told by the settings.

use crate::agent::doctor::Examination;
use crate::agent::service::{self, Place};
use crate::agent::{self, Settings, inventory};
#[cfg(windows)]
use crate::config::Environment;
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
        #[cfg(windows)]
        home: place.home,
        #[cfg(windows)]
        is_unattended: place.is_unattended,
    };
    match task {
        ServiceTask::Install(settings, at) => service::install(&settings, &place(at)),
        ServiceTask::Uninstall { purge, place: at } => service::uninstall(purge, &place(at)),
        ServiceTask::Control(verb) => service::control(verb),
    }
}

/// Does the whole work of a process that the service manager started, whatever its flags are; answers
/// `false` at once in any other process.
///
/// # Errors
/// When the system does not say which of the two it is.
#[cfg(windows)]
pub fn answer_the_system() -> anyhow::Result<bool> {
    // A service is started with flags at most.
    let has_verb =
        std::env::args_os().nth(1).is_some_and(|word| !word.to_string_lossy().starts_with('-'));
    if has_verb { Ok(false) } else { service::answer(report_as_service) }
}

#[cfg(windows)]
fn report_as_service(ready: &dyn Fn()) -> anyhow::Result<()> {
    let environment = Environment::read_for_service();
    let config = match config::agent_service(std::env::args_os(), &environment) {
        Ok(config) => config,
        Err(refusal) => {
            config::service_log().start(environment.warnings())?;
            return Err(refusal.into());
        }
    };
    service::protect_new(&config.state_dir);
    ready();
    start(config).map(drop)
}
