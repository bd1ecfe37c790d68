//! What is read from the machine. A report is always produced: what cannot be read is absent.

pub mod cpu;
#[cfg(target_os = "linux")]
mod linux;
pub mod memory;
mod notices;
pub mod os_version;

use std::path::PathBuf;
use std::time::Duration;

use chrono::SecondsFormat;

use super::identity::{self, Interface, Known};
use crate::clock;
use crate::wire::Report;
#[cfg(target_os = "linux")]
use linux as platform;
pub(in crate::agent) use notices::Notices;

/// Longest time over which the processor load is measured.
const CPU_WINDOW: Duration = Duration::from_secs(1);

/// The operating system's name on the wire: `linux`, `windows` or `darwin`.
#[must_use]
pub fn os() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    }
}

/// The network interfaces, in no order.
#[cfg(target_os = "linux")]
pub(in crate::agent) fn interfaces() -> anyhow::Result<Vec<Interface>> {
    platform::interfaces()
}

/// Reads this machine.
pub struct Collector {
    state_dir: PathBuf,
    interval: Option<Duration>,
    identity: Identity,
    notices: Notices,
}

/// Which machine this is, as far as it is settled.
#[derive(Default)]
struct Identity {
    /// Whether the state directory was looked at.
    is_read: bool,
    /// By what a server knows this machine.
    known: Option<Known>,
    /// What the last report said, before a server took it.
    said: Known,
    /// Once the interfaces gave an id it holds as long as the process: a cable that is pulled or
    /// a dock that is plugged in does not make another machine.
    interface_id: Option<String>,
    random_id: Option<String>,
}

impl Collector {
    /// A collector that keeps what it must in `state_dir`; `interval` as the server shall know it.
    #[must_use]
    pub fn new(state_dir: PathBuf, interval: Option<Duration>) -> Self {
        let (identity, notices) = (Identity::default(), Notices::default());
        Self { state_dir, interval, identity, notices }
    }

    /// A server took the last report: by its id this machine is known from now on.
    pub fn accepted(&mut self) {
        if self.identity.known.as_ref() != Some(&self.identity.said) {
            self.identity.known = Some(self.identity.said.clone());
            self.keep();
        }
    }

    /// Who this machine is now.
    fn identify(&mut self, interfaces: &[Interface]) -> Known {
        if !self.identity.is_read {
            self.identity.is_read = true;
            let read = Known::read(&self.state_dir);
            self.identity.known = self.notices.checked("state directory", read).flatten();
        }
        let fingerprint = platform::fingerprint();
        let mut cloned_from = None;
        if let Some(known) = &mut self.identity.known {
            if let Some(is_new) = known.recognises(&fingerprint) {
                let known = known.clone();
                if is_new {
                    self.keep();
                }
                return known;
            }
            let text = "This disk was copied from another machine: this one gets an id of its own";
            self.notices.noticed("copy", text.to_owned());
            cloned_from = Some(known.machine_id.clone());
        }
        let machine_id = self.first_id(interfaces, cloned_from.as_deref());
        Known { machine_id, fingerprint, cloned_from }
    }

    /// The id of a machine that no server knows, and that is not the one it was copied from.
    fn first_id(&mut self, interfaces: &[Interface], copied: Option<&str>) -> String {
        let is_own = |id: &String| Some(id.as_str()) != copied;
        let id = identity::from_interfaces(&identity::physical(interfaces)).filter(is_own);
        if let Some(id) = id {
            self.notices.cleared("identity");
            return self.identity.interface_id.get_or_insert(id).clone();
        }
        if let Some(id) = &self.identity.interface_id {
            return id.clone();
        }
        let hardware = platform::hardware_ids().into_iter();
        let known = hardware
            .filter_map(|(domain, value)| Some((domain, identity::from_hardware(domain, &value)?)))
            .find(|(_, id)| is_own(id));
        let random_id = &mut self.identity.random_id;
        let mut random = || random_id.get_or_insert_with(identity::random).clone();
        let (source, id) = known.unwrap_or_else(|| ("random number", random()));
        self.notices.noticed(
            "identity",
            format!("No valid physical network interface found; identified by {source}"),
        );
        id
    }

    fn keep(&mut self) {
        if let Some(known) = &self.identity.known {
            let _ = self.notices.checked("state directory", known.keep(&self.state_dir));
        }
    }
}

impl Collector {
    /// The machine as it is now. There always is a report; its inventory is no part of it.
    pub async fn report(&mut self) -> Report {
        let window = self.interval.map_or(CPU_WINDOW, |interval| CPU_WINDOW.min(interval));
        let cpu = self.notices.checked("processor load", cpu::usage(window).await);
        let interfaces =
            self.notices.checked("network interfaces", platform::interfaces()).unwrap_or_default();
        let memory = self.notices.checked("memory", platform::memory());
        let hostname = self.notices.checked("host name", platform::hostname());
        let os_version = self.notices.checked("operating system", platform::os_version());
        self.identity.said = self.identify(&interfaces);
        let Known { machine_id, cloned_from, .. } = self.identity.said.clone();
        Report {
            machine_id,
            cloned_from,
            hostname: hostname
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| "Unknown".to_owned()),
            ip: identity::primary_address(&interfaces).unwrap_or_default(),
            os: os().to_owned(),
            os_version,
            cpu_percent: cpu.unwrap_or_default(),
            memory_total_mb: memory.map_or(0, |memory| memory.total_mb),
            memory_used_mb: memory.map(|memory| memory.used_mb),
            timestamp: Some(clock::now().to_rfc3339_opts(SecondsFormat::Secs, true)),
            interval_s: self.interval.map(whole_seconds),
            agent_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            ..Report::default()
        }
    }
}

/// Seconds, rounded up: an agent is never called late for having been promised too early.
fn whole_seconds(interval: Duration) -> u32 {
    let seconds = interval.as_secs().saturating_add(u64::from(interval.subsec_nanos() > 0));
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_of_a_second_counts_as_one() {
        for (milliseconds, seconds) in [(1, 1), (500, 1), (1000, 1), (1001, 2), (60_000, 60)] {
            assert_eq!(whole_seconds(Duration::from_millis(milliseconds)), seconds);
        }
        assert_eq!(whole_seconds(Duration::MAX), u32::MAX);
    }
}
