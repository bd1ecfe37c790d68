//! What filters and orders look at, close together: a look at every machine reads one block of
//! memory from end to end instead of following 20,000 pointers.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::model::search::{Matcher, Measures, Subject};
use crate::model::{Asset, Filter, Lifecycle, Machine, Text, any_tag, one_of};

/// The facts of one machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    os: u32,
    os_version: u32,
    model: u32,
    agent: u32,
    kept: Kept,
    measures: Measures,
    pub(super) updated_at: Option<DateTime<Utc>>,
}

/// What people keep about a machine, as far as it is filtered by.
#[derive(Debug, Clone, Copy)]
struct Kept {
    /// All tags of the machine, as one text.
    tags: u32,
    site: u32,
    owner: u32,
    lifecycle: Lifecycle,
}

/// Texts that many machines share, each by a number.
#[derive(Debug, Default)]
struct Texts {
    numbers: HashMap<Text, u32>,
    /// By number: the text and how many machines have it.
    texts: Vec<(Text, u32)>,
    free: Vec<u32>,
}

/// The texts of all machines.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    os: Texts,
    os_version: Texts,
    model: Texts,
    agent: Texts,
    tags: Texts,
    site: Texts,
    owner: Texts,
}

/// A filter in terms of facts.
pub(super) struct Sieve<'a> {
    filter: &'a Filter,
    search: Matcher<'a>,
    os: Option<Vec<bool>>,
    os_version: Option<Vec<bool>>,
    model: Option<Vec<bool>>,
    agent: Option<Vec<bool>>,
    tags: Option<Vec<bool>>,
    site: Option<Vec<bool>>,
    owner: Option<Vec<bool>>,
}

impl Texts {
    fn number(&mut self, text: &Text) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            self.texts[number as usize].1 += 1;
            return number;
        }
        let entry = (text.clone(), 1);
        let number = match self.free.pop() {
            Some(number) => {
                self.texts[number as usize] = entry;
                number
            }
            None => {
                self.texts.push(entry);
                u32::try_from(self.texts.len() - 1).unwrap_or(u32::MAX)
            }
        };
        self.numbers.insert(text.clone(), number);
        number
    }

    fn forget(&mut self, number: u32) {
        let (text, machines) = &mut self.texts[number as usize];
        *machines -= 1;
        if *machines == 0 {
            self.numbers.remove(text);
            *text = Text::default();
            self.free.push(number);
        }
    }

    /// Which texts are wanted; `None` when all are.
    fn wanted(&self, wanted: &[String]) -> Option<Vec<bool>> {
        self.chosen(wanted, |text| one_of(wanted, || text))
    }

    /// As [`Texts::wanted`], for texts that [`joined`] made.
    fn with_tag(&self, wanted: &[String]) -> Option<Vec<bool>> {
        self.chosen(wanted, |tags| any_tag(wanted, || tags.lines()))
    }

    fn chosen(&self, wanted: &[String], is_wanted: impl Fn(&str) -> bool) -> Option<Vec<bool>> {
        let chosen = self.texts.iter().map(|(text, _)| is_wanted(text));
        (!wanted.is_empty()).then(|| chosen.collect())
    }
}

/// Tags as one text; no tag has a line end in it.
fn joined(tags: &[Text]) -> Text {
    match tags {
        [] => Text::default(),
        [one] => one.clone(),
        several => several.join("\n").into(),
    }
}

impl Vocabulary {
    pub(super) fn facts(&mut self, machine: &Machine) -> Facts {
        let kept = self.kept(&machine.human.asset);
        self.facts_with(machine, kept)
    }

    /// The facts of a machine in place of those that it had. What people keep is the same after most
    /// reports, and is then not looked up again.
    pub(super) fn renewed(&mut self, machine: &Machine, before: &Machine, facts: &Facts) -> Facts {
        let asset = &machine.human.asset;
        let kept = if asset.is_same(&before.human.asset) {
            facts.kept
        } else {
            let kept = self.kept(asset);
            self.forget_kept(&facts.kept);
            kept
        };
        let renewed = self.facts_with(machine, kept);
        self.forget_reported(facts);
        renewed
    }

    pub(super) fn forget(&mut self, facts: &Facts) {
        self.forget_reported(facts);
        self.forget_kept(&facts.kept);
    }

    fn facts_with(&mut self, machine: &Machine, kept: Kept) -> Facts {
        Facts {
            os: self.os.number(&machine.os),
            os_version: self.os_version.number(&machine.os_version),
            model: self.model.number(machine.model().unwrap_or(&NONE)),
            agent: self.agent.number(machine.hardware.agent_version.as_ref().unwrap_or(&NONE)),
            kept,
            measures: Measures::of(machine),
            updated_at: machine.updated_at,
        }
    }

    fn forget_reported(&mut self, facts: &Facts) {
        self.os.forget(facts.os);
        self.os_version.forget(facts.os_version);
        self.model.forget(facts.model);
        self.agent.forget(facts.agent);
    }

    fn kept(&mut self, asset: &Asset) -> Kept {
        Kept {
            tags: self.tags.number(&joined(&asset.tags)),
            site: self.site.number(asset.site.as_ref().unwrap_or(&NONE)),
            owner: self.owner.number(asset.owner.as_ref().unwrap_or(&NONE)),
            lifecycle: asset.lifecycle,
        }
    }

    fn forget_kept(&mut self, kept: &Kept) {
        self.tags.forget(kept.tags);
        self.site.forget(kept.site);
        self.owner.forget(kept.owner);
    }

    pub(super) fn sieve<'a>(&self, filter: &'a Filter) -> Sieve<'a> {
        Sieve {
            filter,
            search: filter.search.matcher(),
            os: self.os.wanted(&filter.os),
            os_version: self.os_version.wanted(&filter.os_version),
            model: self.model.wanted(&filter.model),
            agent: self.agent.wanted(&filter.agent_version),
            tags: self.tags.with_tag(&filter.tag),
            site: self.site.wanted(&filter.site),
            owner: self.owner.wanted(&filter.owner),
        }
    }
}

/// The model, agent's version, site or owner of a machine without one.
static NONE: Text = Text::const_new("");

impl Sieve<'_> {
    /// Whether a machine with these facts and this search text meets every condition.
    pub(super) fn lets_through(&self, facts: &Facts, machine: &Machine, text: &str) -> bool {
        let Facts { kept, measures, .. } = facts;
        let filter = self.filter;
        let chosen = |wanted: &Option<Vec<bool>>, number: u32| {
            wanted.as_ref().is_none_or(|wanted| wanted[number as usize])
        };
        chosen(&self.os, facts.os)
            && chosen(&self.os_version, facts.os_version)
            && chosen(&self.model, facts.model)
            && chosen(&self.agent, facts.agent)
            && chosen(&self.tags, kept.tags)
            && chosen(&self.site, kept.site)
            && chosen(&self.owner, kept.owner)
            && filter.is_used_for(kept.lifecycle)
            && filter.status.as_ref().is_none_or(|status| status.matches(&measures.liveness))
            && filter.matches_address(measures.address)
            && filter.seen.contains(measures.liveness.last_seen)
            && filter.created.contains(measures.created_at)
            && filter.activation.contains(measures.activation)
            && self.search.finds(&Subject { machine, text, measures })
    }
}
