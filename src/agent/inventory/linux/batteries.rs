//! The batteries that the machine itself runs on.

use std::path::Path;

use super::tree::Tree;
use crate::wire::sections::{Batteries, Battery, Content};

const SUPPLIES: &str = "sys/class/power_supply";

pub(super) fn collect(root: &Path) -> anyhow::Result<Content> {
    let tree = Tree(root);
    let batteries = tree.names(SUPPLIES)?.iter().filter_map(|name| battery(tree, name)).collect();
    Ok(Content::Batteries(Batteries { batteries }))
}

/// `None` for mains, and for batteries of mice and the like.
fn battery(tree: Tree<'_>, name: &str) -> Option<Battery> {
    let of = |what: &str| format!("{SUPPLIES}/{name}/{what}");
    let is_battery = tree.value(&of("type")).is_some_and(|kind| kind == "Battery");
    let is_of_device = tree.value(&of("scope")).is_some_and(|scope| scope == "Device");
    let is_there = tree.number(&of("present")) != Some(0);
    if !is_battery || is_of_device || !is_there {
        return None;
    }
    // In microwatt-hours; or in microampere-hours, at the voltage in microvolts that it is made for.
    let volts = tree.number(&of("voltage_min_design")).unwrap_or(0);
    let energy = |what: &str| {
        let energy = tree.number(&of(&format!("energy_{what}"))).map(|energy| energy / 1000);
        let charge = || {
            let charge = tree.number(&of(&format!("charge_{what}")))?;
            u64::try_from(u128::from(charge) * u128::from(volts) / 1_000_000_000).ok()
        };
        energy.or_else(charge).filter(|energy| *energy > 0)
    };
    let cycles = tree.number(&of("cycle_count")).and_then(|count| u32::try_from(count).ok());
    Some(Battery {
        manufacturer: tree.identifier(&of("manufacturer")),
        model: tree.identifier(&of("model_name")),
        serial: tree.identifier(&of("serial_number")),
        design_mwh: energy("full_design"),
        full_mwh: energy("full"),
        // Many do not count, and say 0.
        cycles: cycles.filter(|count| *count > 0),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::Made;
    use super::*;

    fn supply(made: &Made, name: &str, files: &[(&str, &str)]) {
        for (file, text) in files {
            made.file(&format!("{SUPPLIES}/{name}/{file}"), format!("{text}\n"));
        }
    }

    #[test]
    fn batteries_count_in_energy_or_in_charge() {
        let made = Made::new();
        supply(&made, "AC", &[("type", "Mains")]);
        let energy = [
            ("type", "Battery"),
            ("present", "1"),
            ("manufacturer", "SMP"),
            ("model_name", "01AV430"),
            ("serial_number", " 1234"),
            ("energy_full_design", "57020000"),
            ("energy_full", "48110000"),
            ("cycle_count", "214"),
        ];
        supply(&made, "BAT0", &energy);
        let charge = [
            ("type", "Battery"),
            ("serial_number", "0000"),
            ("voltage_min_design", "11400000"),
            ("charge_full_design", "4000000"),
            ("charge_full", "3000000"),
            ("cycle_count", "0"),
        ];
        supply(&made, "BAT1", &charge);
        supply(&made, "BAT2", &[("type", "Battery"), ("present", "0")]);
        supply(&made, "hidpp_battery_0", &[("type", "Battery"), ("scope", "Device")]);
        let expected = [
            Battery {
                manufacturer: Some("SMP".into()),
                model: Some("01AV430".into()),
                serial: Some("1234".into()),
                design_mwh: Some(57_020),
                full_mwh: Some(48_110),
                cycles: Some(214),
            },
            Battery { design_mwh: Some(45_600), full_mwh: Some(34_200), ..Battery::default() },
        ];
        let Content::Batteries(Batteries { batteries }) = collect(made.root()).unwrap() else {
            panic!()
        };
        assert_eq!(batteries, expected);
    }
}
