//! A person's change to a machine, as `PATCH /api/machines/{id}` takes it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono_tz::Tz;
use poem_openapi::{Object, types::Example};
use serde::Serialize;
use serde_json::{Map, Value};

use super::BadBody;
use super::asset::{FieldValue, Lifecycle, read_field};
use super::ingest::{activation, activation_days};
use super::lenient::Scalar;
use crate::model::{CustomField, HumanEdit, MODEL_CHARS, Text, clean};

/// New values for what people know about a machine. Fields that are left out stay; null or empty
/// text clears.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Object)]
#[oai(example, nullable_all)]
pub struct MachineEdit {
    /// Make and model of the computer; cut at 100 characters.
    pub computer_model: Option<String>,
    /// When the computer went into use: RFC 3339 with or without zone, `YYYY-MM-DD`,
    /// `DD/MM/YYYY` or epoch seconds. Without a zone it is wall time in the server's zone.
    pub computer_activation: Option<String>,
    /// Days in use.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub activation_days: Option<i32>,
    /// Tags in place of those that are there: at most 50, each of at most 50 characters without
    /// comma or semicolon. Of two that differ only in case, one is kept.
    #[oai(validator(max_items = 50))]
    pub tags: Option<Vec<String>>,
    /// Free text of several lines.
    #[oai(validator(max_length = 4000))]
    pub notes: Option<String>,
    /// The site where the machine is, …
    #[oai(validator(max_length = 100))]
    pub site: Option<String>,
    /// … the building there, …
    #[oai(validator(max_length = 100))]
    pub building: Option<String>,
    /// … and the room.
    #[oai(validator(max_length = 100))]
    pub room: Option<String>,
    /// Whose the machine is: a person or a department.
    #[oai(validator(max_length = 100))]
    pub owner: Option<String>,
    /// The number on the machine's label.
    #[oai(validator(max_length = 100))]
    pub asset_number: Option<String>,
    /// What the machine is used for; null for `active`.
    pub lifecycle: Option<Lifecycle>,
    /// When the machine was bought: `YYYY-MM-DD` or `DD/MM/YYYY`.
    pub purchase_date: Option<String>,
    /// The last day of its warranty, written so too.
    pub warranty_end_date: Option<String>,
    /// Values of custom fields, by their keys, each as its type asks: text, a number, a date as
    /// above, true or false, one of the choices. Those that are left out stay, null clears one of
    /// them, and null in place of all of this clears them all.
    pub custom: Option<BTreeMap<String, FieldValue>>,
}

impl Example for MachineEdit {
    fn example() -> Self {
        Self {
            computer_activation: Some("2024-02-20".into()),
            tags: Some(vec!["lab".into()]),
            site: Some("Campus Norte".into()),
            ..Self::default()
        }
    }
}

/// Reads the body of a change. A date without a zone is wall time in `zone`; `fields` are the custom
/// fields that there are.
///
/// # Errors
/// [`BadBody`] names the field and says what is wrong, also when nothing is to be changed.
pub fn parse_edit(
    body: &[u8],
    zone: Tz,
    fields: &[Arc<CustomField>],
) -> Result<HumanEdit, BadBody> {
    let value: Value = serde_json::from_slice(body)?;
    let Value::Object(values) = value else {
        return Err(BadBody(
            "invalid type: expected a JSON object with the fields to change".into(),
        ));
    };
    match edit_of(&values, zone, fields)? {
        Some(edit) => Ok(edit),
        None => Err(BadBody(NOTHING.into())),
    }
}

/// The original's words for a change that changes nothing.
pub(super) const NOTHING: &str = "No valid fields provided for update";

/// The change that these fields ask for; `None` when none of them is known.
pub(super) fn edit_of(
    values: &Map<String, Value>,
    zone: Tz,
    fields: &[Arc<CustomField>],
) -> Result<Option<HumanEdit>, BadBody> {
    let mut edit = HumanEdit::default();
    for (name, value) in values {
        read_human(&mut edit, name, value, zone, fields)?;
    }
    Ok(Some(edit).filter(|edit| !edit.is_empty()))
}

/// Reads one field of a change into `edit`; what is none of these is ignored.
///
/// # Errors
/// [`BadBody`] names the field and says what is wrong.
pub fn read_human(
    edit: &mut HumanEdit,
    name: &str,
    value: &Value,
    zone: Tz,
    fields: &[Arc<CustomField>],
) -> Result<(), BadBody> {
    match name {
        "computer_model" => edit.computer_model = Some(computer_model(value)?),
        "computer_activation" => {
            edit.computer_activation = Some(match scalar(name, value)? {
                Some(scalar) => activation(&scalar, zone)?,
                None => None,
            });
        }
        "activation_days" => edit.activation_days = Some(days(value)?),
        name => read_field(&mut edit.asset, name, value, fields)?,
    }
    Ok(())
}

fn computer_model(value: &Value) -> Result<Option<Text>, BadBody> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => {
            let model = clean(text, MODEL_CHARS);
            Ok(Some(model).filter(|model| !model.is_empty()))
        }
        _ => Err(BadBody("computer_model must be text or null".into())),
    }
}

fn days(value: &Value) -> Result<Option<i32>, BadBody> {
    let days = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.as_i64(),
        _ => None,
    };
    activation_days(days.unwrap_or(-1)).map(Some)
}

fn scalar<'a>(name: &str, value: &'a Value) -> Result<Option<Scalar<'a>>, BadBody> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(Scalar::Text(Cow::Borrowed(text)))),
        Value::Number(number) => Ok(number.as_f64().map(Scalar::Number)),
        _ => Err(BadBody(format!("{name} must be text, a number or null"))),
    }
}
