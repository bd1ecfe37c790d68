//! Five thousand agents and a server that was away, over simulated time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use tatuscan::agent::cycle::{Pace, Source, repeat};
use tatuscan::agent::schedule;
use tatuscan::agent::snapshot::Snapshot;
use tatuscan::agent::transport::{Delivery, Outcome, Transport};
use tatuscan::wire::Report;
use tatuscan::wire::sections::SectionName;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::cycle::{accepted, report};

const AGENTS: usize = 5000;
const INTERVAL: Duration = Duration::from_secs(60);
/// Reports a second, when all is well.
const MEAN: usize = AGENTS / 60;

struct Machine(usize);

impl Source for Machine {
    async fn report(&mut self) -> Report {
        Report { machine_id: format!("machine-{}", self.0), ..report() }
    }

    fn accepted(&mut self) {}

    async fn deliver(&self, _: &(impl Transport + Sync), _: &str, _: &[SectionName]) {}
}

/// What came to the server: when, and whether it was up.
type Tries = Arc<Mutex<Vec<(Duration, usize, bool)>>>;

/// A server as one of the agents sees it.
struct Server {
    number: usize,
    start: Instant,
    outage: std::ops::Range<Duration>,
    tries: Tries,
}

impl Transport for Server {
    async fn send(&self, _: &Report) -> Outcome {
        let after = self.start.elapsed();
        let is_up = !self.outage.contains(&after);
        self.tries.lock().unwrap().push((after, self.number, is_up));
        if is_up {
            return accepted();
        }
        Outcome::Failed { reason: "no connection".to_owned(), retry_after: None }
    }

    async fn send_section(&self, _: &str, _: SectionName, _: Bytes) -> Delivery {
        Delivery::Taken
    }
}

/// All agents from a moment at which each of them is somewhere in its interval, or from one start.
async fn simulate(
    outage: std::ops::Range<Duration>,
    length: Duration,
    at_once: bool,
) -> Vec<(Duration, usize, bool)> {
    let start = Instant::now();
    let epoch = DateTime::<Utc>::from_timestamp(1_795_000_020, 0).unwrap();
    let tries = Tries::default();
    let mut agents = JoinSet::new();
    for number in 0..AGENTS {
        let (outage, tries) = (outage.clone(), tries.clone());
        let server = Server { number, start, outage, tries };
        let phase = schedule::phase(&format!("machine-{number}"), INTERVAL);
        let first = if at_once { Duration::ZERO } else { phase };
        agents.spawn(async move {
            tokio::time::sleep(first).await;
            let clock = move || epoch + start.elapsed();
            let pace = Pace::new(INTERVAL, schedule::uniform);
            let stop = tokio::time::sleep_until(start + length);
            repeat(Machine(number), server, Snapshot::nowhere(), pace, clock, stop).await;
        });
    }
    while let Some(ended) = agents.join_next().await {
        ended.unwrap();
    }
    let tries = tries.lock().unwrap();
    tries.clone()
}

/// Most tries in one second of that time.
fn peak(tries: &[(Duration, usize, bool)], from: Duration, to: Duration) -> usize {
    let mut seconds = std::collections::BTreeMap::new();
    for (after, ..) in tries.iter().filter(|(after, ..)| (from..to).contains(after)) {
        *seconds.entry(after.as_secs()).or_insert(0) += 1;
    }
    seconds.into_values().max().unwrap_or(0)
}

/// For each agent: the first try after the server is back, which is also the first that is taken.
fn first_taken(tries: &[(Duration, usize, bool)], back: Duration) -> Vec<Duration> {
    let mut first = vec![None; AGENTS];
    for (after, number, is_up) in tries.iter().filter(|(after, ..)| *after >= back) {
        assert!(is_up);
        first[*number].get_or_insert(*after);
    }
    first.into_iter().map(|after| after.expect("every agent is heard of again")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_server_that_restarts_has_all_again_at_the_first_retry_and_no_second_burst() {
    let (down, back) = (Duration::from_secs(120), Duration::from_secs(125));
    let tries = simulate(down..back, Duration::from_secs(420), false).await;
    assert!(peak(&tries, Duration::from_secs(60), down) <= 2 * MEAN);
    let missed: std::collections::BTreeSet<_> =
        tries.iter().filter(|(_, _, is_up)| !is_up).map(|(_, number, _)| *number).collect();
    assert!((MEAN * 4..=MEAN * 6).contains(&missed.len()), "{} agents", missed.len());
    let first = first_taken(&tries, back);
    // The few that were unlucky several times in those seconds wait longer, for one retry.
    let is_late = |number: &&usize| first[**number] - back > Duration::from_secs(10);
    let late = missed.iter().filter(is_late).count();
    assert!(late * 20 <= missed.len(), "{late} of {} waited longer than 10 s", missed.len());
    assert!(first.iter().all(|after| *after <= back + INTERVAL));
    // What was held up comes within seconds; then it is as if nothing had been.
    let later = peak(&tries, back + Duration::from_secs(10), Duration::from_secs(420));
    assert!(later <= 2 * MEAN, "{later} in a second, {MEAN} in the mean");
}

#[tokio::test(start_paused = true)]
async fn after_a_long_outage_the_agents_come_back_spread_over_one_backoff() {
    let (down, back) = (Duration::from_secs(60), Duration::from_secs(60 + 3600));
    let end = back + Duration::from_secs(600);
    let tries = simulate(down..back, end, false).await;
    let first = first_taken(&tries, back);
    assert!(first.iter().all(|after| *after - back <= schedule::LONGEST_BACKOFF));
    for (name, from, to) in
        [("during the outage", Duration::from_secs(600), back), ("after it", back, end)]
    {
        let peak = peak(&tries, from, to);
        assert!(peak <= 2 * MEAN, "{peak} in a second {name}, {MEAN} in the mean");
    }
}

#[tokio::test(start_paused = true)]
async fn agents_that_all_start_at_once_are_spread_from_their_second_report_on() {
    let end = Duration::from_secs(300);
    let tries = simulate(Duration::ZERO..Duration::ZERO, end, true).await;
    assert_eq!(tries.iter().filter(|(after, ..)| after.is_zero()).count(), AGENTS);
    let later = peak(&tries, Duration::from_secs(1), end);
    assert!(later <= 2 * MEAN, "{later} in a second, {MEAN} in the mean");
}
