//! Figures over machines as the API shows them.

use poem_openapi::{Enum, Object, types::Example};
use serde::Serialize;

use super::{Machine, Presenter};
use crate::model::{self, AGE_RANGES, Counts, MEMORY_RANGES};

/// How many machines have a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct Count {
    /// The value; empty where it is not known.
    pub value: String,
    /// How many machines have it.
    pub count: usize,
}

/// How many machines are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Object)]
pub struct StatusCounts {
    /// Machines that are online.
    pub online: usize,
    /// Machines that are late.
    pub late: usize,
    /// Machines that are offline.
    pub offline: usize,
    /// Machines that are missing.
    pub missing: usize,
    /// Manual entries, which have no state.
    pub manual: usize,
    /// Machines that were taken out of use, which have no state.
    pub retired: usize,
}

/// How many machines are used for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Object)]
pub struct LifecycleCounts {
    /// Machines in use.
    pub active: usize,
    /// Machines in store.
    pub stock: usize,
    /// Machines being repaired.
    pub repair: usize,
    /// Machines that were taken out of use.
    pub retired: usize,
}

/// How many machines there are of each kind. Each kind is counted among the machines that meet
/// every other condition, so that other choices can be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
pub struct Facets {
    /// Machines that meet every condition.
    pub total: usize,
    /// Operating systems, most first.
    pub os: Vec<Count>,
    /// Operating system versions, most first.
    pub os_version: Vec<Count>,
    /// Computer models, most first.
    pub model: Vec<Count>,
    /// States.
    pub status: StatusCounts,
    /// Tags, most first; a machine counts for each of its tags.
    pub tag: Vec<Count>,
    /// What machines are used for.
    pub lifecycle: LifecycleCounts,
    /// Sites, most first.
    pub site: Vec<Count>,
    /// Owners, most first.
    pub owner: Vec<Count>,
    /// Versions of agents, most first; those of the original do not say theirs.
    pub agent_version: Vec<Count>,
}

/// Values with their counts, perhaps only the most frequent ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct Distribution {
    /// The values, most frequent first.
    pub items: Vec<Count>,
    /// Machines that have none of these values.
    pub others: usize,
}

/// How many computers are of an age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct AgeRange {
    /// From this many months on.
    pub from_months: u32,
    /// To less than this many months; null for the last range.
    #[oai(nullable)]
    pub to_months: Option<u32>,
    /// How many computers.
    pub count: usize,
}

/// How old computers are, from the days on which they went into use. A month is 30.42 days.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct Ages {
    /// Computers whose date is known and not in the future.
    pub known: usize,
    /// Computers whose date is not known.
    pub unknown: usize,
    /// Computers whose date is in the future; they are in no other figure.
    pub future: usize,
    /// The mean age in months; null, as the other ages, when no age is known.
    #[oai(nullable)]
    pub mean_months: Option<f64>,
    /// The median age in months.
    #[oai(nullable)]
    pub median_months: Option<f64>,
    /// The age of the newest computer in months.
    #[oai(nullable)]
    pub youngest_months: Option<f64>,
    /// The age of the oldest computer in months.
    #[oai(nullable)]
    pub oldest_months: Option<f64>,
    /// How many computers are in each range of ages.
    pub ranges: Vec<AgeRange>,
}

/// How many computers were sold with so much memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct MemoryRange {
    /// From this many GB on. Computers report up to an eighth less, and are counted as sold.
    pub from_gb: u32,
    /// To less than this many GB; null for the last range.
    #[oai(nullable)]
    pub to_gb: Option<u32>,
    /// How many computers.
    pub count: usize,
    /// The search that finds them.
    pub q: String,
}

/// How much memory computers have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct MemorySizes {
    /// Machines whose memory is not known; `no:memory` finds them.
    pub unknown: usize,
    /// How many computers are in each range.
    pub ranges: Vec<MemoryRange>,
}

/// What needs a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Concern {
    /// Machines not heard of for a long time.
    Missing,
    /// Machines that are switched off, or cut off.
    Offline,
    /// Dates of activation that are still to come: probably typing errors.
    FutureActivation,
    /// Computers in use for five years or more.
    Old,
    /// Computers whose age is not known.
    UnknownAge,
}

/// Machines that need a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct Attention {
    /// What is the matter.
    pub concern: Concern,
    /// How many machines.
    pub count: usize,
    /// The query that lists them, for `GET /api/machines?` and `/report?`.
    pub query: String,
}

/// The inventory at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(example)]
pub struct Summary {
    /// How many machines.
    pub total: usize,
    /// In which state.
    pub status: StatusCounts,
    /// How many reported for the first time in the last seven days.
    pub new_in_7_days: usize,
    /// How many have an agent that reports without a token or key of its own, and could no longer do
    /// so under `TATUSCAN_AUTH=strict`; `q=proof:legacy` lists them.
    pub legacy: usize,
    /// Operating systems.
    pub os: Distribution,
    /// Operating system versions.
    pub os_version: Distribution,
    /// How old.
    pub ages: Ages,
    /// How much memory.
    pub memory: MemorySizes,
    /// The machines that reported for the first time last, newest first.
    pub arrivals: Vec<Machine>,
    /// What needs a look, most urgent first.
    pub attention: Vec<Attention>,
}

impl From<model::StatusCounts> for StatusCounts {
    fn from(counts: model::StatusCounts) -> Self {
        let model::StatusCounts { online, late, offline, missing, manual, retired } = counts;
        Self { online, late, offline, missing, manual, retired }
    }
}

impl From<model::Facets> for Facets {
    fn from(facets: model::Facets) -> Self {
        let [active, stock, repair, retired] = facets.lifecycle;
        Self {
            total: facets.total,
            os: counts(facets.os),
            os_version: counts(facets.os_version),
            model: counts(facets.model),
            status: facets.status.into(),
            tag: counts(facets.tag),
            lifecycle: LifecycleCounts { active, stock, repair, retired },
            site: counts(facets.site),
            owner: counts(facets.owner),
            agent_version: counts(facets.agent_version),
        }
    }
}

fn counts(counts: Counts) -> Vec<Count> {
    counts.into_iter().map(|(value, count)| Count { value, count }).collect()
}

/// The most frequent values; the rest are only counted.
fn distribution(all: Counts, top: Option<usize>) -> Distribution {
    let mut items = counts(all);
    let rest = items.split_off(top.unwrap_or(items.len()).min(items.len()));
    Distribution { items, others: rest.iter().map(|count| count.count).sum() }
}

impl Presenter {
    /// The summary as the API shows it, with the `top` most frequent values of each kind.
    #[must_use]
    pub fn summary(&self, summary: model::Summary, top: Option<usize>) -> Summary {
        let attention = attention(&summary);
        Summary {
            total: summary.total,
            status: summary.status.into(),
            new_in_7_days: summary.new_in_7_days,
            legacy: summary.legacy,
            os: distribution(summary.os, top),
            os_version: distribution(summary.os_version, top),
            ages: ages(&summary.ages),
            memory: memory(summary.memory),
            arrivals: self.machines(&summary.arrivals),
            attention,
        }
    }
}

fn ages(ages: &model::Ages) -> Ages {
    let ranges = ages.ranges.iter().enumerate().map(|(index, count)| AgeRange {
        from_months: AGE_RANGES[index],
        to_months: AGE_RANGES.get(index + 1).copied(),
        count: *count,
    });
    Ages {
        known: ages.known,
        unknown: ages.unknown,
        future: ages.future,
        mean_months: ages.mean_months,
        median_months: ages.median_months,
        youngest_months: ages.youngest_months,
        oldest_months: ages.oldest_months,
        ranges: ranges.collect(),
    }
}

fn memory(sizes: model::MemorySizes) -> MemorySizes {
    let least_mb = model::MemorySizes::least_mb;
    let ranges = sizes.ranges.into_iter().enumerate().map(|(index, count)| {
        let (from_gb, to_gb) = (MEMORY_RANGES[index], MEMORY_RANGES.get(index + 1).copied());
        let least = (from_gb > 0).then(|| format!("memory:>={}m", least_mb(from_gb)));
        let less = to_gb.map(|to_gb| format!("memory:<{}m", least_mb(to_gb)));
        let q = [least, less].into_iter().flatten().collect::<Vec<_>>().join(" ");
        MemoryRange { from_gb, to_gb, count, q }
    });
    MemorySizes { unknown: sizes.unknown, ranges: ranges.collect() }
}

fn attention(summary: &model::Summary) -> Vec<Attention> {
    /// The first range of ages whose computers are due for replacement.
    const OLD: usize = 3;
    let old = summary.ages.ranges[OLD..].iter().sum();
    let concerns = [
        (Concern::Missing, summary.status.missing, "status=missing".to_owned()),
        (Concern::Offline, summary.status.offline, "status=offline".to_owned()),
        (Concern::FutureActivation, summary.ages.future, "age=future".to_owned()),
        (Concern::Old, old, format!("age=%3E{}mo", AGE_RANGES[OLD])),
        (Concern::UnknownAge, summary.ages.unknown, "age=none".to_owned()),
    ];
    let some = concerns.into_iter().filter(|(_, count, _)| *count > 0);
    some.map(|(concern, count, query)| Attention { concern, count, query }).collect()
}

/// The figures of two computers, one of them without a date of activation.
impl Example for Facets {
    fn example() -> Self {
        let all = |value: &str| vec![Count { value: value.into(), count: 2 }];
        Self {
            total: 2,
            os: all("linux"),
            os_version: all("Debian GNU/Linux 12 (bookworm)"),
            model: all("Dell OptiPlex 7090"),
            status: StatusCounts {
                online: 1,
                late: 0,
                offline: 1,
                missing: 0,
                manual: 0,
                retired: 0,
            },
            tag: all("lab"),
            lifecycle: LifecycleCounts { active: 2, stock: 0, repair: 0, retired: 0 },
            site: all("Campus Norte"),
            owner: all(""),
            agent_version: all("0.2.0"),
        }
    }
}

impl Example for Summary {
    fn example() -> Self {
        let Facets { total, os, os_version, status, .. } = Facets::example();
        let months = Some(34.2);
        let ranges = AGE_RANGES.iter().enumerate().map(|(index, from)| AgeRange {
            from_months: *from,
            to_months: AGE_RANGES.get(index + 1).copied(),
            count: usize::from(index == 1),
        });
        Self {
            total,
            status,
            new_in_7_days: 1,
            legacy: 1,
            os: Distribution { items: os, others: 0 },
            os_version: Distribution { items: os_version, others: 0 },
            ages: Ages {
                known: 1,
                unknown: 1,
                future: 0,
                mean_months: months,
                median_months: months,
                youngest_months: months,
                oldest_months: months,
                ranges: ranges.collect(),
            },
            memory: memory(model::MemorySizes { unknown: 0, ranges: [0, 1, 1, 0, 0, 0] }),
            arrivals: vec![Machine::example()],
            attention: vec![
                Attention { concern: Concern::Offline, count: 1, query: "status=offline".into() },
                Attention { concern: Concern::UnknownAge, count: 1, query: "age=none".into() },
            ],
        }
    }
}
