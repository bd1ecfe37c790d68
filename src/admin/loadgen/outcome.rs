//! What came of a run, for people and for scripts.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::bail;
use hdrhistogram::Histogram;
use serde::Serialize;

use super::Settings;
use super::observed::Observer;
use super::worker::Worked;
use crate::cli::Work;

/// Latencies in microseconds, from the moment a request was due to the end of its answer.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Latency {
    /// How many requests.
    pub count: u64,
    /// The median.
    pub p50_us: u64,
    /// 90 of 100 took less.
    pub p90_us: u64,
    /// 99 of 100 took less.
    pub p99_us: u64,
    /// 999 of 1000 took less.
    pub p999_us: u64,
    /// The longest.
    pub max_us: u64,
}

/// What the server's process did meanwhile.
#[derive(Debug, Clone, Serialize)]
pub struct Process {
    /// Memory in use at the start, in KiB.
    pub resident_first_kib: u64,
    /// Memory in use at the end, in KiB.
    pub resident_last_kib: u64,
    /// The most memory in use, in KiB.
    pub resident_largest_kib: u64,
    /// Open descriptors at the start.
    pub descriptors_first: usize,
    /// Open descriptors at the end.
    pub descriptors_last: usize,
    /// Bytes sent to the device.
    pub written_bytes: u64,
    /// The same for each acknowledged request.
    pub written_bytes_per_request: u64,
}

/// What came of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// Answered requests a second, reads left out.
    pub per_second: f64,
    /// How long it took.
    pub seconds: f64,
    /// Latency of the requests.
    pub latency: Latency,
    /// Latency of the reads that were mixed in.
    pub reads: Latency,
    /// How often each status was answered.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests that got no answer.
    pub broken: u64,
    /// The server's process, when it was observed.
    pub process: Option<Process>,
    /// Machines whose last acknowledged report is in the list, when that was checked.
    pub verified: Option<usize>,
    #[serde(skip)]
    expected: &'static [u16],
    #[serde(skip)]
    histograms: Option<(Histogram<u64>, Histogram<u64>)>,
}

impl Outcome {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            per_second: 0.0,
            seconds: 0.0,
            latency: Latency::default(),
            reads: Latency::default(),
            statuses: BTreeMap::new(),
            broken: 0,
            process: None,
            verified: None,
            expected: match settings.work {
                Work::Empty => &[400],
                Work::Import | Work::Push => &[200, 202, 204],
                Work::Report | Work::Page | Work::List => &[200, 201],
            },
            histograms: None,
        }
    }

    pub(super) fn add(&mut self, worked: Worked) {
        for (status, count) in worked.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.broken += worked.broken;
        match &mut self.histograms {
            Some((latency, reads)) => {
                *latency += worked.latency_us;
                *reads += worked.reads_us;
            }
            None => self.histograms = Some((worked.latency_us, worked.reads_us)),
        }
    }

    pub(super) fn finish(&mut self, took: Duration, observer: &Observer) -> anyhow::Result<()> {
        if let Some((latency, reads)) = self.histograms.take() {
            self.latency = Latency::of(&latency);
            self.reads = Latency::of(&reads);
        }
        self.seconds = took.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let count = self.latency.count as f64;
        self.per_second = count / self.seconds;
        if observer.is_watching() {
            let written = observer.last.written_bytes - observer.first.written_bytes;
            self.process = Some(Process {
                resident_first_kib: observer.first.resident_kib,
                resident_last_kib: observer.last.resident_kib,
                resident_largest_kib: observer.largest_resident_kib,
                descriptors_first: observer.first.descriptors,
                descriptors_last: observer.last.descriptors,
                written_bytes: written,
                written_bytes_per_request: written / self.latency.count.max(1),
            });
        }
        let odd: Vec<_> =
            self.statuses.keys().filter(|status| !self.expected.contains(status)).collect();
        if !odd.is_empty() && self.reads.count == 0 {
            bail!("unexpected answers: {:?}", self.statuses);
        }
        Ok(())
    }
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Self {
        Self {
            count: histogram.len(),
            p50_us: histogram.value_at_quantile(0.5),
            p90_us: histogram.value_at_quantile(0.9),
            p99_us: histogram.value_at_quantile(0.99),
            p999_us: histogram.value_at_quantile(0.999),
            max_us: histogram.max(),
        }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "p50 {} us, p90 {} us, p99 {} us, p99.9 {} us, longest {} us",
            self.p50_us, self.p90_us, self.p99_us, self.p999_us, self.max_us
        )
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:.0} a second over {:.1} s, by status {:?}, {} broken",
            self.per_second, self.seconds, self.statuses, self.broken
        )?;
        writeln!(f, "{}", self.latency)?;
        if self.reads.count > 0 {
            writeln!(f, "{} reads: {}", self.reads.count, self.reads)?;
        }
        if let Some(process) = &self.process {
            writeln!(
                f,
                "resident {} to {} KiB (largest {}), descriptors {} to {}, {} bytes written a request",
                process.resident_first_kib,
                process.resident_last_kib,
                process.resident_largest_kib,
                process.descriptors_first,
                process.descriptors_last,
                process.written_bytes_per_request,
            )?;
        }
        if let Some(machines) = self.verified {
            writeln!(f, "every acknowledged report of {machines} machines is in the list")?;
        }
        Ok(())
    }
}
