//! The server's own process, as the kernel sees it.

use std::fs;

use chrono::{DateTime, Utc};
use nix::unistd::{SysconfVar, sysconf};

/// What a process uses. What cannot be read is 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Process {
    pub(super) resident_bytes: u64,
    pub(super) descriptors: u64,
    pub(super) cpu_seconds: f64,
    /// When it began, in seconds since 1970.
    pub(super) started_s: u64,
}

/// Looks at this process.
pub(super) fn observe(now: DateTime<Utc>) -> Process {
    let read = |file: &str| fs::read_to_string(format!("/proc/{file}")).unwrap_or_default();
    let page_bytes = setting(SysconfVar::PAGE_SIZE);
    let resident = read("self/statm").split(' ').nth(1).and_then(|pages| pages.parse().ok());
    let mut process = from_stat(&read("self/stat"), &read("uptime"), now);
    process.resident_bytes = resident.unwrap_or(0_u64) * page_bytes;
    process.descriptors = fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count() as u64);
    process
}

/// Reads times from the texts of `/proc/self/stat` and `/proc/uptime`.
#[expect(clippy::cast_precision_loss, reason = "ticks are far below 2^52")]
fn from_stat(stat: &str, uptime: &str, now: DateTime<Utc>) -> Process {
    // The second field is the program's name in brackets and may hold anything.
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok());
    let per_second = setting(SysconfVar::CLK_TCK) as f64;
    let seconds = |index| ticks(index).unwrap_or(0) as f64 / per_second;
    let uptime = uptime.split(' ').next().and_then(|text| text.parse::<f64>().ok());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "seconds since 1970"
    )]
    let started = (now.timestamp() as f64 - uptime.unwrap_or(0.0) + seconds(19)) as u64;
    Process { cpu_seconds: seconds(11) + seconds(12), started_s: started, ..Process::default() }
}

fn setting(name: SysconfVar) -> u64 {
    sysconf(name).ok().flatten().and_then(|value| u64::try_from(value).ok()).unwrap_or(1)
}
