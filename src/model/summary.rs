//! Figures over many machines: how many of what, how old, and what needs a look.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::order::fold;
use super::{Exempt, Filter, Lifecycle, Machine, Proof, Status, StatusRules, Text};

/// Days in a month, as ages are counted.
pub const DAYS_PER_MONTH: f64 = 30.42;
/// The lower bounds of the ranges of ages, in months; each ends where the next begins.
pub const AGE_RANGES: [u32; 5] = [0, 12, 36, 60, 120];
/// The lower bounds of the ranges of memory, in GB as computers are sold; each ends where the next
/// begins.
pub const MEMORY_RANGES: [u32; 6] = [0, 4, 8, 16, 32, 64];

/// How many machines have each value, most first; equal counts in natural order.
pub type Counts = Vec<(String, usize)>;

/// How many machines there are of each kind. Each kind is counted among the machines that meet
/// every condition but the one on that kind itself, so that other choices can be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// Machines that meet every condition.
    pub total: usize,
    /// Operating systems.
    pub os: Counts,
    /// Their versions.
    pub os_version: Counts,
    /// Models; empty text for machines without one.
    pub model: Counts,
    /// States.
    pub status: StatusCounts,
    /// Tags; empty text for machines without one. A machine counts for each of its tags.
    pub tag: Counts,
    /// Uses, in the order of [`Lifecycle::ALL`].
    pub lifecycle: [usize; Lifecycle::ALL.len()],
    /// Sites; empty text for machines without one.
    pub site: Counts,
    /// Owners; empty text for machines without one.
    pub owner: Counts,
    /// Versions of agents; empty text for those that do not say.
    pub agent_version: Counts,
}

/// How many machines are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatusCounts {
    /// [`Status::Online`]
    pub online: usize,
    /// [`Status::Late`]
    pub late: usize,
    /// [`Status::Offline`]
    pub offline: usize,
    /// [`Status::Missing`]
    pub missing: usize,
    /// [`Exempt::Manual`]
    pub manual: usize,
    /// [`Exempt::Retired`]
    pub retired: usize,
}

impl StatusCounts {
    /// Counts one machine's state.
    pub fn count(&mut self, status: Result<Status, Exempt>) {
        *match status {
            Ok(Status::Online) => &mut self.online,
            Ok(Status::Late) => &mut self.late,
            Ok(Status::Offline) => &mut self.offline,
            Ok(Status::Missing) => &mut self.missing,
            Err(Exempt::Manual) => &mut self.manual,
            Err(Exempt::Retired) => &mut self.retired,
        } += 1;
    }
}

/// Counts texts; one that is empty counts as empty text.
#[derive(Default)]
struct Tally<'a>(HashMap<&'a str, usize>);

impl<'a> Tally<'a> {
    fn count(&mut self, text: &'a str) {
        *self.0.entry(text).or_default() += 1;
    }

    fn counts(self) -> Counts {
        let mut counts: Vec<_> =
            self.0.into_iter().map(|(text, count)| (count, fold(text), text)).collect();
        counts.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| (&a.1, a.2).cmp(&(&b.1, b.2))));
        counts.into_iter().map(|(count, _, text)| (text.to_owned(), count)).collect()
    }
}

/// The facets of the machines that meet [`Filter::without_choices`].
#[must_use]
pub fn facets(
    filter: &Filter,
    rules: StatusRules,
    now: DateTime<Utc>,
    machines: &[Arc<Machine>],
) -> Facets {
    let [mut os, mut version, mut model, mut tag, mut site, mut owner, mut agent] =
        std::array::from_fn(|_| Tally::default());
    let mut facets = Facets::default();
    for machine in machines {
        let asset = &machine.human.asset;
        let met = filter.choices_met(machine);
        let all_but = |choice: usize| (0..met.len()).all(|other| other == choice || met[other]);
        facets.total += usize::from(met == [true; 9]);
        if all_but(0) {
            os.count(&machine.os);
        }
        if all_but(1) {
            version.count(&machine.os_version);
        }
        if all_but(2) {
            model.count(machine.model().map(Text::as_str).unwrap_or_default());
        }
        if all_but(3) {
            facets.status.count(rules.judge(&machine.liveness(), now));
        }
        if all_but(4) {
            asset.tags.iter().for_each(|one| tag.count(one));
            if asset.tags.is_empty() {
                tag.count("");
            }
        }
        if all_but(5) {
            facets.lifecycle[asset.lifecycle as usize] += 1;
        }
        if all_but(6) {
            site.count(asset.site.as_deref().unwrap_or_default());
        }
        if all_but(7) {
            owner.count(asset.owner.as_deref().unwrap_or_default());
        }
        if all_but(8) {
            agent.count(machine.hardware.agent_version.as_deref().unwrap_or_default());
        }
    }
    Facets {
        os: os.counts(),
        os_version: version.counts(),
        model: model.counts(),
        tag: tag.counts(),
        site: site.counts(),
        owner: owner.counts(),
        agent_version: agent.counts(),
        ..facets
    }
}

/// Figures over the machines that meet a filter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// How many.
    pub total: usize,
    /// In which state.
    pub status: StatusCounts,
    /// How many reported for the first time in the last seven days.
    pub new_in_7_days: usize,
    /// How many have an agent that proves nothing.
    pub legacy: usize,
    /// Operating systems.
    pub os: Counts,
    /// Their versions.
    pub os_version: Counts,
    /// How old.
    pub ages: Ages,
    /// How much memory.
    pub memory: MemorySizes,
    /// The machines that reported for the first time last, newest first.
    pub arrivals: Vec<Arc<Machine>>,
}

/// How old computers are, from the days on which they went into use.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ages {
    /// Machines with a date that is not in the future.
    pub known: usize,
    /// Machines with no date.
    pub unknown: usize,
    /// Machines with a date in the future, which are in no range and no figure.
    pub future: usize,
    /// The mean age in months.
    pub mean_months: Option<f64>,
    /// The middle age in months.
    pub median_months: Option<f64>,
    /// The age of the newest computer in months.
    pub youngest_months: Option<f64>,
    /// The age of the oldest computer in months.
    pub oldest_months: Option<f64>,
    /// How many computers are in each range of [`AGE_RANGES`].
    pub ranges: [usize; AGE_RANGES.len()],
}

/// How much memory computers have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemorySizes {
    /// How many do not say.
    pub unknown: usize,
    /// How many computers are in each range of [`MEMORY_RANGES`].
    pub ranges: [usize; MEMORY_RANGES.len()],
}

impl MemorySizes {
    /// The least that a computer sold with `sold_gb` reports, in MiB: firmware and graphics keep up
    /// to an eighth.
    #[must_use]
    pub fn least_mb(sold_gb: u32) -> i64 {
        i64::from(sold_gb) * 1024 / 8 * 7
    }

    fn count(&mut self, memory_total_mb: i64) {
        let reaches = |from: &&u32| memory_total_mb >= Self::least_mb(**from);
        match MEMORY_RANGES.iter().filter(reaches).count() {
            reached if memory_total_mb > 0 => self.ranges[reached - 1] += 1,
            _ => self.unknown += 1,
        }
    }
}

/// Arrivals that a summary names.
const ARRIVALS: usize = 10;

/// What a summary is made at.
#[derive(Debug, Clone, Copy)]
pub struct Moment<F> {
    /// Now.
    pub now: DateTime<Utc>,
    /// The limits between the states.
    pub rules: StatusRules,
    /// The day that an instant falls on, in the zone in which ages are counted.
    pub day: F,
}

/// The summary of machines.
#[must_use]
pub fn summary<F>(moment: &Moment<F>, machines: &[Arc<Machine>]) -> Summary
where
    F: Fn(DateTime<Utc>) -> NaiveDate,
{
    let week_ago = moment.now - chrono::TimeDelta::days(7);
    let (mut os, mut version) = (Tally::default(), Tally::default());
    let mut summary = Summary { total: machines.len(), ..Summary::default() };
    for machine in machines {
        summary.status.count(moment.rules.judge(&machine.liveness(), moment.now));
        summary.new_in_7_days += usize::from(machine.created_at > week_ago);
        summary.legacy += usize::from(machine.agent_proof() == Some(Proof::Legacy));
        os.count(&machine.os);
        version.count(&machine.os_version);
        summary.memory.count(machine.memory_total_mb);
    }
    let mut newest: Vec<_> = machines.iter().collect();
    newest.sort_by_key(|machine| std::cmp::Reverse(machine.created_at));
    summary.arrivals = newest.into_iter().take(ARRIVALS).map(Arc::clone).collect();
    summary.ages = ages(moment, machines);
    Summary { os: os.counts(), os_version: version.counts(), ..summary }
}

#[expect(clippy::cast_precision_loss, reason = "days and machines are far below 2^52")]
fn ages<F>(moment: &Moment<F>, machines: &[Arc<Machine>]) -> Ages
where
    F: Fn(DateTime<Utc>) -> NaiveDate,
{
    let today = (moment.day)(moment.now);
    let mut ages = Ages::default();
    let mut days = Vec::new();
    for machine in machines {
        match machine.human.computer_activation {
            None => ages.unknown += 1,
            Some(at) => match (today - (moment.day)(at)).num_days() {
                age if age < 0 => ages.future += 1,
                age => days.push(age),
            },
        }
    }
    days.sort_unstable();
    let months = |days: i64| days as f64 / DAYS_PER_MONTH;
    for age in &days {
        let above = AGE_RANGES.iter().filter(|from| months(*age) >= f64::from(**from)).count();
        ages.ranges[above - 1] += 1;
    }
    ages.known = days.len();
    if let (Some(first), Some(last)) = (days.first(), days.last()) {
        let middle = (days[(days.len() - 1) / 2] + days[days.len() / 2]) as f64 / 2.0;
        ages.mean_months =
            Some(days.iter().sum::<i64>() as f64 / days.len() as f64 / DAYS_PER_MONTH);
        ages.median_months = Some(middle / DAYS_PER_MONTH);
        ages.youngest_months = Some(months(*first));
        ages.oldest_months = Some(months(*last));
    }
    ages
}
