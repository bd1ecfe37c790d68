//! How what people keep about a machine is kept: as a JSON object, of which only what is set is
//! written. What a later version wrote there and this one cannot read stays in it.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use crate::model::{Asset, AssetFields, CustomValue, Lifecycle, Text};

/// What is set, as JSON.
pub(super) fn to_map(asset: &AssetFields) -> Map<String, Value> {
    let mut map = asset.later.as_deref().and_then(object).unwrap_or_default();
    let mut text = |name: &str, text: Option<&str>| {
        if let Some(text) = text {
            map.insert(name.into(), text.into());
        }
    };
    text("notes", asset.notes.as_deref());
    text("site", asset.site.as_deref());
    text("building", asset.building.as_deref());
    text("room", asset.room.as_deref());
    text("owner", asset.owner.as_deref());
    text("asset_number", asset.asset_number.as_deref());
    text("purchase_date", asset.purchase_date.map(|date| date.to_string()).as_deref());
    text("warranty_end_date", asset.warranty_end_date.map(|date| date.to_string()).as_deref());
    if asset.lifecycle != Lifecycle::default() {
        text("lifecycle", Some(asset.lifecycle.name()));
    }
    if !asset.tags.is_empty() {
        map.insert("tags".into(), asset.tags.iter().map(Text::as_str).collect());
    }
    if !asset.custom.is_empty() {
        let values = asset.custom.iter().map(|(key, value)| (key.to_string(), written(value)));
        match map.get_mut("custom").and_then(Value::as_object_mut) {
            Some(later) => later.extend(values),
            None => drop(map.insert("custom".into(), Value::Object(values.collect()))),
        }
    }
    map
}

/// What the JSON says.
pub(super) fn from_map(mut map: Map<String, Value>) -> Asset {
    let mut text = |name: &str| take(&mut map, name, |value| value.as_str().map(Text::from));
    let [notes, site, building, room, owner, asset_number] =
        ["notes", "site", "building", "room", "owner", "asset_number"].map(&mut text);
    let mut date = |name: &str| take(&mut map, name, |value| value.as_str()?.parse().ok());
    let [purchase_date, warranty_end_date] = ["purchase_date", "warranty_end_date"].map(&mut date);
    let lifecycle = take(&mut map, "lifecycle", |value| Lifecycle::of(value.as_str()?));
    let tags =
        |value: &Value| value.as_array()?.iter().map(|tag| Some(tag.as_str()?.into())).collect();
    let tags: Option<Vec<Text>> = take(&mut map, "tags", tags);
    let mut fields = AssetFields {
        tags: tags.unwrap_or_default(),
        notes,
        site,
        building,
        room,
        owner,
        asset_number,
        lifecycle: lifecycle.unwrap_or_default(),
        purchase_date,
        warranty_end_date,
        ..AssetFields::default()
    };
    if let Some(Value::Object(values)) = map.get_mut("custom") {
        values.retain(|key, value| match read(value) {
            Some(value) => {
                fields.custom.insert(key.as_str().into(), value);
                false
            }
            None => true,
        });
        if values.is_empty() {
            map.remove("custom");
        }
    }
    if !map.is_empty() {
        fields.later = Some(Value::Object(map).to_string().into());
    }
    fields.into()
}

/// What is set, as JSON text; `None` for nothing.
pub(super) fn to_text(asset: &Asset) -> Option<&str> {
    asset.text(|fields| Value::Object(to_map(fields)).to_string())
}

/// What the JSON text says; `None` when it is no object.
pub(super) fn from_text(text: &str) -> Option<Asset> {
    object(text).map(from_map)
}

pub(super) fn object(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(text).ok()
}

/// Takes out what can be read; the rest stays.
fn take<T>(
    map: &mut Map<String, Value>,
    name: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Option<T> {
    let value = read(map.get(name)?)?;
    map.remove(name);
    Some(value)
}

fn written(value: &CustomValue) -> Value {
    match value {
        CustomValue::Text(text) => text.as_str().into(),
        CustomValue::Number(number) => (*number).into(),
        CustomValue::YesNo(is_so) => (*is_so).into(),
        CustomValue::Date(date) => json!({"date": date.to_string()}),
    }
}

fn read(value: &Value) -> Option<CustomValue> {
    Some(match value {
        Value::String(text) => CustomValue::Text(text.as_str().into()),
        Value::Number(number) => CustomValue::Number(number.as_f64()?),
        Value::Bool(is_so) => CustomValue::YesNo(*is_so),
        Value::Object(map) if map.len() == 1 => {
            CustomValue::Date(map.get("date")?.as_str()?.parse::<NaiveDate>().ok()?)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_comes_back_as_it_was() {
        let day = NaiveDate::from_ymd_opt(2024, 2, 29);
        let text = |text: &str| Some(Text::from(text));
        let values = [
            ("a", CustomValue::Text("2024-02-29".into())),
            ("b", CustomValue::Number(-1.5e-9)),
            ("c", CustomValue::Date(day.unwrap())),
            ("d", CustomValue::YesNo(false)),
        ];
        let all = Asset::from(AssetFields {
            tags: vec!["lab".into(), "ção 😀".into()],
            notes: text("a\n\t\"b\" \\ '; DROP TABLE inventory; --"),
            site: text("Norte"),
            building: text("B"),
            room: text("12"),
            owner: text("ana <b>"),
            asset_number: text("0012"),
            lifecycle: Lifecycle::Retired,
            purchase_date: day,
            warranty_end_date: NaiveDate::from_ymd_opt(9998, 12, 31),
            custom: values.map(|(key, value)| (key.into(), value)).into_iter().collect(),
            later: None,
        });
        assert_eq!(from_text(to_text(&all).unwrap()), Some(all));
        assert_eq!(to_text(&Asset::default()), None);
        assert_eq!(from_text("{}"), Some(Asset::default()));
        assert_eq!(from_text("[]"), None);
    }

    #[test]
    fn what_a_later_version_wrote_stays() {
        let written = json!({
            "site": "Norte", "shelf": {"row": 7}, "lifecycle": "borrowed", "purchase_date": 20_240_229,
            "custom": {"a": "x", "b": {"lat": 1.5}}, "tags": ["lab", {"colour": "red"}],
        });
        let asset = from_text(&written.to_string()).unwrap();
        assert_eq!(asset.site.as_deref(), Some("Norte"));
        assert_eq!(
            (asset.lifecycle, asset.tags.len(), asset.custom.len()),
            (Lifecycle::Active, 0, 1)
        );
        assert_eq!(Value::Object(to_map(&asset)), written);
        let changed = asset.with(|fields| {
            fields.lifecycle = Lifecycle::Stock;
            fields.custom.insert("c".into(), CustomValue::YesNo(true));
        });
        let mut expected = written;
        expected["lifecycle"] = "stock".into();
        expected["custom"]["c"] = true.into();
        assert_eq!(Value::Object(to_map(&changed)), expected);
    }
}
