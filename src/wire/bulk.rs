//! One change of many machines, as `PATCH /api/machines` takes it.

use std::sync::Arc;

use chrono_tz::Tz;
use poem_openapi::{Object, types::Example};
use serde::Serialize;
use serde_json::Value;

use super::asset::read_tags;
use super::edit::{NOTHING, edit_of};
use super::{BadBody, FILTER_PARAMETERS, MachineEdit};
use crate::model::{CustomField, HumanEdit, MachineId, Text, clean};

/// One change of many machines: those that `ids` names, or those that meet the conditions in the
/// address.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Object)]
#[oai(example, nullable_all)]
pub struct MachinesEdit {
    /// The machines, in place of conditions in the address.
    #[oai(validator(min_items = 1, max_items = 10000))]
    pub ids: Option<Vec<String>>,
    /// New values; null clears.
    pub set: Option<MachineEdit>,
    /// Tags to add to those that are there.
    #[oai(validator(max_items = 50))]
    pub add_tags: Option<Vec<String>>,
    /// Tags to take away, whatever their case.
    #[oai(validator(max_items = 50))]
    pub remove_tags: Option<Vec<String>>,
    /// Only say how many machines would be different.
    pub dry_run: Option<bool>,
}

/// What a change of many machines came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
pub struct MachinesReply {
    /// What was done, in Portuguese.
    pub message: String,
    /// Machines that were chosen.
    pub matched: usize,
    /// Those of them that are different now, or would be.
    pub changed: usize,
    /// Whether nothing was changed, because only the numbers were asked for.
    pub dry_run: bool,
}

/// What [`MachinesEdit`] says.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkEdit {
    /// The machines that are named; `None` when conditions choose them.
    pub ids: Option<Vec<MachineId>>,
    /// What to change.
    pub edit: HumanEdit,
    /// Whether to only count.
    pub dry_run: bool,
}

/// Reads the body of a change of many machines; see [`super::parse_edit`].
///
/// # Errors
/// [`BadBody`] names the field and says what is wrong, also when nothing is to be changed.
pub fn parse_bulk_edit(
    body: &[u8],
    zone: Tz,
    fields: &[Arc<CustomField>],
) -> Result<BulkEdit, BadBody> {
    let Value::Object(values) = serde_json::from_slice(body)? else {
        return Err(BadBody("invalid type: expected a JSON object with the change".into()));
    };
    let given = |name: &str| values.get(name).filter(|value| !value.is_null());
    let mut edit = match given("set") {
        None => HumanEdit::default(),
        Some(Value::Object(set)) => edit_of(set, zone, fields)
            .map_err(|BadBody(why)| BadBody(format!("set: {why}")))?
            .unwrap_or_default(),
        Some(_) => return Err(BadBody("set must be an object with new values, or null".into())),
    };
    let tags = |name| read_tags(name, values.get(name).unwrap_or(&Value::Null));
    edit.asset.add_tags = tags("add_tags")?;
    edit.asset.remove_tags = tags("remove_tags")?;
    if edit.is_empty() {
        return Err(BadBody(NOTHING.into()));
    }
    let dry_run = match given("dry_run") {
        None => false,
        Some(Value::Bool(dry_run)) => *dry_run,
        Some(_) => return Err(BadBody("dry_run must be true, false or null".into())),
    };
    Ok(BulkEdit { ids: given("ids").map(ids).transpose()?, edit, dry_run })
}

fn ids(value: &Value) -> Result<Vec<MachineId>, BadBody> {
    let wrong =
        || BadBody("ids must be a list of machines' ids, with at least one, or null".into());
    let ids = value.as_array().filter(|ids| !ids.is_empty()).ok_or_else(wrong)?;
    let ids = ids.iter().map(|id| id.as_str().map(MachineId::stored).ok_or_else(wrong));
    ids.collect()
}

/// Refuses what a list ignores: a condition that is misspelt must not choose more machines than it
/// was meant to.
///
/// # Errors
/// [`BadBody`] names the parameter.
pub fn check_conditions(query: &str) -> Result<(), BadBody> {
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        if !FILTER_PARAMETERS.iter().any(|parameter| parameter.name == name) {
            let names: Vec<_> = FILTER_PARAMETERS.iter().map(|parameter| parameter.name).collect();
            let (name, names): (Text, _) = (clean(&name, 40), names.join(", "));
            return Err(BadBody(format!("{name} is no condition; there are {names}")));
        }
    }
    Ok(())
}

impl Example for MachinesEdit {
    fn example() -> Self {
        Self {
            ids: Some(vec!["lab-01".into(), "lab-02".into()]),
            set: Some(MachineEdit { room: Some("Lab 01".into()), ..MachineEdit::default() }),
            add_tags: Some(vec!["lab".into()]),
            remove_tags: None,
            dry_run: Some(true),
        }
    }
}

impl Example for MachinesReply {
    fn example() -> Self {
        let message = "Nenhuma alteração gravada".into();
        Self { message, matched: 2, changed: 1, dry_run: true }
    }
}
