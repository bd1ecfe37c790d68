//! The loop over simulated time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use tatuscan::agent::cycle::{Pace, Source, repeat};
use tatuscan::agent::snapshot::Snapshot;
use tatuscan::agent::transport::{Delivery, Outcome, Transport};
use tatuscan::agent::{Settings, inventory, run, schedule};
use tatuscan::trust::Trust;
use tatuscan::wire::Report;
use tatuscan::wire::sections::SectionName;
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const ID: &str = "b151a34bbc369886058cd96579b5356b29a47fb9bd81bf1bcef4189046a7c65e";

pub(super) fn report() -> Report {
    Report {
        machine_id: ID.to_owned(),
        hostname: "vm".to_owned(),
        ip: "10.99.0.2".to_owned(),
        os: "linux".to_owned(),
        os_version: Some("Debian GNU/Linux 12 (bookworm)".to_owned()),
        cpu_percent: 0.0,
        memory_total_mb: 24105,
        memory_used_mb: Some(898),
        timestamp: Some("2026-11-23T07:24:37Z".to_owned()),
        interval_s: None,
        ..Report::default()
    }
}

/// The server has it, and asks for nothing.
pub(super) fn accepted() -> Outcome {
    Outcome::Accepted { want: Vec::new() }
}

struct Machine;

impl Source for Machine {
    async fn report(&mut self) -> Report {
        report()
    }

    fn accepted(&mut self) {}

    async fn deliver(
        &self,
        transport: &(impl Transport + Sync),
        machine_id: &str,
        want: &[SectionName],
    ) {
        for &name in want {
            transport.send_section(machine_id, name, Bytes::from("{}")).await;
        }
    }
}

type Tries = Arc<Mutex<Vec<(Duration, Outcome)>>>;

/// A server that decides by the time since the start; notes every try.
struct Server<F> {
    start: Instant,
    decide: F,
    tries: Tries,
}

impl<F: Fn(Duration, usize) -> Outcome + Send + Sync> Transport for Server<F> {
    async fn send(&self, _report: &Report) -> Outcome {
        let after = self.start.elapsed();
        let mut tries = self.tries.lock().unwrap();
        let outcome = (self.decide)(after, tries.len());
        tries.push((after, outcome.clone()));
        outcome
    }

    async fn send_section(&self, _: &str, _: SectionName, _: Bytes) -> Delivery {
        std::future::pending().await
    }
}

/// Runs the loop with that interval for `length` of simulated time; returns the tries.
async fn simulate(
    interval: Duration,
    length: Duration,
    jitter: fn(Duration) -> Duration,
    decide: impl Fn(Duration, usize) -> Outcome + Send + Sync,
) -> Vec<(Duration, Outcome)> {
    let start = Instant::now();
    let tries = Tries::default();
    let server = Server { start, decide, tries: tries.clone() };
    let clock = move || epoch() + start.elapsed();
    let pace = Pace::new(interval, jitter);
    repeat(Machine, server, Snapshot::nowhere(), pace, clock, tokio::time::sleep(length)).await;
    let tries = tries.lock().unwrap();
    tries.clone()
}

fn epoch() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

fn failed() -> Outcome {
    Outcome::Failed { reason: "no connection".to_owned(), retry_after: None }
}

/// How far from the machine's phase a time after the start is.
fn off_phase(after: Duration, interval: Duration) -> Duration {
    let phase = schedule::phase(ID, interval);
    let until = schedule::until_next_tick(epoch() + after, interval, phase);
    until.min(interval - until)
}

#[tokio::test(start_paused = true)]
async fn the_first_report_goes_out_at_once_and_the_later_ones_on_the_phase() {
    let day = 24 * HOUR;
    let tries = simulate(MINUTE, day, schedule::uniform, |_, _| accepted()).await;
    assert_eq!(tries[0].0, Duration::ZERO);
    assert!((1440..=1441).contains(&tries.len()), "{} reports in a day", tries.len());
    for (after, _) in &tries[1..] {
        assert!(off_phase(*after, MINUTE) <= Duration::from_millis(2), "{after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_hours_without_a_server_are_survived_without_a_storm() {
    let outage = 10 * MINUTE..130 * MINUTE;
    let during = outage.clone();
    let tries = simulate(MINUTE, 4 * HOUR, schedule::uniform, move |after, _| {
        if during.contains(&after) { failed() } else { accepted() }
    })
    .await;
    let failures: Vec<_> =
        tries.iter().filter(|(after, _)| outage.contains(after)).map(|(after, _)| *after).collect();
    assert!((24..=120).contains(&failures.len()), "{} tries in the outage", failures.len());
    for pair in failures.windows(2) {
        assert!(pair[1] - pair[0] <= schedule::LONGEST_BACKOFF + Duration::from_millis(2));
    }
    let back: Vec<_> = tries.iter().filter(|(after, _)| *after >= outage.end).collect();
    assert!(back[0].0 - outage.end <= schedule::LONGEST_BACKOFF);
    assert!(back.len() >= 104, "{} reports after the outage", back.len());
    for (after, outcome) in &back[1..] {
        assert_eq!(*outcome, accepted());
        assert!(off_phase(*after, MINUTE) <= Duration::from_millis(2), "{after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_after_failures_grow_to_five_minutes() {
    let tries = simulate(MINUTE, HOUR, |ceiling| ceiling, |_, _| failed()).await;
    let pauses: Vec<u64> = tries.windows(2).map(|pair| (pair[1].0 - pair[0].0).as_secs()).collect();
    assert_eq!(pauses[..10], [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_obeyed_up_to_an_hour() {
    for (asked, expected) in [(90, 90), (3600, 3600), (u64::MAX, 3600)] {
        let tries = simulate(
            MINUTE,
            2 * HOUR,
            |_| Duration::ZERO,
            move |_, number| {
                if number > 0 {
                    return accepted();
                }
                let retry_after = Some(Duration::from_secs(asked));
                Outcome::Failed { reason: "busy".to_owned(), retry_after }
            },
        )
        .await;
        assert_eq!(tries[1].0.as_secs(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_report_is_dropped_and_the_next_one_is_on_time() {
    let tries = simulate(
        MINUTE,
        HOUR,
        |ceiling| ceiling,
        |_, _| Outcome::Refused { reason: "400".to_owned() },
    )
    .await;
    assert!((60..=61).contains(&tries.len()), "{} tries in an hour", tries.len());
}

/// The server asks for a section, and never answers when it comes.
#[tokio::test(start_paused = true)]
async fn sections_never_delay_a_report() {
    let day = 24 * HOUR;
    let tries = simulate(MINUTE, day, schedule::uniform, |_, _| Outcome::Accepted {
        want: vec![SectionName::Software],
    })
    .await;
    assert!((1440..=1441).contains(&tries.len()), "{} reports in a day", tries.len());
    for (after, _) in &tries[1..] {
        assert!(off_phase(*after, MINUTE) <= Duration::from_millis(2), "{after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_an_answer() {
    struct Deaf;
    impl Transport for Deaf {
        async fn send(&self, _report: &Report) -> Outcome {
            std::future::pending().await
        }

        async fn send_section(&self, _: &str, _: SectionName, _: Bytes) -> Delivery {
            std::future::pending().await
        }
    }
    let start = Instant::now();
    let pace = Pace::new(MINUTE, schedule::uniform);
    repeat(
        Machine,
        Deaf,
        Snapshot::nowhere(),
        pace,
        epoch,
        tokio::time::sleep(Duration::from_secs(3)),
    )
    .await;
    assert_eq!(start.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_agent_can_run_beside_a_server_in_one_process() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let state = tempfile::tempdir().unwrap();
    let settings = Settings {
        url: "http://127.0.0.1:1".parse().unwrap(),
        trust: Trust::System,
        interval: Some(MINUTE),
        enrol_token: None,
        state_dir: state.path().to_owned(),
        inventory: inventory::Options::default(),
    };
    let agent = tokio::spawn(run(settings, tokio::time::sleep(HOUR)));
    agent.await.unwrap().unwrap();
}
