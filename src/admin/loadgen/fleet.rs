//! Machines as schools have them, made up from a seed.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::wire::Report;

const SYSTEMS: [(&str, &str, u32); 10] = [
    ("windows", "Windows 10", 38),
    ("windows", "Windows 11", 27),
    ("windows", "Windows 7", 4),
    ("linux", "Ubuntu 22.04.4 LTS (Jammy Jellyfish)", 10),
    ("linux", "Ubuntu 24.04.1 LTS (Noble Numbat)", 6),
    ("linux", "Debian GNU/Linux 12 (bookworm)", 6),
    ("linux", "Linux Mint 21.3 (Virginia)", 3),
    ("linux", "Rocky Linux 9.4 (Blue Onyx)", 2),
    ("Chrome OS", "", 2),
    ("darwin", "macOS 14.5", 2),
];
const MODELS: [&str; 6] = [
    "Dell OptiPlex 7090",
    "Dell Latitude 5420",
    "HP ProDesk 600 G6",
    "Lenovo ThinkCentre M70q",
    "Positivo Master D3400",
    "Daten DC1D-S",
];
const PLACES: [&str; 8] = ["lab", "bib", "adm", "sec", "coord", "aud", "prof", "ção"];
const MEMORY_MB: [i64; 6] = [2048, 4096, 8072, 16068, 32000, 65536];

/// A fleet of machines; what does not change between reports is kept as it goes over the wire.
#[derive(Debug)]
pub(super) struct Fleet {
    machines: Vec<Machine>,
}

#[derive(Debug)]
struct Machine {
    id: String,
    /// The report up to the first value that changes.
    head: String,
    /// The labels of its time series, where a report is three samples.
    labels: String,
    memory_total_mb: i64,
}

impl Fleet {
    pub(super) fn new(machines: usize, seed: u64) -> Self {
        Self { machines: (0..machines).map(|number| Machine::new(number, seed)).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.machines.len()
    }

    pub(super) fn id(&self, machine: usize) -> &str {
        &self.machines[machine].id
    }

    /// The body of a report. `sequence` travels as the memory in use, so that the list shows which
    /// report of a machine is the last one that was kept.
    pub(super) fn report(&self, machine: usize, sequence: u64) -> String {
        let mut body = String::with_capacity(400);
        body.push_str(&self.machines[machine].head);
        let cpu = sequence.wrapping_mul(37) % 10_000;
        let written = write!(
            body,
            ",\"cpu_percent\":{}.{:02},\"memory_used_mb\":{sequence},\
             \"timestamp\":\"2026-11-23T07:24:37Z\"}}",
            cpu / 100,
            cpu % 100
        );
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
        body
    }

    /// The same figures in Prometheus' text format: three samples with five labels each.
    pub(super) fn samples(&self, machine: usize, sequence: u64) -> String {
        let Machine { labels, memory_total_mb, .. } = &self.machines[machine];
        let cpu = sequence.wrapping_mul(37) % 10_000;
        format!(
            "tatuscan_cpu_percent{labels} {}.{:02}\ntatuscan_memory_used_mb{labels} {sequence}\n\
             tatuscan_memory_total_mb{labels} {memory_total_mb}\n",
            cpu / 100,
            cpu % 100
        )
    }
}

impl Machine {
    fn new(number: usize, seed: u64) -> Self {
        let mut random = Random(seed ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (os, os_version) = random.system();
        let place = random.pick(&PLACES);
        let hostname = match random.below(4) {
            0 => format!("IFMT-{}", 100_000 + number),
            1 => format!("m{number:05}"),
            2 => format!("{place}-{:02}-pc{:02}", 1 + random.below(19), number % 40),
            _ => format!("DESKTOP-{:08X}", random.next() >> 32),
        };
        let digest = Sha256::digest(format!("{seed}/{number}"));
        let id = digest.iter().fold(String::new(), |id, byte| id + &format!("{byte:02x}"));
        let octets = [number >> 16 & 255, number >> 8 & 255, number & 255];
        let report = Report {
            machine_id: id.clone(),
            hostname,
            ip: format!("10.{}.{}.{}", octets[0], octets[1], octets[2]),
            os: os.to_owned(),
            os_version: Some(os_version.to_owned()),
            memory_total_mb: random.pick(&MEMORY_MB),
            computer_model: (random.below(10) < 6).then(|| random.pick(&MODELS).to_owned()),
            computer_activation: (random.below(10) < 6)
                .then(|| format!("20{:02}-{:02}-01", 12 + random.below(14), 1 + random.below(12))),
            ..Report::default()
        };
        let labels = format!(
            "{{machine_id={:?},hostname={:?},ip={:?},os={:?},os_version={:?}}}",
            report.machine_id, report.hostname, report.ip, report.os, os_version
        );
        let mut fields = serde_json::to_value(&report).unwrap_or_default();
        if let Some(fields) = fields.as_object_mut() {
            fields.remove("cpu_percent");
        }
        let mut head = fields.to_string();
        head.pop();
        Self { id, head, labels, memory_total_mb: report.memory_total_mb }
    }
}

/// `splitmix64`: small, even, and the same everywhere.
#[derive(Debug, Clone)]
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let index = self.below(from.len() as u64);
        from[usize::try_from(index).unwrap_or(0)]
    }

    fn system(&mut self) -> (&'static str, &'static str) {
        let mut left = self.below(SYSTEMS.iter().map(|(_, _, weight)| u64::from(*weight)).sum());
        for (os, version, weight) in SYSTEMS {
            match left.checked_sub(u64::from(weight)) {
                Some(rest) => left = rest,
                None => return (os, version),
            }
        }
        ("linux", "")
    }
}
