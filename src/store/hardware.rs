//! How what an agent found out about a machine is kept: as a JSON object, of which only what is known
//! is written. Its sections are kept elsewhere, and each with them what is known of it.

use serde_json::{Map, Value};

use crate::model::{Hardware, HardwareFields, Text};

/// What is known, as JSON; `None` for nothing.
pub(super) fn to_map(hardware: &HardwareFields) -> Option<Map<String, Value>> {
    let mut map = Map::new();
    let texts = [
        ("manufacturer", &hardware.manufacturer),
        ("model", &hardware.model),
        ("serial", &hardware.serial),
        ("uuid", &hardware.uuid),
        ("last_user", &hardware.last_user),
        ("agent_version", &hardware.agent_version),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            map.insert(name.into(), text.as_str().into());
        }
    }
    for (name, list) in [("macs", &hardware.macs), ("logged_in", &hardware.logged_in)] {
        if !list.is_empty() {
            map.insert(name.into(), list.iter().map(Text::as_str).collect());
        }
    }
    (!map.is_empty()).then_some(map)
}

/// What the JSON says; what cannot be read is not known.
pub(super) fn from_value(value: &Value) -> Hardware {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(Text::from);
    let list = |name: &str| {
        let list = value.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(Text::from).collect()
    };
    HardwareFields {
        manufacturer: text("manufacturer"),
        model: text("model"),
        serial: text("serial"),
        uuid: text("uuid"),
        macs: list("macs"),
        logged_in: list("logged_in"),
        last_user: text("last_user"),
        agent_version: text("agent_version"),
        sections: Vec::new(),
    }
    .into()
}

/// What is known, as JSON text; `None` for nothing.
pub(super) fn to_text(hardware: &Hardware) -> Option<&str> {
    let write = |fields: &HardwareFields| {
        to_map(fields).map_or_else(String::new, |map| Value::Object(map).to_string())
    };
    hardware.text(write).filter(|text| !text.is_empty())
}

/// What the JSON text says; `None` when it is no object.
pub(super) fn from_text(text: &str) -> Option<Hardware> {
    let value: Value = serde_json::from_str(text).ok()?;
    value.is_object().then(|| from_value(&value))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::model::{Received, SectionHash, SectionName};

    #[test]
    fn everything_comes_back_but_the_sections() {
        let text = |text: &str| Some(Text::from(text));
        let all = Hardware::from(HardwareFields {
            manufacturer: text("Dell Inc."),
            model: text("OptiPlex \"7090\""),
            serial: text("ABC123"),
            uuid: text("4c4c4544-0042-3510-8052-b4c04f4a3132"),
            macs: vec!["00:1b:21:aa:bb:cc".into()],
            logged_in: vec!["ção 😀".into(), "bea".into()],
            last_user: text("ana"),
            agent_version: text("1.2.3"),
            sections: Vec::new(),
        });
        assert_eq!(from_text(to_text(&all).unwrap()), Some(all.clone()));
        let hash = SectionHash::parse("1").unwrap();
        let received = Received { name: SectionName::Cpu, hash, at: DateTime::UNIX_EPOCH };
        assert_eq!(from_text(to_text(&all.with_sections(&[received])).unwrap()), Some(all));
        let only_sections = Hardware::default().with_sections(&[received]);
        assert_eq!((to_text(&only_sections), to_text(&Hardware::default())), (None, None));
        assert_eq!(from_text("[]"), None);
        let odd = from_text(r#"{"serial": 7, "macs": ["a", 1], "later": {}}"#).unwrap();
        assert_eq!((odd.serial.as_deref(), odd.macs.len()), (None, 1));
    }
}
