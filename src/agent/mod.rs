//! The agent: collect, send, wait. It opens no port and takes no command from the server.

pub mod client;
pub mod collect;
pub mod cycle;
pub mod identity;
pub mod schedule;
mod signal;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
pub use reqwest::Url;

use crate::clock;
use crate::trust::Trust;
use client::Client;
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
}

/// Reports again and again until `shutdown` is done, which ends it at once; or once.
///
/// # Errors
/// When no client can be made, such as for `https` on a host without root certificates; and when
/// a single report was not accepted, with the reason. To an agent that repeats, a server that is
/// down or refuses is no error: it is logged, and tried again.
pub async fn run(settings: Settings, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let client = Client::new(&settings.url, settings.trust)?;
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

/// The agent as the whole work of a process, until SIGTERM or Ctrl-C: [`run`] for that server, or
/// [`print()`] without one. The other arguments are those of [`Settings`].
///
/// # Errors
/// As those two.
pub fn run_process(
    server: Option<Url>,
    trust: Trust,
    interval: Option<Duration>,
    state_dir: PathBuf,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        match server {
            Some(url) => run(Settings { url, trust, interval, state_dir }, stop_requested()).await,
            None => print(state_dir, interval).await,
        }
    });
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
