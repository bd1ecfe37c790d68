//! Conditions on fields that admins defined: `custom.KEY:value`.

use super::field::{CUSTOM, Part};
use super::fold::fold;
use super::term::Value;
use super::values::Numbers;
use crate::model::asked::Days;
use crate::model::{Asked, CustomField, CustomKind, CustomValue, Text};

/// The value that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    Text { part: Part, needle: String },
    Number(Numbers),
    Days(Days),
    YesNo(bool),
}

/// The field of a key.
///
/// # Errors
/// Says which there are.
pub(super) fn named<'a>(key: &str, asked: &Asked<'a>) -> Result<&'a CustomField, String> {
    if let Some(field) = asked.fields.iter().find(|field| field.key == key) {
        return Ok(field);
    }
    let names: Vec<_> = asked.fields.iter().map(|field| format!("{CUSTOM}{}", field.key)).collect();
    Err(match names.as_slice() {
        [] => format!("There is no field {CUSTOM}{key}: no admin has defined any"),
        names => format!("There is no field {CUSTOM}{key}, but {}", names.join(", ")),
    })
}

/// What a value asks of a field; `None` when the field does not take it.
pub(super) fn wanted(field: &CustomField, value: &Value) -> Option<Wanted> {
    let text = value.text.trim();
    let is_whole = value.is_whole || value.text.is_empty();
    Some(match &field.kind {
        CustomKind::Text => {
            let part = if is_whole { Part::Whole } else { Part::Any };
            Wanted::Text { part, needle: fold(&value.text) }
        }
        CustomKind::Choice(choices) => {
            let needle = fold(text);
            let is_there = needle.is_empty() || choices.iter().any(|one| fold(one) == needle);
            is_there.then_some(Wanted::Text { part: Part::Whole, needle })?
        }
        CustomKind::Number => Wanted::Number(Numbers::parse(text)?),
        CustomKind::Date => Wanted::Days(Days::named(text)?),
        CustomKind::YesNo => Wanted::YesNo(match text.to_ascii_lowercase().as_str() {
            "yes" | "true" => true,
            "no" | "false" => false,
            _ => return None,
        }),
    })
}

/// What a field takes, in words.
pub(super) fn takes(field: &CustomField) -> String {
    match &field.kind {
        CustomKind::Text => "a part of the text, or =TEXT for all of it".into(),
        CustomKind::Number => "a number such as 5, >=5 or 5..10".into(),
        CustomKind::Date => "a date such as 2026-11-23, 2026-11, >=2026 or 2026..2027".into(),
        CustomKind::YesNo => "yes or no".into(),
        CustomKind::Choice(choices) => {
            choices.iter().map(Text::as_str).collect::<Vec<_>>().join(", ")
        }
    }
}

impl Wanted {
    /// Whether the value of a machine is the one asked for; empty text is asked for where there is
    /// none.
    pub(super) fn is(&self, value: Option<&CustomValue>) -> bool {
        match (self, value) {
            (Self::Text { part, needle }, Some(CustomValue::Text(text))) => {
                let text = fold(text);
                if *part == Part::Any { text.contains(needle) } else { text == *needle }
            }
            (Self::Text { needle, .. }, None) => needle.is_empty(),
            (Self::Number(numbers), Some(CustomValue::Number(number))) => numbers.contain(*number),
            (Self::Days(days), Some(CustomValue::Date(day))) => days.contains(*day),
            (Self::YesNo(wanted), Some(CustomValue::YesNo(is_so))) => wanted == is_so,
            _ => false,
        }
    }
}
