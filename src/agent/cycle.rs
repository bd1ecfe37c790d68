//! The loop itself, over any source of reports and any way to send them.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::schedule;
use super::snapshot::Snapshot;
use super::transport::{Outcome, Transport};
use crate::wire::Report;
use crate::wire::sections::SectionName;

/// Where reports come from.
pub trait Source {
    /// The machine as it is now. There always is a report.
    fn report(&mut self) -> impl Future<Output = Report> + Send;

    /// A server took the last report.
    fn accepted(&mut self);

    /// Sends the sections that the server asked for when it took a report of that machine; may be
    /// dropped before it is done.
    fn deliver(
        &self,
        transport: &(impl Transport + Sync),
        machine_id: &str,
        want: &[SectionName],
    ) -> impl Future<Output = ()> + Send;
}

/// Decides how long to wait, and says what changed: a failure when it starts or its reason
/// changes, and its end.
#[derive(Debug)]
pub struct Pace<J> {
    interval: Duration,
    jitter: J,
    failures: u32,
    last_reason: Option<String>,
}

impl<J: FnMut(Duration) -> Duration> Pace<J> {
    /// A pace of one report per `interval`; `jitter` draws a pause below the one it is given.
    pub fn new(interval: Duration, jitter: J) -> Self {
        Self { interval, jitter, failures: 0, last_reason: None }
    }

    /// The pause after an outcome.
    pub fn wait(&mut self, outcome: &Outcome, machine_id: &str, now: DateTime<Utc>) -> Duration {
        let phase = schedule::phase(machine_id, self.interval);
        let next_tick = schedule::until_next_tick(now, self.interval, phase);
        match outcome {
            Outcome::Accepted { .. } => {
                if self.failures > 0 {
                    tracing::warn!(failures = self.failures, "reports are accepted again");
                }
                tracing::info!(machine_id, "report accepted");
                self.failures = 0;
                self.last_reason = None;
                next_tick
            }
            Outcome::Refused { reason } => {
                self.note(reason, "report refused and dropped");
                self.failures = 0;
                next_tick
            }
            Outcome::Failed { reason, retry_after } => {
                self.failures = self.failures.saturating_add(1);
                self.note(reason, "report not sent, trying again");
                let ceiling = schedule::backoff_ceiling(self.failures);
                match retry_after {
                    Some(pause) => {
                        (*pause).min(schedule::LONGEST_RETRY_AFTER) + (self.jitter)(ceiling)
                    }
                    None => (self.jitter)(ceiling),
                }
            }
        }
    }

    fn note(&mut self, reason: &str, what: &str) {
        if self.last_reason.as_deref() == Some(reason) {
            tracing::debug!(reason, "{what}");
        } else {
            tracing::warn!(reason, "{what}");
            self.last_reason = Some(reason.to_owned());
        }
    }
}

/// Collects, sends and waits until `shutdown` is done, which ends it at once, also in the middle
/// of a report. The first report goes out at once. After a failure the next one is collected
/// anew, so that the server always gets the newest; until then the failed one is in `snapshot`. Sections
/// that the server asked for are sent until the next report is due.
pub async fn repeat<J: FnMut(Duration) -> Duration>(
    mut source: impl Source,
    transport: impl Transport + Sync,
    mut snapshot: Snapshot,
    mut pace: Pace<J>,
    clock: impl Fn() -> DateTime<Utc>,
    shutdown: impl Future<Output = ()>,
) {
    let work = async {
        loop {
            let report = source.report().await;
            let outcome = snapshot.send(&transport, &report).await;
            let pause = pace.wait(&outcome, &report.machine_id, clock());
            let next = tokio::time::sleep(pause);
            tokio::pin!(next);
            if let Outcome::Accepted { want } = &outcome {
                source.accepted();
                let delivery = source.deliver(&transport, &report.machine_id, want);
                tokio::select! {
                    biased;
                    () = &mut next => continue,
                    () = delivery => {}
                }
            }
            next.await;
        }
    };
    tokio::select! {
        biased;
        () = shutdown => {}
        () = work => {}
    }
}
