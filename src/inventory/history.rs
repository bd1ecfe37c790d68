//! Machines as the audit log shows them: JSON of what matters to the reader.

use serde_json::{Map, Value, json};

use crate::model::{CustomField, CustomKind, CustomValue, HumanFields, Labels, Machine};

/// What people know about a machine, before and after a change: the fields that differ. `None` when
/// none does.
pub(super) fn difference(before: &HumanFields, after: &HumanFields) -> Option<(String, String)> {
    let (mut before, mut after) = (human(before), human(after));
    differing(&mut before, &mut after);
    let text = |fields| Value::Object(fields).to_string();
    (!before.is_empty() || !after.is_empty()).then(|| (text(before), text(after)))
}

/// A field that admins defined.
pub(super) fn field(field: &CustomField) -> String {
    let Labels { pt_br, en, es } = &field.labels;
    let choices = match &field.kind {
        CustomKind::Choice(choices) => Some(choices.as_slice()),
        _ => None,
    };
    json!({
        "type": field.kind.name(),
        "choices": choices,
        "labels": {"pt-BR": pt_br, "en": en, "es": es},
        "order": field.order,
    })
    .to_string()
}

fn human(human: &HumanFields) -> Map<String, Value> {
    let (asset, mut fields) = (&human.asset, Map::new());
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    put("computer_model", json!(human.computer_model));
    put("computer_activation", json!(human.computer_activation.map(|at| at.to_rfc3339())));
    put("activation_days", json!(human.activation_days));
    put("tags", json!(asset.tags));
    put("notes", json!(asset.notes));
    put("site", json!(asset.site));
    put("building", json!(asset.building));
    put("room", json!(asset.room));
    put("owner", json!(asset.owner));
    put("asset_number", json!(asset.asset_number));
    put("lifecycle", asset.lifecycle.name().into());
    put("purchase_date", json!(asset.purchase_date));
    put("warranty_end_date", json!(asset.warranty_end_date));
    let custom = asset.custom.iter().map(|(key, value)| (key.to_string(), custom_value(value)));
    put("custom", Value::Object(custom.collect()));
    fields
}

fn custom_value(value: &CustomValue) -> Value {
    match value {
        CustomValue::Text(text) => json!(text),
        CustomValue::Number(number) => json!(number),
        CustomValue::Date(date) => json!(date),
        CustomValue::YesNo(is_so) => json!(is_so),
    }
}

/// Leaves of two objects what differs, also inside of objects that both have.
fn differing(before: &mut Map<String, Value>, after: &mut Map<String, Value>) {
    before.retain(|name, was| {
        let Some(is) = after.get_mut(name) else { return true };
        if let (Value::Object(was), Value::Object(is)) = (&mut *was, &mut *is) {
            differing(was, is);
        }
        let is_same = was == is;
        if is_same {
            after.remove(name);
        }
        !is_same
    });
}

/// Which machine it was.
pub(super) fn summary(machine: &Machine) -> String {
    json!({
        "hostname": machine.hostname.as_str(),
        "ip": machine.ip.as_str(),
        "os": machine.os.as_str(),
        "created_at": machine.created_at.to_rfc3339(),
    })
    .to_string()
}
