//! The report that waits on disk for a server, over simulated time and restarts.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use tatuscan::agent::cycle::{Pace, Source, repeat};
use tatuscan::agent::schedule;
use tatuscan::agent::snapshot::Snapshot;
use tatuscan::agent::transport::{Delivery, Outcome, Transport};
use tatuscan::wire::Report;
use tatuscan::wire::sections::{SectionHashes, SectionName};
use tokio::time::Instant;

use super::cycle::{accepted, report};
use crate::support::edge::{Listener, answer, tatuscan, text};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const FILE: &str = "unsent-report.json";

/// A machine whose reports say in `hostname` how many seconds after the start they were made.
#[derive(Clone)]
struct Machine {
    start: Instant,
    id: &'static str,
}

impl Machine {
    fn now(&self) -> Report {
        let sections = [("software".to_owned(), "abc".to_owned())].into();
        Report {
            machine_id: self.id.to_owned(),
            hostname: self.start.elapsed().as_secs().to_string(),
            cloned_from: Some("template".to_owned()),
            sections: SectionHashes(sections),
            ..report()
        }
    }
}

impl Source for Machine {
    async fn report(&mut self) -> Report {
        self.now()
    }

    fn accepted(&mut self) {}

    async fn deliver(&self, _: &(impl Transport + Sync), _: &str, _: &[SectionName]) {}
}

/// A server that is what it is told to be, and notes what comes, when, and with what result.
#[derive(Clone)]
struct Server {
    start: Instant,
    outcome: Arc<Mutex<Outcome>>,
    seen: Arc<Mutex<Vec<(Duration, Report, Outcome)>>>,
}

impl Server {
    fn new(start: Instant) -> Self {
        Self { start, outcome: Arc::new(Mutex::new(accepted())), seen: Arc::default() }
    }

    fn becomes(&self, outcome: Outcome) {
        *self.outcome.lock().unwrap() = outcome;
    }

    /// What it took since the last time it was asked.
    fn taken(&self) -> Vec<(Duration, Report)> {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap());
        let taken = seen.into_iter().filter(|(_, _, outcome)| *outcome == accepted());
        taken.map(|(after, report, _)| (after, report)).collect()
    }
}

impl Transport for Server {
    async fn send(&self, report: &Report) -> Outcome {
        let outcome = self.outcome.lock().unwrap().clone();
        let seen = (self.start.elapsed(), report.clone(), outcome.clone());
        self.seen.lock().unwrap().push(seen);
        outcome
    }

    async fn send_section(&self, _: &str, _: SectionName, _: Bytes) -> Delivery {
        Delivery::Taken
    }
}

fn down() -> Outcome {
    Outcome::Failed { reason: "no connection".to_owned(), retry_after: None }
}

fn epoch() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

/// The agent from its start to its end, which is after `length` of simulated time.
async fn live(machine: &Machine, server: &Server, state: &Path, length: Duration) {
    let start = machine.start;
    let clock = move || epoch() + start.elapsed();
    let pace = Pace::new(MINUTE, schedule::uniform);
    let snapshot = Snapshot::new(state.to_owned());
    let stop = tokio::time::sleep(length);
    repeat(machine.clone(), server.clone(), snapshot, pace, clock, stop).await;
}

fn kept(state: &Path) -> Option<Report> {
    Some(serde_json::from_slice(&fs::read(state.join(FILE)).ok()?).unwrap())
}

#[tokio::test(start_paused = true)]
async fn two_hours_without_a_server_end_with_the_newest_report_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let (machine, server) = (Machine { start, id: "m" }, Server::new(start));
    server.becomes(down());
    let back = 2 * HOUR;
    let comes_back = async {
        tokio::time::sleep(back).await;
        let waiting = kept(directory.path()).unwrap().hostname;
        server.becomes(accepted());
        waiting
    };
    let length = back + schedule::LONGEST_BACKOFF + Duration::from_secs(1);
    let (waiting, ()) = tokio::join!(comes_back, live(&machine, &server, directory.path(), length));
    let taken = server.taken();
    assert!(taken[0].0 - back <= schedule::LONGEST_BACKOFF, "{:?}", taken[0].0);
    for (after, report) in &taken {
        // Made when it was sent, not in the outage.
        assert_eq!(report.hostname, after.as_secs().to_string());
    }
    // What was on disk until then was of the last try.
    assert!(waiting.parse::<u64>().unwrap() >= (back - schedule::LONGEST_BACKOFF).as_secs());
    assert_eq!(kept(directory.path()), None);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_before_a_reboot_arrives_once_and_first() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("not/there/yet");
    let start = Instant::now();
    let (machine, server) = (Machine { start, id: "m" }, Server::new(start));
    server.becomes(down());
    live(&machine, &server, &state, 2 * HOUR).await;
    let waiting = kept(&state).unwrap();
    let mode = fs::metadata(state.join(FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    assert_eq!(fs::read_dir(&state).unwrap().count(), 1);

    // Still down after the first reboot: the newest one is kept, not the oldest.
    tokio::time::sleep(HOUR).await;
    live(&machine, &server, &state, HOUR).await;
    let newer = kept(&state).unwrap();
    assert!(newer.hostname.parse::<u64>().unwrap() > waiting.hostname.parse().unwrap());

    tokio::time::sleep(HOUR).await;
    server.becomes(accepted());
    let up = start.elapsed();
    live(&machine, &server, &state, HOUR).await;
    let taken = server.taken();
    assert_eq!(taken[0], (up, newer.clone()), "whole, and first");
    assert_eq!(taken[1].0, up, "and then the state of now, at once");
    assert_eq!(taken[1].1.hostname, up.as_secs().to_string());
    assert!((60..=62).contains(&taken.len()), "{} reports in an hour", taken.len());
    assert!(taken[1..].iter().all(|(_, report)| report.hostname != newer.hostname));
    assert_eq!(kept(&state), None);
    live(&machine, &server, &state, HOUR).await;
    assert!(server.taken().iter().all(|(_, report)| report.hostname != newer.hostname));
}

#[tokio::test(start_paused = true)]
async fn what_a_server_will_never_take_is_dropped_whenever_it_was_made() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path();
    let start = Instant::now();
    let (machine, server) = (Machine { start, id: "m" }, Server::new(start));
    let refused = || Outcome::Refused { reason: "400".to_owned() };
    for at_first in [refused(), down()] {
        server.becomes(at_first.clone());
        live(&machine, &server, state, 10 * MINUTE).await;
        assert_eq!(kept(state).is_some(), at_first == down());
    }
    server.becomes(refused());
    live(&machine, &server, state, MINUTE / 2).await;
    assert_eq!(kept(state), None);
    server.becomes(accepted());
    server.taken();
    live(&machine, &server, state, MINUTE / 2).await;
    let taken = server.taken();
    assert_eq!(taken[0].1.hostname, taken[0].0.as_secs().to_string());
}

#[tokio::test(start_paused = true)]
async fn another_machines_report_and_what_is_no_report_are_never_sent() {
    let start = Instant::now();
    let (machine, server) = (Machine { start, id: "m" }, Server::new(start));
    let others = serde_json::to_vec(&Machine { start, id: "template" }.now()).unwrap();
    let mine = serde_json::to_vec(&machine.now()).unwrap();
    let mut too_long = mine.clone();
    too_long.resize(80 << 10, b' ');
    too_long.push(b'x');
    for text in [others, b"{".to_vec(), b"[]".to_vec(), mine[..40].to_vec(), too_long] {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(FILE), text).unwrap();
        let draft = directory.path().join(format!("{FILE}.1-2.new"));
        fs::write(&draft, "half of it").unwrap();
        tokio::time::sleep(MINUTE).await;
        let from = start.elapsed();
        live(&machine, &server, directory.path(), Duration::from_secs(1)).await;
        for (_, report) in server.taken() {
            assert_eq!(
                (report.machine_id.as_str(), report.hostname),
                ("m", from.as_secs().to_string())
            );
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_report_that_is_too_long_for_a_server_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let server = Server::new(start);
    server.becomes(down());
    let short = Machine { start, id: "m" }.now();
    let long = Report { hostname: "x".repeat(70_000), ..short.clone() };
    let mut snapshot = Snapshot::new(directory.path().to_owned());
    snapshot.send(&server, &short).await;
    assert_eq!(kept(directory.path()), Some(short));
    snapshot.send(&server, &long).await;
    assert_eq!(kept(directory.path()), None, "the older one is no longer the newest");
}

#[test]
fn a_single_report_that_failed_goes_before_the_next_one() {
    let directory = tempfile::tempdir().unwrap();
    let run = |url: &str| {
        let mut command = tatuscan(directory.path());
        command.args(["agent", "-l", "info"]).env("TATUSCAN_URL", url).output().unwrap()
    };
    assert_eq!(run("http://127.0.0.1:1").status.code(), Some(1));
    let file = directory.path().join("state").join(FILE);
    let waiting = fs::read_to_string(&file).unwrap();
    let listener = Listener::start("127.0.0.1:0", &[&answer("201 Created", "")]);
    let output = run(&format!("http://{}", listener.address));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let first = listener.request();
    assert_eq!(first.split_once("\r\n\r\n").unwrap().1, waiting);
    assert_ne!(listener.request().split_once("\r\n\r\n").unwrap().1, waiting);
    assert!(listener.is_quiet());
    assert!(!file.exists());
}
