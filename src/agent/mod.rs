//! The agent: collect, send, wait. It opens no port and takes no command from the server.

pub mod client;
pub mod collect;
pub mod cycle;
pub mod identity;
mod key;
pub mod schedule;
mod signal;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
pub use reqwest::Url;

use crate::clock;
use crate::trust::Trust;
use client::{Client, Credentials};
use collect::Collector;
use cycle::{Outcome, Pace, Source, Transport};
pub use signal::stop_requested;

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
}

/// Reports again and again until `shutdown` is done, which ends it at once; or once.
///
/// # Errors
/// When no client can be made, such as for `https` on a host without root certificates; and when
/// a single report was not accepted, with the reason. To an agent that repeats, a server that is
/// down or refuses is no error: it is logged, and tried again.
pub async fn run(settings: Settings, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let (state_dir, enrol_token) = (settings.state_dir.clone(), settings.enrol_token);
    let credentials = Credentials { state_dir, enrol_token };
    let client = Client::new(&settings.url, settings.trust, credentials)?;
    let collector = Collector::new(settings.state_dir, settings.interval);
    let Some(interval) = settings.interval else {
        return send_once(collector, &client).await;
    };
    tracing::info!(server = %client, ?interval, "agent started");
    let pace = Pace::new(interval, schedule::uniform);
    cycle::repeat(collector, client, pace, clock::now, shutdown).await;
    tracing::info!("agent stopped");
    Ok(())
}

/// The agent as the whole work of a process, until SIGTERM or Ctrl-C: [`run`].
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
        let report = Collector::new(settings.state_dir, settings.interval).report().await;
        client.enrol(&report.machine_id, token).await?;
        Ok(report.machine_id)
    })
}

/// [`print()`] as the whole work of a process.
///
/// # Errors
/// As [`print()`].
pub fn print_process(state_dir: PathBuf, interval: Option<Duration>) -> anyhow::Result<()> {
    in_process(print(state_dir, interval))
}

fn in_process<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    // A host name that is still being looked up must not hold up the end.
    runtime.shutdown_background();
    result
}

async fn send_once(mut collector: Collector, client: &Client) -> anyhow::Result<()> {
    let report = collector.report().await;
    match client.send(&report).await {
        Outcome::Accepted => {
            tracing::info!(machine_id = report.machine_id, "report accepted");
            Ok(())
        }
        Outcome::Refused { reason } | Outcome::Failed { reason, .. } => {
            bail!("report not accepted by {client}: {reason}")
        }
    }
}

/// Prints the report that [`run`] would send now, as indented JSON, to standard output.
///
/// # Errors
/// When standard output cannot be written.
pub async fn print(state_dir: PathBuf, interval: Option<Duration>) -> anyhow::Result<()> {
    let report = Collector::new(state_dir, interval).report().await;
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
    Ok(())
}
