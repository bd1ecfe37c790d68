//! `tatuscan install` and `uninstall`: the server as a service of systemd.

mod files;
mod invitation;
mod original;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::atomic_file::{PRIVATE, PUBLIC};
use crate::config::{self, Serve};
use crate::settings_file;
use crate::systemd::{Place, UNITS, tell};
pub use invitation::Installed;
pub use original::agent_under_the_servers_name;

const UNIT: &str = "tatuscan.service";
const UNIT_TEXT: &str = include_str!("../../../appliance/systemd/tatuscan.service");
const SYSUSERS: &str = include_str!("../../../appliance/systemd/tatuscan.sysusers");
const TMPFILES: &str = include_str!("../../../appliance/systemd/tatuscan.tmpfiles");
const SAMPLE: &str = include_str!("../../../appliance/tatuscan.env");

const PROGRAM: &str = "/usr/local/bin/tatuscan";
const SETTINGS: &str = "/etc/tatuscan/tatuscan.env";
const SYSUSERS_FILE: &str = "/etc/sysusers.d/tatuscan.conf";
const TMPFILES_FILE: &str = "/etc/tmpfiles.d/tatuscan.conf";
/// What the unit is allowed beyond its own text, where the settings name other directories.
const MORE_PATHS: &str = "/etc/systemd/system/tatuscan.service.d/paths.conf";
/// Where the inventory is, unless the settings say otherwise.
const DATA: &str = "/var/lib/tatuscan";
const BACKUPS: &str = "/var/backups/tatuscan";
/// The system's user and group.
const USER: &str = "tatuscan";
/// What to do on a system without systemd.
const OTHERWISE: &str =
    "have whatever starts services here start tatuscan serve, as a user of its own";

/// Installs the program that is running as the server of this machine, and starts it. Settings that
/// are not named stay; those of the original's server, which is disabled, are taken over. Answers what
/// was installed.
///
/// # Errors
/// Without root's rights or systemd, unless it is for another place; a setting that cannot be used;
/// and what the system says.
pub async fn install(given: &[(String, String)], place: &Place) -> anyhow::Result<Installed> {
    place.check(OTHERWISE)?;
    let old = match fs::read_to_string(place.path(SETTINGS)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => files::first_settings(SAMPLE),
        old => old.with_context(|| format!("{SETTINGS} cannot be read"))?,
    };
    let original = original::look(place)?;
    let known: BTreeMap<String, String> = settings_file::read(&old).into_iter().collect();
    let mut new: BTreeMap<String, String> = original.settings.clone();
    new.retain(|name, _| !known.contains_key(name));
    new.extend(given.iter().cloned());
    // The second may be blank: then nobody wants backups.
    for (name, value) in [("TATUSCAN_DB_DIR", DATA), ("TATUSCAN_BACKUP_DIR", BACKUPS)] {
        if !known.contains_key(name) {
            new.entry(name.into()).or_insert_with(|| value.into());
        }
    }
    let mut all = known;
    all.extend(new.clone());
    // Before anything is touched: what cannot be used is said now.
    let (serve, target) = config::installed_server(&all)?;
    let paths = files::more_paths(&serve)?;

    original.disable(place)?;
    place.copy_program(PROGRAM)?;
    place.write(SYSUSERS_FILE, SYSUSERS.as_bytes(), PUBLIC, "")?;
    place.write(TMPFILES_FILE, TMPFILES.as_bytes(), PUBLIC, "")?;
    place.run("systemd-sysusers", &[SYSUSERS_FILE])?;
    let names: Vec<&str> = new.keys().map(String::as_str).collect();
    let shown = format!(", with {}", names.join(", "));
    let set: Vec<(&str, String)> =
        new.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    place.write(SETTINGS, settings_file::merged(&old, &set).as_bytes(), PRIVATE, &shown)?;
    original.copy_inventory(place, &serve)?;
    place.write_unit(UNIT, UNIT_TEXT)?;
    allow_paths(place, &paths, &serve)?;
    place.run("systemd-tmpfiles", &["--create", TMPFILES_FILE])?;
    place.systemctl(&["daemon-reload"])?;
    place.systemctl(&["enable", UNIT])?;
    if place.is_live() {
        if let Err(error) = start() {
            let is_kept = place.path(original::KEPT).exists();
            return Err(if is_kept { error.context(original::WAY_BACK) } else { error });
        }
        tell(format_args!("{}", invitation::say(&serve, &target).await?));
    } else {
        place.systemctl(&["restart", UNIT])?;
    }
    Ok(Installed { serve, target })
}

/// Lets the service write where its settings say.
fn allow_paths(place: &Place, paths: &[PathBuf], serve: &Serve) -> anyhow::Result<()> {
    if paths.is_empty() {
        return place.remove(MORE_PATHS);
    }
    let lines = paths.iter().map(|path| format!("ReadWritePaths=-{}\n", path.display()));
    let text = format!("[Service]\n{}", lines.collect::<String>());
    place.write(MORE_PATHS, text.as_bytes(), PUBLIC, "")?;
    for path in paths {
        let shown = path.display().to_string();
        place.run("install", &["-d", "-m", "0700", "-o", USER, "-g", USER, &shown])?;
        // Another user's server may have been there; in the others there may be more than ours.
        if *path == serve.store.data_dir {
            let owner = format!("{USER}:{USER}");
            place.run("chown", &["-R", "--no-dereference", &owner, &shown])?;
        }
    }
    Ok(())
}

/// Starts the service, and shows its last lines when it does not come up.
fn start() -> anyhow::Result<()> {
    tell(format_args!("systemctl restart {UNIT}"));
    if let Err(error) = crate::systemd::run("systemctl", &["restart", UNIT]) {
        // What it says of its own accord says more.
        let arguments = ["-u", UNIT, "-n", "20", "--no-pager", "-o", "cat"];
        let _ = crate::systemd::run("journalctl", &arguments);
        return Err(error.context("the server did not start; its last lines are above"));
    }
    Ok(())
}

/// Stops the service and removes it. The inventory and its settings stay, unless all is to go.
///
/// # Errors
/// Without root's rights or systemd, unless it is for another place; and what the system says.
pub fn uninstall(purge: bool, place: &Place) -> anyhow::Result<()> {
    place.check(OTHERWISE)?;
    let path = format!("{UNITS}/{UNIT}");
    let is_ours = place.unit(UNIT).is_some_and(|unit| unit.starts_our_server());
    if is_ours && place.path(&path).exists() {
        place.systemctl(&["disable", "--now", UNIT])?;
        place.remove(&path)?;
        place.remove("/etc/systemd/system/tatuscan.service.d")?;
        place.remove(PROGRAM)?;
        place.remove(TMPFILES_FILE)?;
        place.systemctl(&["daemon-reload"])?;
    } else if is_ours {
        bail!(
            "the server came with a package, and goes with it: apt remove tatuscan, or dnf remove tatuscan"
        );
    } else {
        tell(format_args!("The server is not installed as a service"));
    }
    if !purge {
        tell(format_args!(
            "{DATA} and {SETTINGS} stay, for when it is installed again; --purge removes them"
        ));
        return Ok(());
    }
    let settings = fs::read_to_string(place.path(SETTINGS)).unwrap_or_default();
    for path in [DATA, SETTINGS, SYSUSERS_FILE] {
        place.remove(path)?;
    }
    let settings = settings_file::read(&settings);
    for name in ["TATUSCAN_DB_DIR", "SQLALCHEMY_DATABASE_URI"] {
        let is_set = settings_file::value(&settings, name).is_some_and(|it| !it.is_empty());
        if is_set && settings_file::value(&settings, name) != Some(DATA) {
            tell(format_args!("The inventory that {name} named stays: remove it yourself"));
        }
    }
    place.remove_if_empty("/etc/tatuscan")?;
    place.remove_if_empty(BACKUPS)?;
    for (what, path) in [("The backups", BACKUPS), ("The original's files", original::KEPT)] {
        if place.path(path).exists() {
            tell(format_args!("{what} in {path} stay: remove them yourself"));
        }
    }
    let users = fs::read_to_string(place.path("/etc/passwd")).unwrap_or_default();
    if users.lines().any(|line| line.starts_with("tatuscan:")) {
        place.run("userdel", &[USER])?;
    }
    Ok(())
}

/// Whether a path is below another one.
fn is_below(path: &Path, directories: &[&str]) -> bool {
    directories.iter().any(|directory| path.starts_with(directory))
}
