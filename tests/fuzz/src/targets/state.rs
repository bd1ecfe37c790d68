//! What an agent finds in its state directory: the word `identity` or `report` on a line, and the file.

use std::fs;

use tatuscan::agent::identity::Known;
use tatuscan::agent::snapshot::Snapshot;
use tatuscan::agent::transport::{Delivery, Outcome, Transport};
use tatuscan::model::MachineId;
use tatuscan::wire::Report;
use tatuscan::wire::sections::SectionName;
use tokio::runtime::Builder;

use tempfile::tempdir;

use super::head;

/// The report that was not sent.
const UNSENT: &str = "unsent-report.json";

pub fn run(data: &[u8]) {
    let Some((what, bytes)) = head(data) else { return };
    let place = tempdir().unwrap();
    match what {
        "identity" => {
            fs::write(place.path().join("identity.json"), bytes).unwrap();
            let Some(mut known) = Known::read(place.path()).unwrap() else { return };
            assert!(MachineId::parse(&known.machine_id).is_ok(), "{known:?}");
            known.keep(place.path()).unwrap();
            assert_eq!(Known::read(place.path()).unwrap().as_ref(), Some(&known));
            let fingerprint = known.fingerprint.clone();
            assert_eq!(known.recognises(&fingerprint), Some(false), "it is itself");
        }
        "report" => {
            fs::write(place.path().join(UNSENT), bytes).unwrap();
            unsent(place.path());
        }
        _ => {}
    }
}

/// What was kept is sent once, before the new report, if it is this machine's; then it is gone.
fn unsent(place: &std::path::Path) {
    let runtime = Builder::new_current_thread().build().unwrap();
    let report = Report { machine_id: "lab-01".into(), ..Report::default() };
    let (mut snapshot, server) = (Snapshot::new(place.to_owned()), Server::default());
    for _ in 0..2 {
        let outcome = runtime.block_on(snapshot.send(&server, &report));
        assert_eq!(outcome, Outcome::Accepted { want: Vec::new() });
        assert!(!place.join(UNSENT).exists());
    }
    let sent = server.0.into_inner().unwrap();
    assert!((2..=3).contains(&sent.len()));
    assert!(sent.iter().all(|sent| sent.machine_id == report.machine_id));
    assert!(sent.ends_with(&[report.clone(), report]));
}

/// A server that takes everything.
#[derive(Default)]
struct Server(std::sync::Mutex<Vec<Report>>);

impl Transport for Server {
    async fn send(&self, report: &Report) -> Outcome {
        self.0.lock().unwrap().push(report.clone());
        Outcome::Accepted { want: Vec::new() }
    }

    async fn send_section(&self, _: &str, _: SectionName, _: bytes::Bytes) -> Delivery {
        Delivery::Taken
    }
}
