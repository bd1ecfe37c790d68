//! `tatuscan loadgen`: a fleet that never was, to measure a server and to prove what it keeps.
//!
//! Closed loop: each connection sends its next request when the last one is answered; it finds
//! what a server can do. Open loop: requests are due at fixed moments whatever the server does,
//! and latency counts from those moments when the server is late; it finds what clients feel.

mod client;
mod fleet;
mod observed;
mod outcome;
mod signer;
mod verify;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::Instant;

use client::Target;
use fleet::Fleet;
use observed::Observer;
pub use outcome::Outcome;
use verify::Acknowledged;
use worker::Worker;

use crate::cli::{self, Work};
use crate::config::duration;

/// What to do to which server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server, as `http://host:port`.
    pub url: String,
    /// What each request asks for.
    pub work: Work,
    /// Requests under way at once.
    pub connections: usize,
    /// Requests a second (open loop); `None` for as many as are answered (closed loop).
    pub rate: Option<f64>,
    /// Machines in the fleet.
    pub machines: usize,
    /// How long to go on.
    pub duration: Duration,
    /// Chooses the fleet; the same seed makes the same machines.
    pub seed: u64,
    /// What to send with each request that is not signed.
    pub token: Option<String>,
    /// With what to enrol every machine first; then reports are signed.
    pub enrol_token: Option<String>,
    /// Of a hundred requests, how many read a page instead.
    pub reads: u8,
    /// Where to write each acknowledged report as `machine_id sequence`.
    pub ack_log: Option<PathBuf>,
    /// Whether to check at the end that every acknowledged report is in the list.
    pub verify: bool,
    /// The server's process, to observe its memory and what it writes.
    pub pid: Option<u32>,
    /// Time between two lines about the run; `None` for none.
    pub progress: Option<Duration>,
}

impl Settings {
    /// Checks the command line.
    ///
    /// # Errors
    /// Names the flag and what it takes.
    pub fn from_raw(raw: &cli::Loadgen) -> anyhow::Result<Self> {
        let time = |flag: &str, text: &str| {
            duration::parse(text).map_err(|why| anyhow::anyhow!("{flag} \"{text}\" {why}"))
        };
        anyhow::ensure!(raw.connections > 0, "--connections must be at least 1");
        anyhow::ensure!(raw.machines > 0, "--machines must be at least 1");
        anyhow::ensure!(raw.reads <= 100, "--reads is a percentage, 0 to 100");
        anyhow::ensure!(raw.rate.is_none_or(|rate| rate > 0.0), "--rate must be above 0");
        Ok(Self {
            url: raw.url.clone(),
            work: raw.work,
            connections: raw.connections.min(raw.machines),
            rate: raw.rate,
            machines: raw.machines,
            duration: time("--duration", &raw.duration)?,
            seed: raw.seed,
            token: raw.token.clone(),
            enrol_token: raw.enrol_token.clone(),
            reads: raw.reads,
            ack_log: raw.ack_log.clone(),
            verify: raw.verify,
            pid: raw.pid,
            progress: raw.progress.as_deref().map(|text| time("--progress", text)).transpose()?,
        })
    }
}

/// Runs the load and says what came of it.
///
/// # Errors
/// When the server cannot be reached, refuses reports of the fleet, or lost one of them.
pub async fn run(settings: Settings) -> anyhow::Result<Outcome> {
    let target = Target::new(&settings.url)?;
    let fleet = Arc::new(Fleet::new(settings.machines, settings.seed));
    let settings = Arc::new(settings);
    let mut observer = Observer::start(settings.pid).context("--pid")?;
    let mut workers = Vec::with_capacity(settings.connections);
    for number in 0..settings.connections {
        let (settings, fleet) = (Arc::clone(&settings), Arc::clone(&fleet));
        let connection = target.connect().await?;
        workers.push(Worker::new(number, settings, fleet, target.clone(), connection));
    }
    let enrolling: Vec<_> = workers.into_iter().map(|it| tokio::spawn(it.enrolled())).collect();
    let mut workers = Vec::with_capacity(settings.connections);
    for worker in enrolling {
        workers.push(worker.await??);
    }
    let start = Instant::now();
    let workers: Vec<_> =
        workers.into_iter().map(|worker| tokio::spawn(worker.run(start))).collect();
    let watching = observer.watch(settings.progress, settings.duration);
    let mut acknowledged = Acknowledged::new(settings.machines);
    let mut outcome = Outcome::new(&settings);
    watching.await?;
    for worker in workers {
        let worked = worker.await??;
        acknowledged.merge(&worked);
        outcome.add(worked);
    }
    outcome.finish(start.elapsed(), &observer)?;
    if let Some(path) = &settings.ack_log {
        acknowledged.write(&fleet, path)?;
    }
    if settings.verify {
        outcome.verified =
            Some(acknowledged.verify(&fleet, &target, settings.token.as_deref()).await?);
    }
    Ok(outcome)
}
