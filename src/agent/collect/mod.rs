//! What is read from the machine. A report is always produced: what cannot be read is absent.

pub mod cpu;
#[cfg(target_os = "linux")]
mod linux;
pub mod memory;
mod notices;
pub mod os_version;
#[cfg(windows)]
mod windows;
pub mod windows_version;

use std::path::PathBuf;
use std::time::Duration;

use chrono::SecondsFormat;

use super::identity::{self, Interface, Known};
use crate::clock;
use crate::wire::Report;
#[cfg(target_os = "linux")]
use linux as platform;
pub(in crate::agent) use notices::Notices;
#[cfg(windows)]
use windows as platform;

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
#[cfg(any(target_os = "linux", windows))]
pub(in crate::agent) fn interfaces() -> anyhow::Result<Vec<Interface>> {
    platform::interfaces()
}

/// The operating system's name and version, as reports have them.
#[cfg(windows)]
pub(in crate::agent) fn os_name() -> anyhow::Result<String> {
    platform::os_version()
}

/// Reads this machine.
pub struct Collector {
    state_dir: PathBuf,
    interval: Option<Duration>,
    identity: Identity,
    notices: Notices,
}

/// Who a machine is, for people to read.
pub(in crate::agent) struct Who {
    pub(in crate::agent) machine_id: String,
    /// How that is known; what is wrong with it.
    pub(in crate::agent) source: Result<String, String>,
    /// What the firmware says, by name.
    pub(in crate::agent) readable: Vec<&'static str>,
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
        let id = platform::interface_id(interfaces).filter(is_own);
        if let Some(id) = id {
            self.notices.cleared("identity");
            return self.identity.interface_id.get_or_insert(id).clone();
        }
        if let Some(id) = &self.identity.interface_id {
            return id.clone();
        }
        let known = from_hardware(copied);
        let random_id = &mut self.identity.random_id;
        let mut random = || random_id.get_or_insert_with(identity::random).clone();
        let (source, id) = known.unwrap_or_else(|| ("random number", random()));
        self.notices.noticed(
            "identity",
            format!("No valid physical network interface found; identified by {source}"),
        );
        id
    }

    /// The id that would be the first one, and what it is made of.
    fn computed(copied: Option<&str>) -> (String, &'static str) {
        let interfaces = platform::interfaces().unwrap_or_default();
        let id = platform::interface_id(&interfaces);
        if let Some(id) = id.filter(|id| Some(id.as_str()) != copied) {
            return (id, "the network cards");
        }
        let (source, id) =
            from_hardware(copied).unwrap_or_else(|| ("random number", identity::random()));
        (id, source)
    }

    /// Who this machine is to servers, and how that is known. Nothing is kept.
    pub(in crate::agent) fn who(&self) -> Who {
        let now = platform::fingerprint();
        let readable = now.names();
        let cloned = match Known::read(&self.state_dir) {
            Ok(Some(known)) if known.fingerprint.is_of_another(&now) => Some(known.machine_id),
            Ok(Some(known)) => {
                let source = match known.cloned_from {
                    Some(original) => format!("kept; its disk was copied from {original}"),
                    None => "kept".to_owned(),
                };
                return Who { machine_id: known.machine_id, source: Ok(source), readable };
            }
            Ok(None) => None,
            Err(error) => {
                let (machine_id, _) = Self::computed(None);
                let problem =
                    format!("what is kept in {:?} cannot be read: {error}", self.state_dir);
                return Who { machine_id, source: Err(problem), readable };
            }
        };
        let (machine_id, source) = Self::computed(cloned.as_deref());
        let source = match cloned {
            Some(original) => Err(format!(
                "this disk was copied from {original}; a new id by {source}, from the next report on"
            )),
            None => Ok(format!("by {source}; kept as soon as a server knows it")),
        };
        Who { machine_id, source, readable }
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

/// The best id that hardware or installation give, with the name of its kind; not that of the machine
/// that this one was copied from.
fn from_hardware(copied: Option<&str>) -> Option<(&'static str, String)> {
    let values = platform::hardware_ids().into_iter();
    let mut ids = values
        .filter_map(|(domain, value)| Some((domain, identity::from_hardware(domain, &value)?)));
    ids.find(|(_, id)| Some(id.as_str()) != copied)
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
