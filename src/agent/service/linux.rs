//! The agent under systemd.

use std::fs;

use anyhow::{Context as _, bail};

use crate::atomic_file::PRIVATE;
use crate::settings_file;
use crate::systemd::{self, Place, UNITS, tell};

/// The unit's name.
const UNIT: &str = "tatuscan-agent.service";
/// The unit as packages install it.
const UNIT_TEXT: &str = include_str!("../../../appliance/systemd/tatuscan-agent.service");
/// The program that the unit starts.
const PROGRAM: &str = "/usr/local/bin/tatuscan-agent";
/// The settings of the service. Tokens may be in it: it is root's alone.
const SETTINGS: &str = "/etc/tatuscan/agent.env";
/// What must survive a restart.
const STATE: &str = "/var/lib/tatuscan-agent";
/// Names under which the original's agent was installed; its server had the first one, too.
const PREDECESSORS: [&str; 2] = ["tatuscan.service", "TatuScanAgent.service"];
/// What to do on a system without systemd.
const OTHERWISE: &str = "have whatever starts services here start tatuscan agent --daemon, with \
                         TATUSCAN_URL in its environment";

/// The original's agents that are installed here, and what they were told.
fn predecessors(place: &Place) -> (Vec<&'static str>, Vec<(String, String)>) {
    let (mut names, mut told) = (Vec::new(), Vec::new());
    for name in PREDECESSORS {
        let Some(unit) = place.unit(name).filter(systemd::UnitFile::starts_an_agent) else {
            continue;
        };
        let settings = place.settings_of(&unit);
        told.extend(settings.into_iter().filter(|(name, _)| name.starts_with("TATUSCAN_")));
        names.push(name);
    }
    (names, told)
}

/// Installs the program that is running as a service, with these settings, and starts it. What is
/// there already is brought up to date; settings that are not named stay.
///
/// # Errors
/// Without root's rights or systemd, unless it is for another place; without a server's address; and
/// what the system says.
pub fn install(given: &[(&'static str, String)], place: &Place) -> anyhow::Result<()> {
    place.check(OTHERWISE)?;
    let old = match fs::read_to_string(place.path(SETTINGS)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        old => old.with_context(|| format!("{SETTINGS} cannot be read"))?,
    };
    let known = settings_file::read(&old);
    let (predecessors, inherited) = predecessors(place);
    let is_given = given.iter().any(|(name, _)| *name == "TATUSCAN_URL");
    let is_known =
        |settings: &[(String, String)]| settings_file::value(settings, "TATUSCAN_URL").is_some();
    if !is_given && !is_known(&known) && !is_known(&inherited) {
        bail!("which server? Write tatuscan agent install --url https://inventory.example.org");
    }
    for name in predecessors {
        tell(format_args!("{name} is the earlier agent: disable it, and take its settings over"));
        place.systemctl(&["disable", "--now", name])?;
    }
    let missing = inherited.iter().filter(|(name, _)| settings_file::value(&known, name).is_none());
    let missing = missing.filter(|(name, _)| !given.iter().any(|(given, _)| given == name));
    let mut new: Vec<(&str, String)> =
        missing.map(|(name, value)| (name.as_str(), value.clone())).collect();
    new.extend(given.iter().map(|(name, value)| (*name, value.clone())));

    place.copy_program(PROGRAM)?;
    let names: Vec<&str> = new.iter().map(|(name, _)| *name).collect();
    let shown = format!(", with {}", names.join(", "));
    place.write(SETTINGS, settings_file::merged(&old, &new).as_bytes(), PRIVATE, &shown)?;
    place.write_unit(UNIT, UNIT_TEXT)?;
    place.systemctl(&["daemon-reload"])?;
    place.systemctl(&["enable", UNIT])?;
    place.systemctl(&["restart", UNIT])?;
    if place.is_live() {
        tell(format_args!(
            "The agent reports from now on: tatuscan agent status, journalctl -u {UNIT}"
        ));
    }
    Ok(())
}

/// Whether it was installed before.
#[must_use]
pub fn is_installed(place: &Place) -> bool {
    place.path(SETTINGS).exists()
}

/// Stops the service and removes it. Its settings, the machine's key and its id stay, unless all is to
/// go.
///
/// # Errors
/// Without root's rights or systemd, unless it is for another place; and what the system says.
pub fn uninstall(purge: bool, place: &Place) -> anyhow::Result<()> {
    place.check(OTHERWISE)?;
    let path = format!("{UNITS}/{UNIT}");
    if place.path(&path).exists() {
        place.systemctl(&["disable", "--now", UNIT])?;
        place.remove(&path)?;
        place.remove(PROGRAM)?;
        place.systemctl(&["daemon-reload"])?;
    } else {
        tell(format_args!("The agent is not installed as a service"));
    }
    if purge {
        // The second is where systemd keeps what a user of the moment writes.
        return [SETTINGS, "/var/lib/private/tatuscan-agent", STATE]
            .iter()
            .try_for_each(|path| place.remove(path))
            .and_then(|()| place.remove_if_empty("/etc/tatuscan"));
    }
    tell(format_args!(
        "{SETTINGS} and {STATE} stay, for when it is installed again; --purge removes them"
    ));
    Ok(())
}

/// Has systemd start, stop or restart the service, or show its status.
///
/// # Errors
/// When it is not installed, and what systemd says.
pub fn control(verb: &str) -> anyhow::Result<()> {
    if Place::default().unit(UNIT).is_none() {
        bail!(
            "the agent is not installed as a service: tatuscan agent install --url URL does that"
        );
    }
    systemd::run("systemctl", &[verb, UNIT])
}
