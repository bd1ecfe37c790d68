//! One connection's share of the load.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use http::Method;
use tokio::time::{Instant, sleep_until};

use super::Settings;
use super::client::{Connection, Target};
use super::fleet::{Fleet, Random};
use super::signer::Signer;
use crate::cli::Work;

/// Pages that people open, with what they sort and filter by.
const PAGES: [&str; 6] = [
    "/api/machines?limit=100&sort=hostname",
    "/api/machines?limit=100&sort=os_version&dir=desc",
    "/api/machines?limit=100&os=windows&sort=updated_at&dir=desc",
    "/api/machines?limit=100&q=lab&offset=100",
    "/api/machines?limit=100&status=online&sort=computer_activation",
    "/api/machines?limit=100&ip=10.0.0.0%2F16&sort=created_at",
];

/// A request: method, path, body.
type Request = (Method, Cow<'static, str>, String);

/// A connection and the machines it reports for. No other connection reports for them, so that
/// the order of a machine's reports is known.
pub(super) struct Worker {
    number: usize,
    settings: Arc<Settings>,
    fleet: Arc<Fleet>,
    target: Target,
    connection: Connection,
    /// The keys of its machines, in their order; none when reports are not signed.
    signers: Vec<Signer>,
    /// The value of `Authorization` of what is not signed.
    bearer: Option<String>,
}

/// What came of a worker's share.
pub(super) struct Worked {
    /// Microseconds from the moment a request was due (see [`Worker::due`]) to the end of its answer.
    pub(super) latency_us: Histogram<u64>,
    /// The same, of the reads that were mixed in.
    pub(super) reads_us: Histogram<u64>,
    pub(super) statuses: BTreeMap<u16, u64>,
    /// Requests that got no answer.
    pub(super) broken: u64,
    /// The last acknowledged sequence of each machine.
    pub(super) acknowledged: Vec<(usize, u64)>,
}

impl Worker {
    pub(super) fn new(
        number: usize,
        settings: Arc<Settings>,
        fleet: Arc<Fleet>,
        target: Target,
        connection: Connection,
    ) -> Self {
        let bearer = settings.token.as_deref().map(|token| format!("Bearer {token}"));
        Self { number, settings, fleet, target, connection, signers: Vec::new(), bearer }
    }

    /// Gives its machines keys, when reports are to be signed.
    pub(super) async fn enrolled(mut self) -> anyhow::Result<Self> {
        let Some(token) = self.settings.enrol_token.clone() else { return Ok(self) };
        for machine in self.machines() {
            let (id, seed) = (self.fleet.id(machine), self.settings.seed);
            let signer = Signer::enrolled(id, seed, &token, &mut self.connection).await?;
            self.signers.push(signer);
        }
        Ok(self)
    }

    /// The machines it reports for.
    fn machines(&self) -> impl Iterator<Item = usize> + use<> {
        (self.number..self.fleet.len()).step_by(self.settings.connections)
    }

    pub(super) async fn run(mut self, start: Instant) -> anyhow::Result<Worked> {
        let end = start + self.settings.duration;
        let mut random = Random(self.settings.seed ^ self.number as u64);
        let mut worked = Worked::new()?;
        for round in 1_u64.. {
            for machine in self.machines() {
                let due = self.due(start, round, machine).await;
                if Instant::now() >= end || due >= end {
                    return Ok(worked);
                }
                let is_read = random.below(100) < u64::from(self.settings.reads);
                let request = if is_read {
                    page(&mut random)
                } else {
                    self.request(machine, round, &mut random)
                };
                let signs = !is_read && self.settings.work == Work::Report;
                let answered = self.send(request, signs.then_some(machine)).await;
                let took = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
                let Some(status) = answered else {
                    worked.broken += 1;
                    self.connection = self.reconnect(end).await?;
                    continue;
                };
                *worked.statuses.entry(status).or_default() += 1;
                if is_read {
                    worked.reads_us.record(took)?;
                    continue;
                }
                worked.latency_us.record(took)?;
                if matches!(status, 200 | 201) && self.settings.work == Work::Report {
                    worked.acknowledged.push((machine, round));
                }
            }
            worked.forget_older();
        }
        Ok(worked)
    }

    /// Waits for the moment that a request is due, and says from when on its latency counts: in an
    /// open loop from that moment when the connection was still busy then, because the server is
    /// late. A connection that was free counts from its waking: that the system's timer woke it
    /// late is not the server's doing.
    async fn due(&self, start: Instant, round: u64, machine: usize) -> Instant {
        let Some(rate) = self.settings.rate else { return Instant::now() };
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let position = (round - 1) as f64 * self.fleet.len() as f64 + machine as f64;
        let due = start + Duration::from_secs_f64(position / rate);
        if Instant::now() >= due {
            return due;
        }
        sleep_until(due).await;
        Instant::now()
    }

    fn request(&self, machine: usize, round: u64, random: &mut Random) -> Request {
        let machines = Cow::Borrowed("/api/machines");
        match self.settings.work {
            Work::Report => (Method::POST, machines, self.fleet.report(machine, round)),
            Work::Empty => (Method::POST, machines, "{}".to_owned()),
            Work::Page => page(random),
            Work::List => (Method::GET, machines, String::new()),
            Work::Import => {
                let path = Cow::Borrowed("/api/v1/import/prometheus");
                (Method::POST, path, self.fleet.samples(machine, round))
            }
            Work::Push => {
                let path = format!("/metrics/job/tatuscan/instance/{}", self.fleet.id(machine));
                (Method::PUT, Cow::Owned(path), self.fleet.samples(machine, round))
            }
        }
    }

    /// Sends a request; a machine's is signed when the machine has a key.
    async fn send(&mut self, (method, path, body): Request, machine: Option<usize>) -> Option<u16> {
        let place = machine.map(|machine| machine / self.settings.connections);
        let signer = place.and_then(|place| self.signers.get_mut(place));
        let signed = signer.map(|signer| signer.sign(&body));
        let authorization = signed.as_deref().or(self.bearer.as_deref());
        let answered = self.connection.send(&method, &path, authorization, &body).await;
        answered.ok().map(|(status, _)| status)
    }

    /// A new connection, as soon as the server takes one.
    async fn reconnect(&self, end: Instant) -> anyhow::Result<Connection> {
        loop {
            match self.target.connect().await {
                Ok(connection) => return Ok(connection),
                Err(error) if Instant::now() >= end => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

fn page(random: &mut Random) -> Request {
    let page = PAGES[usize::try_from(random.below(PAGES.len() as u64)).unwrap_or(0)];
    (Method::GET, Cow::Borrowed(page), String::new())
}

impl Worked {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            latency_us: Histogram::new(3)?,
            reads_us: Histogram::new(3)?,
            statuses: BTreeMap::new(),
            broken: 0,
            acknowledged: Vec::new(),
        })
    }

    /// Keeps only the newest acknowledgement of each machine, so that a long run stays small.
    fn forget_older(&mut self) {
        self.acknowledged
            .sort_unstable_by_key(|(machine, round)| (*machine, std::cmp::Reverse(*round)));
        self.acknowledged.dedup_by_key(|(machine, _)| *machine);
    }
}
