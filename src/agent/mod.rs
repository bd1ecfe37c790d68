//! The agent: collect, send, wait. It opens no port and takes no command from the server.

mod answer;
pub mod client;
pub mod collect;
pub mod cycle;
pub mod doctor;
#[cfg(target_os = "linux")]
mod handed;
pub mod identity;
pub mod inventory;
mod key;
pub mod schedule;
pub mod service;
mod signal;
#[cfg(windows)]
mod smbios_table;
pub mod snapshot;
mod state;
pub mod transport;
#[cfg(windows)]
mod wmi_rows;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
pub use reqwest::Url;
use serde::Serialize;

use crate::trust::Trust;
use crate::wire::Report;
use crate::wire::sections::SectionName;
use crate::{clock, findings};
pub use client::is_this_machine;
use client::{Client, Credentials};
use collect::Collector;
use cycle::{Pace, Source};
use inventory::Inventory;
pub use signal::stop_requested;
use snapshot::Snapshot;
use state::Place;
use transport::{Outcome, Transport};

/// What the agent needs to know.
#[derive(Clone)]
pub struct Settings {
    /// The server's `http` or `https` address; may hold user name, password and a path.
    pub url: Url,
    /// Which servers are believed.
    pub trust: Trust,
    /// Time between two reports, above zero; `None` is one report and an end.
    pub interval: Option<Duration>,
    /// Directory of what must survive a restart; created when something has to be kept.
    pub state_dir: PathBuf,
    /// A token with which the machine gets a key of its own.
    pub enrol_token: Option<String>,
    /// What is read of the machine beyond its report.
    pub inventory: inventory::Options,
}

/// How long a single report waits for the inventory to be read.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reports again and again until `shutdown` is done, which ends it at once; or once.
///
/// # Errors
/// When no client can be made, such as for `https` on a host without root certificates; and when
/// a single report was not accepted, with the reason; and when an agent that repeats has this state
/// directory already and this one is to repeat too. To an agent that repeats, a server that is
/// down or refuses is no error: it is logged, and tried again.
pub async fn run(settings: Settings, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let (state_dir, enrol_token) = (settings.state_dir.clone(), settings.enrol_token);
    let credentials = Credentials { state_dir, enrol_token };
    let client = Client::new(&settings.url, settings.trust, credentials)?;
    let place = state::take(&settings.state_dir);
    let snapshot = snapshot(&place, settings.interval.is_some(), &settings.state_dir)?;
    let inventory = Inventory::new(settings.inventory);
    let collector = Collector::new(settings.state_dir, settings.interval);
    let machine = Machine { collector, inventory: &inventory };
    let Some(interval) = settings.interval else {
        return send_once(machine, &client, snapshot).await;
    };
    tracing::info!(server = %client, ?interval, "agent started");
    let pace = Pace::new(interval, schedule::uniform);
    tokio::select! {
        () = cycle::repeat(machine, client, snapshot, pace, clock::now, shutdown) => {}
        () = inventory.keep_up() => {}
    }
    tracing::info!("agent stopped");
    Ok(())
}

/// The agent as the whole work of a process, until SIGTERM or Ctrl-C, or until the service manager of
/// Windows has it stop: [`run`].
///
/// # Errors
/// As [`run`].
pub fn run_process(settings: Settings) -> anyhow::Result<()> {
    in_process(async { run(settings, stop_requested()).await })
}

/// Gives this machine a key of its own with the token in the settings, as the whole work of a
/// process; answers the machine's id.
///
/// # Errors
/// What the server says against it; and when the key cannot be kept.
pub fn enrol_process(settings: Settings, token: &str) -> anyhow::Result<String> {
    in_process(async {
        let credentials = Credentials { state_dir: settings.state_dir.clone(), enrol_token: None };
        let client = Client::new(&settings.url, settings.trust, credentials)?;
        let mut collector = Collector::new(settings.state_dir, settings.interval);
        let report = collector.report().await;
        client.enrol(&report.machine_id, token).await?;
        collector.accepted();
        Ok(report.machine_id)
    })
}

/// [`doctor::examine`] as the whole work of a process.
///
/// # Errors
/// When the system gives no runtime.
pub fn examine_process(asked: doctor::Examination) -> anyhow::Result<findings::Report> {
    in_process(async { Ok(doctor::examine(asked).await) })
}

/// [`print()`] as the whole work of a process.
///
/// # Errors
/// As [`print()`].
pub fn print_process(
    state_dir: PathBuf,
    interval: Option<Duration>,
    inventory: inventory::Options,
) -> anyhow::Result<()> {
    in_process(print(state_dir, interval, inventory))
}

fn in_process<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    // A host name that is still being looked up must not hold up the end.
    runtime.shutdown_background();
    result
}

/// A machine with what is inside it.
struct Machine<'a> {
    collector: Collector,
    inventory: &'a Inventory,
}

impl Source for Machine<'_> {
    async fn report(&mut self) -> Report {
        let report = self.collector.report().await;
        Report { sections: self.inventory.hashes(), ..report }
    }

    fn accepted(&mut self) {
        self.collector.accepted();
    }

    async fn deliver(
        &self,
        transport: &(impl Transport + Sync),
        machine_id: &str,
        want: &[SectionName],
    ) {
        self.inventory.deliver(transport, machine_id, want).await;
    }
}

/// Where the newest report is kept by an agent that has this place. A single report may be sent beside
/// an agent that repeats, and keeps nothing then.
fn snapshot(
    place: &io::Result<Place>,
    repeats: bool,
    state_dir: &Path,
) -> anyhow::Result<Snapshot> {
    let directory = state_dir.display();
    match place {
        Ok(Place::Ours(_)) => return Ok(Snapshot::new(state_dir.to_owned())),
        Ok(Place::Taken) if repeats => bail!(
            "another agent is running here (its state is in {directory}): stop that one first, or \
             name another directory in TATUSCAN_STATE_DIR (--state-dir)"
        ),
        Ok(Place::Taken) => {
            tracing::info!("another agent is running here: its state is left alone")
        }
        Err(error) => tracing::warn!(
            "{directory} cannot be used ({error}): what should survive a restart will not; name \
             another directory in TATUSCAN_STATE_DIR (--state-dir)"
        ),
    }
    Ok(Snapshot::nowhere())
}

async fn send_once(
    mut machine: Machine<'_>,
    client: &Client,
    mut snapshot: Snapshot,
) -> anyhow::Result<()> {
    // What is read later than that is sent the next time.
    let _ = tokio::time::timeout(PATIENCE, machine.inventory.read_all()).await;
    let report = machine.report().await;
    match snapshot.send(client, &report).await {
        Outcome::Accepted { want } => {
            tracing::info!(machine_id = report.machine_id, "report accepted");
            machine.accepted();
            machine.deliver(client, &report.machine_id, &want).await;
            Ok(())
        }
        Outcome::Refused { reason } | Outcome::Failed { reason, .. } => {
            bail!("report not accepted by {client}: {reason}")
        }
    }
}

/// What [`print()`] shows.
#[derive(Serialize)]
struct Printed {
    #[serde(flatten)]
    report: Report,
    inventory: BTreeMap<&'static str, serde_json::Value>,
}

/// Prints what [`run`] would send now, as one object of indented JSON, to standard output: the fields
/// of the report, and after them `inventory` with the body of every section by its name.
///
/// # Errors
/// When standard output cannot be written.
pub async fn print(
    state_dir: PathBuf,
    interval: Option<Duration>,
    options: inventory::Options,
) -> anyhow::Result<()> {
    let inventory = Inventory::new(options);
    inventory.read_all().await;
    let collector = Collector::new(state_dir, interval);
    let report = Machine { collector, inventory: &inventory }.report().await;
    let printed = Printed { report, inventory: inventory.bodies() };
    let mut output = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut output, &printed)?;
    writeln!(output)?;
    Ok(())
}
