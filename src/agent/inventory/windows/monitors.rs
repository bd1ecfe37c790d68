//! The monitors that are plugged in, by what they say of themselves. The registry remembers every one
//! that ever was; WMI names those that are there, else those count whose driver was started.

#[cfg(windows)]
use std::path::Path;

#[cfg(windows)]
use serde::Deserialize;

#[cfg(windows)]
use super::registry;
#[cfg(windows)]
use crate::agent::inventory::edid;
#[cfg(windows)]
use crate::agent::wmi_rows;
#[cfg(windows)]
use crate::wire::sections::{Content, Monitors};

#[cfg(windows)]
const ENUM: &str = r"SYSTEM\CurrentControlSet\Enum";
/// The key that is below a device's own while the device is there.
#[cfg(windows)]
const STARTED: &str = "Control";

/// The key of an instance that WMI names: `DISPLAY\DEL40A3\5&1a2b3c4d&0&UID4352_0`, without the number
/// of the object at its end.
fn key_of(instance: &str) -> &str {
    match instance.rsplit_once('_') {
        Some((key, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => key,
        _ => instance,
    }
}

#[cfg(windows)]
pub(super) fn collect(_: &Path) -> anyhow::Result<Content> {
    #[derive(Deserialize)]
    struct Shown {
        #[serde(rename = "InstanceName")]
        instance: String,
    }
    let query = "SELECT InstanceName FROM WmiMonitorID WHERE Active = TRUE";
    let shown = wmi_rows::rows_if_any::<Shown>(wmi_rows::DRIVERS, query);
    let mut keys: Vec<String> = shown.iter().map(|row| key_of(&row.instance).to_owned()).collect();
    if keys.is_empty() {
        keys = started();
    }
    let said = |key: String| {
        let key = registry::machine(&format!(r"{ENUM}\{key}\Device Parameters"))?;
        edid::parse(&registry::bytes(&key, "EDID")?)
    };
    Ok(Content::Monitors(Monitors { monitors: keys.into_iter().filter_map(said).collect() }))
}

/// The keys of monitors whose driver was started.
#[cfg(windows)]
fn started() -> Vec<String> {
    const DISPLAY: &str = "DISPLAY";
    let mut keys = Vec::new();
    let models = registry::machine(&format!(r"{ENUM}\{DISPLAY}"));
    for (model, instances) in models.iter().flat_map(registry::keys) {
        let instances = registry::keys(&instances);
        let started = instances.filter(|(_, instance)| instance.open(STARTED).is_ok());
        keys.extend(started.map(|(name, _)| format!(r"{DISPLAY}\{model}\{name}")));
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_names_its_key() {
        let key = r"DISPLAY\DEL40A3\5&1a2b3c4d&0&UID4352";
        assert_eq!(key_of(&format!("{key}_0")), key);
        assert_eq!(key_of(key), key);
        assert_eq!(key_of(r"DISPLAY\A_B\5&1_x"), r"DISPLAY\A_B\5&1_x");
    }
}
