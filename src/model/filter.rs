//! Which machines a question is about.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use ipnet::IpNet;

use super::{Exempt, Lifecycle, Liveness, Machine, Search, Status, StatusRules, Text};

/// Conditions that a machine must meet, all of them. The default meets every machine.
///
/// Everything that depends on the time of the question is an instant here, so that each store can
/// answer alike and a page and its total never disagree.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// What was written into the search box.
    pub search: Search,
    /// One of these operating systems, without regard to case; empty text is "unknown".
    pub os: Vec<String>,
    /// One of these versions, without regard to case.
    pub os_version: Vec<String>,
    /// One of these models, without regard to case.
    pub model: Vec<String>,
    /// Has one of these tags, without regard to case; empty text is "no tag".
    pub tag: Vec<String>,
    /// Used for one of these.
    pub lifecycle: Vec<Lifecycle>,
    /// At one of these sites, without regard to case.
    pub site: Vec<String>,
    /// Of one of these owners, without regard to case.
    pub owner: Vec<String>,
    /// Reported by one of these versions of the agent, without regard to case; empty text is "unknown".
    pub agent_version: Vec<String>,
    /// In one of these states.
    pub status: Option<StatusFilter>,
    /// The address lies in one of these networks.
    pub networks: Vec<IpNet>,
    /// When the machine was last heard of.
    pub seen: Period,
    /// When the machine first reported.
    pub created: Period,
    /// When the computer went into use.
    pub activation: Activation,
}

/// States, judged at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusFilter {
    /// The states asked for, and the reasons to have none.
    pub any_of: Vec<Result<Status, Exempt>>,
    /// The moment.
    pub now: DateTime<Utc>,
    /// The limits between the states.
    pub rules: StatusRules,
}

/// From one instant (included) to another (excluded).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// At or after this.
    pub from: Option<DateTime<Utc>>,
    /// Before this.
    pub before: Option<DateTime<Utc>>,
}

/// What is asked about the date of activation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    #[default]
    Any,
    /// It is not known.
    Unknown,
    /// It lies in this period.
    In(Period),
}

impl Activation {
    /// Whether it is asked for a computer that went into use then.
    #[must_use]
    pub fn contains(&self, activation: Option<DateTime<Utc>>) -> bool {
        match self {
            Self::Any => true,
            Self::Unknown => activation.is_none(),
            Self::In(period) => activation.is_some_and(|at| period.contains(at)),
        }
    }
}

impl Period {
    /// Whether the instant lies in it.
    #[must_use]
    pub fn contains(&self, instant: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| instant >= from)
            && self.before.is_none_or(|before| instant < before)
    }
}

impl Filter {
    /// Whether the machine meets each of the conditions that facets are counted of: operating
    /// system, version, model, state, tag, lifecycle, site, owner and the agent's version.
    #[must_use]
    pub fn choices_met(&self, machine: &Machine) -> [bool; 9] {
        let asset = &machine.human.asset;
        [
            one_of(&self.os, || &machine.os),
            one_of(&self.os_version, || &machine.os_version),
            one_of(&self.model, || machine.model().map(Text::as_str).unwrap_or_default()),
            self.status.as_ref().is_none_or(|status| status.matches(&machine.liveness())),
            any_tag(&self.tag, || asset.tags.iter().map(Text::as_str)),
            self.is_used_for(asset.lifecycle),
            one_of(&self.site, || asset.site.as_deref().unwrap_or_default()),
            one_of(&self.owner, || asset.owner.as_deref().unwrap_or_default()),
            one_of(&self.agent_version, || {
                machine.hardware.agent_version.as_deref().unwrap_or_default()
            }),
        ]
    }

    /// The filter without the conditions of [`Filter::choices_met`].
    #[must_use]
    pub fn without_choices(&self) -> Self {
        Self {
            os: Vec::new(),
            os_version: Vec::new(),
            model: Vec::new(),
            status: None,
            tag: Vec::new(),
            lifecycle: Vec::new(),
            site: Vec::new(),
            owner: Vec::new(),
            agent_version: Vec::new(),
            ..self.clone()
        }
    }

    /// Whether this is one of the uses asked for, if any are.
    #[must_use]
    pub fn is_used_for(&self, lifecycle: Lifecycle) -> bool {
        self.lifecycle.is_empty() || self.lifecycle.contains(&lifecycle)
    }

    /// Whether the address lies in one of the networks, if any are asked for.
    #[must_use]
    pub fn matches_address(&self, address: Option<IpAddr>) -> bool {
        let lies_in = |address| self.networks.iter().any(|network| network.contains(&address));
        self.networks.is_empty() || address.is_some_and(lies_in)
    }
}

impl StatusFilter {
    /// Whether a machine that was last heard of then is in one of the states.
    #[must_use]
    pub fn matches(&self, liveness: &Liveness) -> bool {
        self.any_of.contains(&self.rules.judge(liveness, self.now))
    }
}

/// Whether the value is one of those wanted, without regard to case; any is when none are.
pub fn one_of<'a>(wanted: &[String], value: impl FnOnce() -> &'a str) -> bool {
    if wanted.is_empty() {
        return true;
    }
    let value = value();
    wanted.iter().any(|wanted| same(wanted, value))
}

/// Whether one of the tags is one of those wanted, without regard to case; empty text is wanted where
/// there is no tag. Any tags are when none are wanted.
pub fn any_tag<'a, I: Iterator<Item = &'a str>>(
    wanted: &[String],
    tags: impl FnOnce() -> I,
) -> bool {
    if wanted.is_empty() {
        return true;
    }
    let mut tags = tags().peekable();
    if tags.peek().is_none() {
        return wanted.iter().any(String::is_empty);
    }
    tags.any(|tag| wanted.iter().any(|wanted| same(wanted, tag)))
}

/// Equal without regard to case.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!b.is_ascii() && a.to_lowercase() == b.to_lowercase())
}
