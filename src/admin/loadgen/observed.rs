//! The server's process while it is under load.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::Instant;

/// Time between two looks at the process.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What a look at a process shows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Look {
    pub(super) resident_kib: u64,
    /// Bytes that it sent to the device, as the kernel counts them.
    pub(super) written_bytes: u64,
    pub(super) descriptors: usize,
}

/// Follows a process.
#[derive(Debug)]
pub(super) struct Observer {
    pid: Option<u32>,
    pub(super) first: Look,
    pub(super) last: Look,
    pub(super) largest_resident_kib: u64,
}

impl Observer {
    pub(super) fn start(pid: Option<u32>) -> anyhow::Result<Self> {
        let first = pid.map(look).transpose()?.unwrap_or_default();
        Ok(Self { pid, first, last: first, largest_resident_kib: first.resident_kib })
    }

    pub(super) fn is_watching(&self) -> bool {
        self.pid.is_some()
    }

    /// Looks again and again until the load ends, and prints a line now and then.
    pub(super) async fn watch(
        &mut self,
        progress: Option<Duration>,
        duration: Duration,
    ) -> anyhow::Result<()> {
        let start = Instant::now();
        let mut next_line = progress;
        while start.elapsed() < duration {
            tokio::time::sleep(LOOK_EVERY.min(duration.saturating_sub(start.elapsed()))).await;
            if let Some(pid) = self.pid {
                self.last = look(pid)?;
                self.largest_resident_kib = self.largest_resident_kib.max(self.last.resident_kib);
            }
            if let (Some(at), Some(every)) = (next_line, progress)
                && start.elapsed() >= at
            {
                next_line = Some(at + every);
                eprintln!(
                    "{:>6} s  resident {:>7} KiB  descriptors {:>5}  written {:>9} KiB",
                    start.elapsed().as_secs(),
                    self.last.resident_kib,
                    self.last.descriptors,
                    (self.last.written_bytes - self.first.written_bytes) >> 10,
                );
            }
        }
        Ok(())
    }
}

fn look(pid: u32) -> anyhow::Result<Look> {
    let read = |file: &str| {
        let path = format!("/proc/{pid}/{file}");
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
    };
    let number = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    };
    Ok(Look {
        resident_kib: number(&read("status")?, "VmRSS:"),
        written_bytes: number(&read("io")?, "write_bytes:"),
        descriptors: fs::read_dir(format!("/proc/{pid}/fd"))?.count(),
    })
}
