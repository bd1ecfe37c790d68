//! A person's change to a machine, as `PATCH /api/machines/{id}` takes it.

use std::borrow::Cow;

use chrono_tz::Tz;
use poem_openapi::{Object, types::Example};
use serde::Serialize;
use serde_json::Value;

use super::BadBody;
use super::ingest::{activation, activation_days};
use super::lenient::Scalar;
use crate::model::{HumanEdit, MODEL_CHARS, Text, clean};

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
}

impl Example for MachineEdit {
    fn example() -> Self {
        Self { computer_activation: Some("2024-02-20".into()), ..Self::default() }
    }
}

/// Reads the body of a change. A date without a zone is wall time in `zone`.
///
/// # Errors
/// [`BadBody`] names the field and says what is wrong, also when nothing is to be changed.
pub fn parse_edit(body: &[u8], zone: Tz) -> Result<HumanEdit, BadBody> {
    let value: Value = serde_json::from_slice(body)?;
    let Value::Object(fields) = value else {
        return Err(BadBody(
            "invalid type: expected a JSON object with the fields to change".into(),
        ));
    };
    let mut edit = HumanEdit::default();
    for (name, value) in &fields {
        match name.as_str() {
            "computer_model" => edit.computer_model = Some(computer_model(value)?),
            "computer_activation" => {
                edit.computer_activation = Some(match scalar(name, value)? {
                    Some(scalar) => activation(&scalar, zone)?,
                    None => None,
                });
            }
            "activation_days" => edit.activation_days = Some(days(value)?),
            _ => {}
        }
    }
    if edit.is_empty() {
        return Err(BadBody("No valid fields provided for update".into()));
    }
    Ok(edit)
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
