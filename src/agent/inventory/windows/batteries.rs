//! The batteries, as their driver describes them, else as Windows does.

#[cfg(windows)]
use std::path::Path;

use serde::Deserialize;

use crate::agent::inventory::words::short;
#[cfg(windows)]
use crate::agent::wmi_rows;
#[cfg(windows)]
use crate::wire::sections::{Batteries, Content};
use crate::wire::sections::{Battery, is_junk_identifier};

/// A row of `BatteryStaticData`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Static {
    instance_name: String,
    manufacture_name: Option<String>,
    device_name: Option<String>,
    serial_number: Option<String>,
    designed_capacity: Option<u32>,
    capabilities: Option<u32>,
}

/// Set where a battery counts in parts of what it holds, not in milliwatt-hours.
const RELATIVE: u32 = 0x4000_0000;

/// A row of `BatteryFullChargedCapacity` or `BatteryCycleCount`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Reading {
    instance_name: String,
    full_charged_capacity: Option<u32>,
    cycle_count: Option<u32>,
}

/// A row of `Win32_Battery`: all that is said to an account that may not ask the driver.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Plain {
    name: Option<String>,
    design_capacity: Option<u32>,
    full_charge_capacity: Option<u32>,
}

impl From<Plain> for Battery {
    fn from(row: Plain) -> Self {
        let number = |value: Option<u32>| value.filter(|value| *value > 0).map(u64::from);
        Self {
            model: row.name.as_deref().and_then(short),
            design_mwh: number(row.design_capacity),
            full_mwh: number(row.full_charge_capacity),
            ..Self::default()
        }
    }
}

/// Batteries with the readings of the same instance; those that do not count say 0.
fn batteries(made: Vec<Static>, readings: &[Reading]) -> Vec<Battery> {
    let battery = |made: Static| {
        let own = readings.iter().filter(|reading| reading.instance_name == made.instance_name);
        let number = |value: Option<u32>| value.filter(|value| *value > 0);
        let is_relative = made.capabilities.is_some_and(|bits| bits & RELATIVE != 0);
        let energy = |value: Option<u32>| value.filter(|_| !is_relative).map(u64::from);
        let full = own.clone().find_map(|reading| number(reading.full_charged_capacity));
        let cycles = own.clone().find_map(|reading| number(reading.cycle_count));
        let text = |text: Option<String>| text.as_deref().and_then(short);
        Battery {
            manufacturer: text(made.manufacture_name),
            model: text(made.device_name),
            serial: text(made.serial_number).filter(|text| !is_junk_identifier(text)),
            design_mwh: energy(number(made.designed_capacity)),
            full_mwh: energy(full),
            cycles,
        }
    };
    made.into_iter().map(battery).collect()
}

#[cfg(windows)]
pub(super) fn collect(_: &Path) -> anyhow::Result<Content> {
    let made: Vec<Static> = wmi_rows::rows_if_any(
        wmi_rows::DRIVERS,
        "SELECT InstanceName, ManufactureName, DeviceName, SerialNumber, DesignedCapacity, \
         Capabilities \
         FROM BatteryStaticData",
    );
    let batteries = if made.is_empty() {
        let query = "SELECT * FROM Win32_Battery";
        let rows: Vec<Plain> = wmi_rows::rows_if_any(wmi_rows::CIMV2, query);
        rows.into_iter().map(Battery::from).collect()
    } else {
        let mut readings: Vec<Reading> = Vec::new();
        for query in [
            "SELECT InstanceName, FullChargedCapacity FROM BatteryFullChargedCapacity",
            "SELECT InstanceName, CycleCount FROM BatteryCycleCount",
        ] {
            readings.extend(wmi_rows::rows_if_any(wmi_rows::DRIVERS, query));
        }
        batteries(made, &readings)
    };
    Ok(Content::Batteries(Batteries { batteries }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_go_with_their_battery() {
        let made = |instance: &str| Static {
            instance_name: instance.into(),
            manufacture_name: Some("SMP".into()),
            device_name: Some("DELL G91J047".into()),
            serial_number: Some(" 1234".into()),
            designed_capacity: Some(57_020),
            capabilities: None,
        };
        let readings = [
            Reading {
                instance_name: "0".into(),
                full_charged_capacity: Some(48_110),
                cycle_count: None,
            },
            Reading {
                instance_name: "0".into(),
                full_charged_capacity: None,
                cycle_count: Some(214),
            },
            Reading {
                instance_name: "1".into(),
                full_charged_capacity: Some(0),
                cycle_count: Some(0),
            },
        ];
        let found = batteries(vec![made("0"), made("1")], &readings);
        let expected = Battery {
            manufacturer: Some("SMP".into()),
            model: Some("DELL G91J047".into()),
            serial: Some("1234".into()),
            design_mwh: Some(57_020),
            full_mwh: Some(48_110),
            cycles: Some(214),
        };
        assert_eq!(found[0], expected);
        assert_eq!((found[1].full_mwh, found[1].cycles), (None, None));
        let parts = Static { capabilities: Some(0xc000_0000), ..made("0") };
        let found = batteries(vec![parts], &readings).remove(0);
        let expected = (None, None, Some(214));
        assert_eq!((found.design_mwh, found.full_mwh, found.cycles), expected);
    }

    #[test]
    fn windows_itself_says_less() {
        let row = Plain {
            name: Some("DELL G91J047 ".into()),
            design_capacity: Some(0),
            full_charge_capacity: Some(48_110),
        };
        let expected = Battery {
            model: Some("DELL G91J047".into()),
            full_mwh: Some(48_110),
            ..Battery::default()
        };
        assert_eq!(Battery::from(row), expected);
    }
}
