//! Whether a machine is one of those that a search finds.

use std::borrow::Cow;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use memchr::memmem::Finder;

use super::Search;
use super::custom::Wanted;
use super::field::{Day, Part, Presence};
use super::fold::fold;
use super::text::{Lines, NEXT};
use super::values::{Addresses, MacPart, Numbers};
use crate::model::asked::Days;
use crate::model::{Activation, Lifecycle, Liveness, Machine, Period, Proof, StatusFilter, Text};

/// Conditions of which one must hold, or none.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clause {
    pub(super) is_negated: bool,
    pub(super) any_of: Vec<Condition>,
}

/// One condition. Needles are folded.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    /// The needle is anywhere in the search text, or this is the machine's id or an address of its cards.
    Word {
        needle: String,
        id: Option<String>,
        /// The network card's address that the word is.
        mac: Option<MacPart>,
    },
    /// The needle is a part of a text of the field in this line.
    Text {
        line: usize,
        part: Part,
        needle: String,
    },
    /// The id begins so, or is this one.
    Id {
        id: String,
        is_whole: bool,
    },
    /// A network card has this part of an address, or the id is this one.
    Mac {
        part: MacPart,
        id: Option<String>,
    },
    Address(Addresses),
    /// In MiB; a machine whose memory is not known, 0, meets none.
    Memory(RangeInclusive<i64>),
    Seen(Period),
    Created(Period),
    Activation(Activation),
    Status(StatusFilter),
    Lifecycle(Lifecycle),
    Proof(Proof),
    Day {
        of: Day,
        days: Days,
    },
    ActivationDays(Numbers),
    Presence {
        of: Presence,
        is_set: bool,
    },
    /// The value of the field of this key that an admin defined.
    Custom {
        key: Text,
        wanted: Wanted,
    },
    CustomPresence {
        key: Text,
        is_set: bool,
    },
}

/// What conditions look at beside texts, small enough to be kept close together for all machines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures {
    /// `None` for what is no address.
    pub address: Option<IpAddr>,
    /// What the state is judged by.
    pub liveness: Liveness,
    /// The first report.
    pub created_at: DateTime<Utc>,
    /// When the computer went into use.
    pub activation: Option<DateTime<Utc>>,
    /// Installed memory in MiB; 0 when it is not known.
    pub memory_total_mb: i64,
}

impl Measures {
    /// Those of a machine.
    #[must_use]
    pub fn of(machine: &Machine) -> Self {
        Self {
            address: machine.address(),
            liveness: machine.liveness(),
            created_at: machine.created_at,
            activation: machine.human.computer_activation,
            memory_total_mb: machine.memory_total_mb,
        }
    }
}

/// A machine as a search looks at it. The machine itself is looked at last: it lies elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The machine.
    pub machine: &'a Machine,
    /// Its [`search_text`](super::search_text).
    pub text: &'a str,
    /// Its measures.
    pub measures: &'a Measures,
}

/// A search made ready to look at many machines.
#[derive(Debug)]
pub struct Matcher<'a> {
    clauses: Vec<(bool, Vec<Test<'a>>)>,
}

/// A condition with what looks for its needle.
#[derive(Debug)]
struct Test<'a> {
    condition: &'a Condition,
    finder: Option<Finder<'a>>,
}

impl Search {
    /// The search made ready to look at many machines.
    #[must_use]
    pub fn matcher(&self) -> Matcher<'_> {
        let mut clauses: Vec<_> = self.clauses.iter().collect();
        // What costs least comes first; the order does not matter otherwise.
        clauses.sort_by_key(|clause| clause.any_of.iter().map(Condition::cost).max());
        Matcher { clauses: clauses.into_iter().map(Clause::ready).collect() }
    }

    /// Whether it finds a machine.
    #[must_use]
    pub fn finds(&self, machine: &Machine) -> bool {
        let (text, measures) = (super::search_text(machine), Measures::of(machine));
        self.matcher().finds(&Subject { machine, text: &text, measures: &measures })
    }
}

impl Matcher<'_> {
    /// Whether it finds a machine.
    #[must_use]
    pub fn finds(&self, subject: &Subject<'_>) -> bool {
        let mut lines = Lines::new(subject.text);
        self.clauses.iter().all(|(is_negated, tests)| {
            tests.iter().any(|test| test.is_met(subject, &mut lines)) != *is_negated
        })
    }
}

impl Clause {
    fn ready(&self) -> (bool, Vec<Test<'_>>) {
        (self.is_negated, self.any_of.iter().map(Test::new).collect())
    }
}

impl Condition {
    fn cost(&self) -> u8 {
        match self {
            Self::Address(_) | Self::Memory(_) | Self::Seen(_) | Self::Created(_) => 0,
            Self::Activation(_) | Self::Status(_) => 0,
            Self::Word { id: None, .. } | Self::Text { .. } => 1,
            // The machine itself is looked at.
            _ => 2,
        }
    }
}

impl<'a> Test<'a> {
    fn new(condition: &'a Condition) -> Self {
        let finder = match condition {
            Condition::Word { needle, .. } | Condition::Text { needle, part: Part::Any, .. } => {
                Some(Finder::new(needle))
            }
            _ => None,
        };
        Self { condition, finder }
    }

    fn is_in(&self, text: &str) -> bool {
        self.finder.as_ref().is_some_and(|finder| finder.find(text.as_bytes()).is_some())
    }

    fn is_met(&self, subject: &Subject<'_>, lines: &mut Lines<'_>) -> bool {
        let Subject { machine, text, measures } = *subject;
        let asset = || &machine.human.asset;
        match self.condition {
            Condition::Word { id, mac, .. } => {
                self.is_in(text)
                    || id.as_ref().is_some_and(|id| machine.id.as_str() == id)
                    || mac.as_ref().is_some_and(|mac| has_mac(machine, mac))
            }
            Condition::Mac { part, id } => {
                has_mac(machine, part) || id.as_ref().is_some_and(|id| machine.id.as_str() == id)
            }
            Condition::Text { line: number, part: Part::Any, .. } => {
                self.is_in(lines.line(*number))
            }
            Condition::Text { line: number, part: Part::Beginning, needle } => {
                lines.line(*number).split(NEXT).any(|value| value.starts_with(needle))
            }
            Condition::Text { line: number, part: Part::Whole, needle } => {
                lines.line(*number).split(NEXT).any(|value| value == needle)
            }
            Condition::Id { id, is_whole } => {
                let own = machine.id.as_str();
                let folded = if own.is_ascii() { Cow::Borrowed(own) } else { fold(own).into() };
                let begins = folded.get(..id.len()).is_some_and(|b| b.eq_ignore_ascii_case(id));
                begins && (!is_whole || folded.len() == id.len())
            }
            Condition::Address(addresses) => {
                measures.address.is_some_and(|address| addresses.contain(address))
            }
            Condition::Memory(amounts) => {
                measures.memory_total_mb > 0 && amounts.contains(&measures.memory_total_mb)
            }
            Condition::Seen(period) => period.contains(measures.liveness.last_seen),
            Condition::Created(period) => period.contains(measures.created_at),
            Condition::Activation(activation) => activation.contains(measures.activation),
            Condition::Status(status) => status.matches(&measures.liveness),
            Condition::Lifecycle(lifecycle) => asset().lifecycle == *lifecycle,
            Condition::Proof(proof) => machine.agent_proof() == Some(*proof),
            Condition::Day { of, days } => of.of(machine).is_some_and(|day| days.contains(day)),
            Condition::ActivationDays(numbers) => {
                let days = machine.human.activation_days;
                days.is_some_and(|days| numbers.contain(f64::from(days)))
            }
            Condition::Presence { of, is_set } => of.is_in(subject, lines) == *is_set,
            Condition::Custom { key, wanted } => wanted.is(asset().custom.get(key)),
            Condition::CustomPresence { key, is_set } => {
                asset().custom.get(key).is_some() == *is_set
            }
        }
    }
}

fn has_mac(machine: &Machine, part: &MacPart) -> bool {
    machine.hardware.macs.iter().any(|mac| part.is_in(mac))
}

impl Presence {
    fn is_in(self, subject: &Subject<'_>, lines: &mut Lines<'_>) -> bool {
        let Subject { machine, measures, .. } = *subject;
        match self {
            Self::Line(number) => !lines.line(number).is_empty(),
            Self::Memory => measures.memory_total_mb > 0,
            Self::Activation => measures.activation.is_some(),
            Self::ActivationDays => machine.human.activation_days.is_some(),
            Self::Day(day) => day.of(machine).is_some(),
        }
    }
}
