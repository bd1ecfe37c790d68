//! The agent under the service manager of Windows.

mod dispatch;
mod manager;
mod predecessor;
mod protection;
mod system;

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::atomic_file::{self, PRIVATE};
use crate::settings_file;
pub use dispatch::{Work, answer};
use manager::{Manager, NAME};
pub use protection::protect_new;

/// The file of settings in the directory of the service. Tokens may be in it.
const SETTINGS: &str = "agent.env";
/// The program, below the directory of programs.
const PROGRAM: &str = r"TatuScan\tatuscan-agent.exe";
/// How often it is tried to replace a program whose process has not quite ended.
const ATTEMPTS: u32 = 50;

/// Where it is installed.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Whether it is only said what would be done.
    pub is_dry_run: bool,
    /// A directory below which the files go; the running system is left alone then.
    pub destination: Option<PathBuf>,
    /// The directory of the settings and of what the service keeps.
    pub home: PathBuf,
    /// Whether the server's address may be missing: the service then looks for it at every start.
    pub is_unattended: bool,
}

impl Place {
    /// A file of the system, where it is for this installation.
    fn path(&self, path: &Path) -> PathBuf {
        let Some(below) = &self.destination else { return path.to_owned() };
        let is_name = |part: &Component<'_>| matches!(part, Component::Normal(_));
        below.join(path.components().filter(is_name).collect::<PathBuf>())
    }

    /// The service manager, unless the running system is left alone.
    fn manager(&self) -> anyhow::Result<Option<Manager>> {
        match self.destination {
            Some(_) => Ok(None),
            None => Manager::connect(!self.is_dry_run).map(Some),
        }
    }
}

/// Installs the program that is running as a service, with these settings, and starts it. What is
/// there already is brought up to date, the original's service of this name too; settings that are not
/// named stay.
///
/// # Errors
/// Without an administrator's rights, unless it is for another place; without a server's address; and
/// what the system says.
pub fn install(given: &[(&'static str, String)], place: &Place) -> anyhow::Result<()> {
    let file = place.path(&place.home.join(SETTINGS));
    let old = earlier_settings(&file, place)?;
    let has_url = given.iter().any(|(name, _)| *name == "TATUSCAN_URL")
        || settings_file::value(&settings_file::read(&old), "TATUSCAN_URL").is_some();
    if !has_url && !place.is_unattended {
        bail!("which server? Write tatuscan-agent install --url https://inventory.example.org");
    }
    let target = system::program_files()?.join(PROGRAM);
    let manager = place.manager()?;
    let mut new = Vec::new();
    if let Some(manager) = &manager {
        new = inherited(manager, &target, given, &old)?;
        manager.stop(place.is_dry_run)?;
    }
    new.extend(given.iter().cloned());
    write_program(&target, place)?;
    protection::protect(&place.path(&place.home), place)?;
    let names: Vec<&str> = new.iter().map(|(name, _)| *name).collect();
    let shown =
        if names.is_empty() { String::new() } else { format!(", with {}", names.join(", ")) };
    write(&file, settings_file::merged(&old, &new).as_bytes(), &shown, place)?;
    protection::protect_settings(&file, place)?;
    let Some(manager) = &manager else { return Ok(()) };
    manager.register(&target, place.is_dry_run)?;
    if place.is_dry_run {
        println!("{NAME}: start it");
        return Ok(());
    }
    match manager.start() {
        Ok(()) => println!("The agent reports from now on: tatuscan-agent status"),
        Err(error) if !has_url => {
            println!("{error:#}; the server's address is looked for at every start");
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Stops the service and removes it. Its settings, the machine's key and its id stay, unless all is to
/// go.
///
/// # Errors
/// Without an administrator's rights, unless it is for another place; and what the system says.
pub fn uninstall(purge: bool, place: &Place) -> anyhow::Result<()> {
    let target = system::program_files()?.join(PROGRAM);
    let was_there = match place.manager()? {
        Some(manager) => manager.remove(place.is_dry_run)?,
        None => false,
    };
    let path = place.path(&target);
    let home = place.path(&place.home);
    if !was_there && !path.exists() {
        println!("The agent is not installed as a service");
    } else if system::is_running_from(&path) {
        println!("{}: is what is running, and stays", path.display());
    } else if path.exists() {
        println!("{}: remove it", path.display());
        if !place.is_dry_run {
            patiently(|| fs::remove_file(&path))
                .with_context(|| format!("{} cannot be removed", path.display()))?;
        }
    }
    if purge {
        return protection::remove(&home, place);
    }
    println!("{} stays, for when it is installed again; --purge removes it", home.display());
    Ok(())
}

/// Starts, stops or restarts the service, or shows how it is doing.
///
/// # Errors
/// When it is not installed; without an administrator's rights, unless it is only looked at; what the
/// system says; and when it is looked at and does not run.
pub fn control(verb: &str) -> anyhow::Result<()> {
    let manager = Manager::connect(false)?;
    if !manager.has_service()? {
        bail!(
            "the agent is not installed as a service: tatuscan-agent install --url URL does that"
        );
    }
    match verb {
        "status" => return manager.show(),
        "start" => {}
        _ => manager.stop(false)?,
    }
    if verb != "stop" {
        manager.start()?;
    }
    Ok(())
}

/// What an earlier installation wrote into its settings. Anybody may have made such a file before
/// there was one.
fn earlier_settings(file: &Path, place: &Place) -> anyhow::Result<String> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Ok(_) if place.destination.is_none() && !protection::is_ours(&place.home) => {
            println!("{}: install did not write it, and does not take it over", file.display());
            Ok(String::new())
        }
        old => old.with_context(|| format!("{} cannot be read", file.display())),
    }
}

/// What the original's service was told, as far as nobody says otherwise.
fn inherited(
    manager: &Manager,
    target: &Path,
    given: &[(&'static str, String)],
    old: &str,
) -> anyhow::Result<Vec<(&'static str, String)>> {
    let command = manager.command()?;
    let is_ours = command.trim_start_matches('"').starts_with(&*target.to_string_lossy());
    let Some(command) = (!command.is_empty() && !is_ours).then_some(command) else {
        return Ok(Vec::new());
    };
    println!("{NAME}: runs {command} until now");
    let old = settings_file::read(old);
    let mut settings = predecessor::settings(&command);
    settings.retain(|(name, _)| {
        settings_file::value(&old, name).is_none() && given.iter().all(|(given, _)| given != name)
    });
    Ok(settings)
}

/// Copies the program that is running to where the service starts it, unless it is there.
fn write_program(target: &Path, place: &Place) -> anyhow::Result<()> {
    let path = place.path(target);
    if system::is_running_from(&path) {
        return Ok(());
    }
    let running = std::env::current_exe().context("the running program cannot be found")?;
    let bytes = fs::read(&running).with_context(|| format!("{}", running.display()))?;
    write(&path, &bytes, &format!(", a copy of {}", running.display()), place)
}

/// Writes a file, unless it is as it should be.
fn write(path: &Path, bytes: &[u8], shown: &str, place: &Place) -> anyhow::Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        println!("{}: as it should be", path.display());
        return Ok(());
    }
    println!("{}: write it{shown}", path.display());
    if place.is_dry_run {
        return Ok(());
    }
    let write = || -> io::Result<()> {
        fs::create_dir_all(atomic_file::directory_of(path))?;
        patiently(|| atomic_file::write(path, bytes, PRIVATE))
    };
    write().with_context(|| format!("{} cannot be written", path.display()))
}

/// Tries again for a while what cannot be done to the file of a process that has not quite ended.
fn patiently(work: impl Fn() -> io::Result<()>) -> io::Result<()> {
    for _ in 1..ATTEMPTS {
        match work() {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                std::thread::sleep(Duration::from_millis(100));
            }
            done => return done,
        }
    }
    work()
}
