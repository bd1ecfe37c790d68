//! What people keep about a machine, as it is read from a change.

use std::sync::Arc;

use chrono::{Datelike as _, NaiveDate};
use poem_openapi::Enum;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::ParseError;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::documented::documented;
use super::{BadBody, MOST_EXACT};
use crate::model::{
    self, AssetEdit, CUSTOM_TEXT_CHARS, CustomField, CustomKind, CustomValue, NOTES_CHARS,
    PLACE_CHARS, TAGS, Text, clean, clean_lines, tag, with_tags,
};

/// Years that a date can lie in; beyond them it is a slip of the pen.
const YEARS: std::ops::RangeInclusive<i32> = 1950..=9998;

/// What a machine is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Lifecycle {
    /// In use, as every machine of which nobody says otherwise.
    Active,
    /// In store.
    Stock,
    /// Being repaired.
    Repair,
    /// Taken out of use: nobody waits for its reports.
    Retired,
}

impl From<model::Lifecycle> for Lifecycle {
    fn from(lifecycle: model::Lifecycle) -> Self {
        match lifecycle {
            model::Lifecycle::Active => Self::Active,
            model::Lifecycle::Stock => Self::Stock,
            model::Lifecycle::Repair => Self::Repair,
            model::Lifecycle::Retired => Self::Retired,
        }
    }
}

/// A calendar date, written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(pub NaiveDate);

/// The value of a custom field: text, a number, true or false; a date is text, `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldValue(pub Value);

impl From<&CustomValue> for FieldValue {
    fn from(value: &CustomValue) -> Self {
        Self(match value {
            CustomValue::Text(text) => text.as_str().into(),
            CustomValue::Number(number) => number_of(*number),
            CustomValue::Date(date) => date.to_string().into(),
            CustomValue::YesNo(is_so) => (*is_so).into(),
        })
    }
}

/// A number, without a fraction where it has none.
fn number_of(number: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and is small")]
    if number.fract() == 0.0 { (number as i64).into() } else { number.into() }
}

/// Reads one field of a change into `edit`; what is none of these is ignored.
pub(super) fn read_field(
    edit: &mut AssetEdit,
    name: &str,
    value: &Value,
    fields: &[Arc<CustomField>],
) -> Result<(), BadBody> {
    match name {
        "tags" => edit.tags = Some(read_tags(name, value)?),
        "notes" => edit.notes = Some(notes(value)?),
        "site" => edit.site = Some(line(name, value, PLACE_CHARS)?),
        "building" => edit.building = Some(line(name, value, PLACE_CHARS)?),
        "room" => edit.room = Some(line(name, value, PLACE_CHARS)?),
        "owner" => edit.owner = Some(line(name, value, PLACE_CHARS)?),
        "asset_number" => edit.asset_number = Some(line(name, value, PLACE_CHARS)?),
        "lifecycle" => edit.lifecycle = Some(lifecycle(value)?),
        "purchase_date" => edit.purchase_date = Some(date(name, value)?),
        "warranty_end_date" => edit.warranty_end_date = Some(date(name, value)?),
        "custom" => read_custom(edit, value, fields)?,
        _ => {}
    }
    Ok(())
}

/// Tags in one order, each once, of a list of texts or null; `name` is what an error calls them.
///
/// # Errors
/// [`BadBody`] says which of them is none.
pub fn read_tags(name: &str, value: &Value) -> Result<Vec<Text>, BadBody> {
    let wrong = || BadBody(format!("{name} must be a list of texts, or null"));
    let texts: &[Value] = match value {
        Value::Null => &[],
        Value::String(text) if text.trim().is_empty() => &[],
        Value::Array(texts) => texts,
        _ => return Err(wrong()),
    };
    let mut tags = Vec::with_capacity(texts.len());
    for text in texts {
        let text = text.as_str().ok_or_else(wrong)?;
        tags.push(tag(text).map_err(|bad| BadBody(format!("{name}: {bad}")))?);
    }
    let tags = with_tags(&tags, &[]);
    if tags.len() > TAGS {
        return Err(BadBody(format!("{name} holds {} tags, but takes at most {TAGS}", tags.len())));
    }
    Ok(tags)
}

fn read_custom(
    edit: &mut AssetEdit,
    value: &Value,
    fields: &[Arc<CustomField>],
) -> Result<(), BadBody> {
    let values = match value {
        Value::Null => {
            edit.clear_custom = true;
            return Ok(());
        }
        Value::Object(values) => values,
        _ => {
            return Err(BadBody(
                "custom must be an object with values by their keys, or null".into(),
            ));
        }
    };
    for (key, value) in values {
        let field = fields.iter().find(|field| field.key == *key).ok_or_else(|| {
            BadBody(format!(
                "custom.{}: there is no such field; GET /api/fields lists those there are",
                clean(key, 40)
            ))
        })?;
        edit.custom.insert(field.key.clone(), custom_value(field, value)?);
    }
    Ok(())
}

/// The value of a custom field; `None` clears it.
///
/// # Errors
/// [`BadBody`] names the field and says what it takes.
pub fn custom_value(field: &CustomField, value: &Value) -> Result<Option<CustomValue>, BadBody> {
    let name = format!("custom.{}", field.key);
    if matches!(value, Value::Null) || value.as_str().is_some_and(|text| text.trim().is_empty()) {
        return Ok(None);
    }
    match &field.kind {
        CustomKind::Text => Ok(line(&name, value, CUSTOM_TEXT_CHARS)?.map(CustomValue::Text)),
        CustomKind::Date => Ok(date(&name, value)?.map(CustomValue::Date)),
        CustomKind::Number => number(&name, value).map(Some),
        CustomKind::YesNo => match (value, value.as_str().map(str::trim)) {
            (Value::Bool(is_so), _) => Ok(Some(CustomValue::YesNo(*is_so))),
            (_, Some("true")) => Ok(Some(CustomValue::YesNo(true))),
            (_, Some("false")) => Ok(Some(CustomValue::YesNo(false))),
            _ => Err(BadBody(format!("{name} must be true, false or null"))),
        },
        CustomKind::Choice(choices) => {
            let text = line(&name, value, usize::MAX)?.unwrap_or_default();
            let choice = field.kind.choice(&text).cloned();
            choice.map(|choice| Some(CustomValue::Text(choice))).ok_or_else(|| {
                let choices = choices.join(", ");
                BadBody(format!("{name} is '{}', but takes one of: {choices}", clean(&text, 40)))
            })
        }
    }
}

fn number(name: &str, value: &Value) -> Result<CustomValue, BadBody> {
    #[expect(clippy::cast_precision_loss, reason = "it is the largest that is exact")]
    const MOST: f64 = MOST_EXACT as f64;
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let number = number.filter(|number: &f64| number.abs() <= MOST);
    number.map(CustomValue::Number).ok_or_else(|| {
        BadBody(format!("{name} must be a number from -{MOST_EXACT} to {MOST_EXACT}, or null"))
    })
}

fn lifecycle(value: &Value) -> Result<model::Lifecycle, BadBody> {
    let takes = "active, stock, repair or retired";
    match value {
        Value::Null => Ok(model::Lifecycle::default()),
        Value::String(text) if text.trim().is_empty() => Ok(model::Lifecycle::default()),
        Value::String(text) => model::Lifecycle::of(text.trim()).ok_or_else(|| {
            BadBody(format!("lifecycle is '{}', but takes {takes}", clean(text, 40)))
        }),
        _ => Err(BadBody(format!("lifecycle must be {takes}, or null"))),
    }
}

fn date(name: &str, value: &Value) -> Result<Option<NaiveDate>, BadBody> {
    let wrong = |shown: &str| {
        BadBody(format!("{name} is {shown}, but takes a date: YYYY-MM-DD or DD/MM/YYYY"))
    };
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.trim(),
        _ => return Err(wrong("no text")),
    };
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = ["%Y-%m-%d", "%d/%m/%Y"]
        .iter()
        .find_map(|format| NaiveDate::parse_from_str(text, format).ok())
        .filter(|date| YEARS.contains(&date.year()));
    parsed.map(Some).ok_or_else(|| wrong(&format!("'{}'", clean(text, 40))))
}

/// One line of text. What a person typed is never cut in silence.
pub(super) fn line(name: &str, value: &Value, most: usize) -> Result<Option<Text>, BadBody> {
    checked(name, value, most, |text| clean(text, usize::MAX))
}

fn notes(value: &Value) -> Result<Option<Text>, BadBody> {
    checked("notes", value, NOTES_CHARS, clean_lines)
}

fn checked(
    name: &str,
    value: &Value,
    most: usize,
    cleaned: impl FnOnce(&str) -> Text,
) -> Result<Option<Text>, BadBody> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => cleaned(text),
        _ => return Err(BadBody(format!("{name} must be text or null"))),
    };
    let chars = text.chars().count();
    if chars > most {
        return Err(BadBody(format!("{name} has {chars} characters, but takes at most {most}")));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

documented!(Day, "string_date", MetaSchema::new_with_format("string", "date"), |json| {
    let text = String::parse_from_json(Some(json)).map_err(ParseError::propagate)?;
    Ok(Self(text.parse()?))
});

documented!(
    FieldValue,
    "field_value",
    MetaSchema {
        one_of: ["string", "number", "boolean"]
            .map(|kind| MetaSchemaRef::Inline(Box::new(MetaSchema::new(kind))))
            .into(),
        ..MetaSchema::ANY
    },
    |json| Ok(Self(json))
);

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
