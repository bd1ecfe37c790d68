//! The agent under systemd.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::{Place, predecessor, settings, unit};
use crate::atomic_file::{self, PRIVATE, PUBLIC};

/// The program that the unit starts.
pub(super) const PROGRAM: &str = "/usr/local/bin/tatuscan-agent";
/// The settings of the service. Tokens may be in it: it is root's alone.
pub(super) const SETTINGS: &str = "/etc/tatuscan/agent.env";
/// Where administrators' units are.
const UNITS: &str = "/etc/systemd/system";
/// Mode of a program.
const EXECUTABLE: u32 = 0o755;
/// There when systemd is what runs the system.
const BOOTED: &str = "/run/systemd/system";

/// Does what it says, or only says it.
struct Work<'a> {
    place: &'a Place,
}

impl Work<'_> {
    /// A file of the system, where it is for this installation.
    fn path(&self, path: &str) -> PathBuf {
        match &self.place.destination {
            Some(below) => below.join(path.trim_start_matches('/')),
            None => PathBuf::from(path),
        }
    }

    fn is_live(&self) -> bool {
        self.place.destination.is_none()
    }

    /// Writes a file, unless it is as it should be.
    fn write(&self, path: &str, bytes: &[u8], mode: u32, shown: &str) -> anyhow::Result<()> {
        let path = self.path(path);
        let is_there = fs::read(&path).is_ok_and(|there| there == bytes)
            && fs::metadata(&path).is_ok_and(|file| file.permissions().mode() & 0o7777 == mode);
        if is_there {
            println!("{}: as it should be", path.display());
            return Ok(());
        }
        println!("{}: write it, mode {mode:o}{shown}", path.display());
        if self.place.is_dry_run {
            return Ok(());
        }
        let write = || -> std::io::Result<()> {
            fs::create_dir_all(atomic_file::directory_of(&path))?;
            atomic_file::write(&path, bytes, mode)?;
            // The mode of a new file is what the umask leaves of it.
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))
        };
        write().with_context(|| format!("{} cannot be written", path.display()))
    }

    fn remove(&self, path: &str) -> anyhow::Result<()> {
        let path = self.path(path);
        if path.symlink_metadata().is_err() {
            return Ok(());
        }
        println!("{}: remove it", path.display());
        if self.place.is_dry_run {
            return Ok(());
        }
        fs::remove_file(&path).with_context(|| format!("{} cannot be removed", path.display()))
    }

    fn systemctl(&self, arguments: &[&str]) -> anyhow::Result<()> {
        if !self.is_live() {
            return Ok(());
        }
        println!("systemctl {}", arguments.join(" "));
        if self.place.is_dry_run {
            return Ok(());
        }
        systemctl(arguments)
    }

    /// The original's agents that are installed here, and what they were told.
    fn predecessors(&self) -> (Vec<&'static str>, Vec<(String, String)>) {
        let (mut names, mut told) = (Vec::new(), Vec::new());
        for name in predecessor::NAMES {
            let places = [UNITS, "/usr/local/lib/systemd/system", "/lib/systemd/system"];
            let mut paths = places.iter().map(|place| self.path(&format!("{place}/{name}")));
            let text = paths.find_map(|path| fs::read_to_string(path).ok());
            let Some(old) = text.and_then(|text| predecessor::read(&text)) else { continue };
            for file in &old.files {
                let text = fs::read_to_string(self.path(file)).unwrap_or_default();
                told.extend(settings::read(&text));
            }
            told.extend(old.settings);
            names.push(name);
        }
        (names, told)
    }
}

/// Installs the program that is running as a service, with these settings, and starts it. What is
/// there already is brought up to date; settings that are not named stay.
///
/// # Errors
/// Without root's rights or systemd, unless it is for another place; without a server's address; and
/// what the system says.
pub fn install(given: &[(&'static str, String)], place: &Place) -> anyhow::Result<()> {
    needs_systemd_and_root(place)?;
    let work = Work { place };
    let old = match fs::read_to_string(work.path(SETTINGS)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        old => old.with_context(|| format!("{SETTINGS} cannot be read"))?,
    };
    let known = settings::read(&old);
    let has_url = |settings: &[(String, String)]| settings.iter().any(|(n, _)| n == "TATUSCAN_URL");
    let is_given = given.iter().any(|(name, _)| *name == "TATUSCAN_URL");
    let (predecessors, inherited) = work.predecessors();
    if !is_given && !has_url(&known) && !has_url(&inherited) {
        bail!("which server? Write tatuscan agent install --url https://inventory.example.org");
    }
    for name in predecessors {
        println!("{name} is the earlier agent: disable it, and take its settings over");
        work.systemctl(&["disable", "--now", name])?;
    }
    let missing =
        inherited.iter().filter(|(name, _)| !known.iter().any(|(known, _)| known == name));
    let missing = missing.filter(|(name, _)| !given.iter().any(|(given, _)| given == name));
    let mut new: Vec<(&str, String)> =
        missing.map(|(name, value)| (name.as_str(), value.clone())).collect();
    new.extend(given.iter().map(|(name, value)| (*name, value.clone())));

    let running = std::env::current_exe().context("the running program cannot be found")?;
    let bytes = fs::read(&running).with_context(|| format!("{}", running.display()))?;
    work.write(PROGRAM, &bytes, EXECUTABLE, &format!(", a copy of {}", running.display()))?;
    let names: Vec<&str> = new.iter().map(|(name, _)| *name).collect();
    let shown = format!(", with {}", names.join(", "));
    work.write(SETTINGS, settings::merged(&old, &new).as_bytes(), PRIVATE, &shown)?;
    let unit = unit::text();
    let shown = if place.is_dry_run { format!(":\n{unit}") } else { String::new() };
    work.write(&format!("{UNITS}/{}", unit::NAME), unit.as_bytes(), PUBLIC, &shown)?;
    work.systemctl(&["daemon-reload"])?;
    work.systemctl(&["enable", unit::NAME])?;
    work.systemctl(&["restart", unit::NAME])?;
    if work.is_live() && !place.is_dry_run {
        println!(
            "The agent reports from now on: tatuscan agent status, journalctl -u {}",
            unit::NAME
        );
    }
    Ok(())
}

/// Stops the service and removes it. Its settings, the machine's key and its id stay.
///
/// # Errors
/// Without root's rights or systemd, unless it is for another place; and what the system says.
pub fn uninstall(place: &Place) -> anyhow::Result<()> {
    needs_systemd_and_root(place)?;
    let work = Work { place };
    let path = format!("{UNITS}/{}", unit::NAME);
    if !work.path(&path).exists() {
        println!("The agent is not installed as a service");
        return Ok(());
    }
    work.systemctl(&["disable", "--now", unit::NAME])?;
    work.remove(&path)?;
    work.remove(PROGRAM)?;
    work.systemctl(&["daemon-reload"])?;
    println!("{SETTINGS} and /var/lib/tatuscan-agent stay, for when it is installed again");
    Ok(())
}

/// Has systemd start, stop or restart the service, or show its status.
///
/// # Errors
/// When it is not installed, and what systemd says.
pub fn control(verb: &str) -> anyhow::Result<()> {
    if !Path::new(UNITS).join(unit::NAME).exists() {
        bail!(
            "the agent is not installed as a service: tatuscan agent install --url URL does that"
        );
    }
    systemctl(&[verb, unit::NAME])
}

fn systemctl(arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("systemctl").args(arguments).status();
    let status = status.context("systemctl cannot be started: is this a system with systemd?")?;
    if !status.success() {
        bail!("systemctl {} says that it is not so ({status})", arguments.join(" "));
    }
    Ok(())
}

fn needs_systemd_and_root(place: &Place) -> anyhow::Result<()> {
    if place.destination.is_some() || place.is_dry_run {
        return Ok(());
    }
    if !Path::new(BOOTED).exists() {
        bail!(
            "systemd does not run this system: have whatever starts services here start \
             tatuscan agent --daemon, with TATUSCAN_URL in its environment"
        );
    }
    if !nix::unistd::geteuid().is_root() {
        bail!("this needs root's rights: run it with sudo");
    }
    Ok(())
}
