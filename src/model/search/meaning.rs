//! From terms to conditions that machines meet or not.

use super::Search;
use super::custom;
use super::error::Wrong;
use super::field::{self, Day, Field, Kind, Part};
use super::fold::fold;
use super::matching::{Clause, Condition};
use super::term::{Subject, Term, Value};
use super::values::{Addresses, MacPart, Numbers, id_of_mac, memory};
use crate::model::asked::Days;
use crate::model::{Activation, Asked, Lifecycle, Proof, Status, StatusFilter, clean};

/// Characters of what was written that a message repeats.
const SHOWN: usize = 40;

pub(super) fn search(terms: &[Term], asked: &Asked<'_>) -> Result<Search, Wrong> {
    let clause = |term: &Term| {
        let any_of = term.values.iter().map(|value| condition(term, value, asked));
        Ok(Clause { is_negated: term.is_negated, any_of: any_of.collect::<Result<_, _>>()? })
    };
    Ok(Search { clauses: terms.iter().map(clause).collect::<Result<_, _>>()? })
}

fn condition(term: &Term, value: &Value, asked: &Asked<'_>) -> Result<Condition, Wrong> {
    let (condition, takes) = match &term.subject {
        Subject::Everything => {
            let (needle, id) = (fold(&value.text), id_of_mac(&value.text));
            let mac = id.as_ref().and_then(|_| MacPart::parse(&value.text));
            return Ok(Condition::Word { needle, id, mac });
        }
        Subject::Field(field) => (understood(field, value, asked), takes(field)),
        Subject::Custom(key) => {
            let field =
                custom::named(key, asked).map_err(|why| Wrong::new(term.at.clone(), why))?;
            let condition = custom::wanted(field, value)
                .map(|wanted| Condition::Custom { key: field.key.clone(), wanted });
            (condition, custom::takes(field))
        }
    };
    condition.ok_or_else(|| {
        let shown = clean(&value.text, SHOWN);
        let message = format!("{} is '{shown}', but takes {takes}", term.subject);
        Wrong::new(value.at.clone(), message)
    })
}

fn takes(field: &Field) -> String {
    match field.kind {
        Kind::Presence(_) => {
            format!("the name of a field that may be unknown: {}", field::optional_names())
        }
        _ => field.takes.to_owned(),
    }
}

/// What a value asks of a field; `None` when the field does not take it.
fn understood(field: &Field, value: &Value, asked: &Asked<'_>) -> Option<Condition> {
    let text = value.text.trim();
    Some(match field.kind {
        // What is asked for empty is asked for as a whole: everything begins with nothing.
        Kind::Text(_) if value.is_whole || value.text.is_empty() => {
            text_condition(field, Part::Whole, &value.text)
        }
        Kind::Text(part) => text_condition(field, part, &value.text),
        Kind::Network => Condition::Address(Addresses::parse(text)?),
        Kind::Mac => Condition::Mac { part: MacPart::parse(text)?, id: id_of_mac(text) },
        Kind::Id if text.is_empty() => return None,
        Kind::Id => Condition::Id { id: fold(text), is_whole: value.is_whole },
        Kind::Memory => Condition::Memory(memory(text)?),
        Kind::Seen => Condition::Seen(asked.ago(text).or_else(|| asked.dates(text))?),
        Kind::Created => Condition::Created(asked.ago(text).or_else(|| asked.dates(text))?),
        Kind::Age => Condition::Activation(asked.age(text)?),
        Kind::Activated => Condition::Activation(Activation::In(asked.dates(text)?)),
        Kind::State => {
            let status = Status::named(text)?;
            let (now, rules) = (asked.now, asked.rules);
            Condition::Status(StatusFilter { any_of: vec![status], now, rules })
        }
        Kind::Proof => Condition::Proof(Proof::of(text)?),
        Kind::Lifecycle => Condition::Lifecycle(Lifecycle::of(text)?),
        Kind::Day(of) => {
            let length = match of {
                Day::Purchase => asked.days_ago(text),
                Day::Warranty => asked.days_left(text),
            };
            Condition::Day { of, days: length.or_else(|| Days::named(text))? }
        }
        Kind::ActivationDays => Condition::ActivationDays(Numbers::parse(text)?),
        Kind::Presence(is_set) => match field::custom_key(text) {
            Some(key) => {
                let key = custom::named(&key, asked).ok()?.key.clone();
                Condition::CustomPresence { key, is_set }
            }
            None => Condition::Presence { of: field::named(text)?.presence()?, is_set },
        },
    })
}

fn text_condition(field: &Field, part: Part, text: &str) -> Condition {
    Condition::Text { line: field.line(), part, needle: fold(text) }
}
