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

use super::identity::{self, Interface};
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
    /// Once the interfaces gave an id it holds as long as the process: a cable that is pulled or
    /// a dock that is plugged in does not make another machine.
    interface_id: Option<String>,
    /// A random id that found no place to be kept.
    unkept_id: Option<String>,
    notices: Notices,
}

impl Collector {
    /// A collector that keeps what it must in `state_dir`; `interval` as the server shall know it.
    #[must_use]
    pub fn new(state_dir: PathBuf, interval: Option<Duration>) -> Self {
        Self {
            state_dir,
            interval,
            interface_id: None,
            unkept_id: None,
            notices: Notices::default(),
        }
    }

    fn machine_id(&mut self, interfaces: &[Interface]) -> String {
        if let Some(id) = identity::from_interfaces(&identity::physical(interfaces)) {
            self.notices.cleared("identity");
            return self.interface_id.get_or_insert(id).clone();
        }
        if let Some(id) = &self.interface_id {
            return id.clone();
        }
        let hardware = platform::hardware_ids();
        let known = hardware
            .into_iter()
            .find_map(|(domain, value)| Some((domain, identity::from_hardware(domain, &value)?)));
        let (source, id) = known.unwrap_or_else(|| ("random number", self.random_id()));
        self.notices.noticed(
            "identity",
            format!("No valid physical network interface found; identified by {source}"),
        );
        id
    }

    fn random_id(&mut self) -> String {
        let kept = self.notices.checked("state directory", identity::kept(&self.state_dir));
        kept.unwrap_or_else(|| self.unkept_id.get_or_insert_with(identity::random).clone())
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
        Report {
            machine_id: self.machine_id(&interfaces),
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
