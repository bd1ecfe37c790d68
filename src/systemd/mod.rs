//! Services of systemd: files and commands that are done, or only said.

mod unit_file;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::{atomic_file, settings_file};
pub use unit_file::UnitFile;

/// Where administrators' units are.
pub const UNITS: &str = "/etc/systemd/system";
/// Every place of units, those first that win.
const ALL_UNITS: [&str; 4] =
    [UNITS, "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
/// Mode of a program.
pub const EXECUTABLE: u32 = 0o755;
/// There when systemd is what runs the system.
const BOOTED: &str = "/run/systemd/system";

/// Where a service is installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Whether it is only said what would be done.
    pub is_dry_run: bool,
    /// A directory below which the files go; the running system is left alone then.
    pub destination: Option<PathBuf>,
}

impl Place {
    /// A file of the system, where it is for this installation.
    #[must_use]
    pub fn path(&self, path: &str) -> PathBuf {
        match &self.destination {
            Some(below) => below.join(path.trim_start_matches('/')),
            None => PathBuf::from(path),
        }
    }

    /// Whether the running system is changed.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.destination.is_none() && !self.is_dry_run
    }

    /// What is needed to change the running system.
    ///
    /// # Errors
    /// Without systemd, with `otherwise` as the advice, or without root's rights.
    pub fn check(&self, otherwise: &str) -> anyhow::Result<()> {
        if !self.is_live() {
            return Ok(());
        }
        if !Path::new(BOOTED).exists() {
            bail!("systemd does not run this system: {otherwise}");
        }
        if !nix::unistd::geteuid().is_root() {
            bail!("this needs root's rights: run it with sudo");
        }
        Ok(())
    }

    /// Writes a file, unless it is as it should be. `shown` says what is in it.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn write(&self, path: &str, bytes: &[u8], mode: u32, shown: &str) -> anyhow::Result<()> {
        let path = self.path(path);
        let is_there = fs::read(&path).is_ok_and(|there| there == bytes)
            && fs::metadata(&path).is_ok_and(|file| file.permissions().mode() & 0o7777 == mode);
        if is_there {
            tell(format_args!("{}: as it should be", path.display()));
            return Ok(());
        }
        tell(format_args!("{}: write it, mode {mode:o}{shown}", path.display()));
        if self.is_dry_run {
            return Ok(());
        }
        let write = || -> io::Result<()> {
            fs::create_dir_all(atomic_file::directory_of(&path))?;
            atomic_file::write(&path, bytes, mode)?;
            // The mode of a new file is what the umask leaves of it.
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))
        };
        write().with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Copies the program that is running to where a unit starts it.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn copy_program(&self, path: &str) -> anyhow::Result<()> {
        let running = std::env::current_exe().context("the running program cannot be found")?;
        let bytes = fs::read(&running).with_context(|| format!("{}", running.display()))?;
        self.write(path, &bytes, EXECUTABLE, &format!(", a copy of {}", running.display()))
    }

    /// Writes a unit for administrators' own place: it starts the program that was copied.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_unit(&self, name: &str, packaged: &str) -> anyhow::Result<()> {
        let unit = packaged.replace("=/usr/bin/", "=/usr/local/bin/");
        let shown = if self.is_dry_run { format!(":\n{unit}") } else { String::new() };
        self.write(&format!("{UNITS}/{name}"), unit.as_bytes(), atomic_file::PUBLIC, &shown)
    }

    /// Removes a file, or a directory with all that is in it, if it is there.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn remove(&self, path: &str) -> anyhow::Result<()> {
        let path = self.path(path);
        let Ok(there) = path.symlink_metadata() else { return Ok(()) };
        tell(format_args!("{}: remove it", path.display()));
        if self.is_dry_run {
            return Ok(());
        }
        let removed =
            if there.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.with_context(|| format!("{} cannot be removed", path.display()))
    }

    /// Removes a directory that nothing is in.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn remove_if_empty(&self, path: &str) -> anyhow::Result<()> {
        let is_empty = fs::read_dir(self.path(path)).is_ok_and(|mut it| it.next().is_none());
        if is_empty { self.remove(path) } else { Ok(()) }
    }

    /// Gives a file another name, if it is there.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn rename(&self, path: &str, to: &str) -> anyhow::Result<()> {
        let (path, to) = (self.path(path), self.path(to));
        if path.symlink_metadata().is_err() {
            return Ok(());
        }
        tell(format_args!("{}: call it {}", path.display(), to.display()));
        if self.is_dry_run {
            return Ok(());
        }
        let rename = || {
            fs::create_dir_all(atomic_file::directory_of(&to))?;
            fs::rename(&path, &to)
        };
        rename().with_context(|| format!("{} cannot be renamed", path.display()))
    }

    /// Runs a program of the system, unless the files go elsewhere.
    ///
    /// # Errors
    /// When it cannot be started, or says that it failed.
    pub fn run(&self, program: &str, arguments: &[&str]) -> anyhow::Result<()> {
        if self.destination.is_some() {
            return Ok(());
        }
        tell(format_args!("{program} {}", arguments.join(" ")));
        if self.is_dry_run { Ok(()) } else { run(program, arguments) }
    }

    /// Has systemd do something.
    ///
    /// # Errors
    /// As for any program.
    pub fn systemctl(&self, arguments: &[&str]) -> anyhow::Result<()> {
        self.run("systemctl", arguments)
    }

    /// A unit by its name, from the first place that has one, with what `systemctl edit` put beside it.
    #[must_use]
    pub fn unit(&self, name: &str) -> Option<UnitFile> {
        let mut paths = ALL_UNITS.iter().map(|place| self.path(&format!("{place}/{name}")));
        let mut text = paths.find_map(|path| fs::read_to_string(path).ok())?;
        let beside = fs::read_dir(self.path(&format!("{UNITS}/{name}.d")));
        let beside = beside.into_iter().flatten().flatten().map(|entry| entry.path());
        let mut beside: Vec<PathBuf> =
            beside.filter(|path| path.extension().is_some_and(|it| it == "conf")).collect();
        beside.sort();
        for path in beside {
            text.push('\n');
            text.push_str(&fs::read_to_string(path).unwrap_or_default());
        }
        Some(UnitFile::parse(&text))
    }

    /// The settings that a unit hands over. Its files win over what it says itself.
    #[must_use]
    pub fn settings_of(&self, unit: &UnitFile) -> BTreeMap<String, String> {
        let files = unit.settings_files.iter().map(|file| {
            let text = fs::read_to_string(self.path(file)).unwrap_or_default();
            settings_file::read(&text)
        });
        unit.settings.iter().cloned().chain(files.flatten()).collect()
    }
}

/// Says a line to whoever called the program; nobody may be there any more.
pub fn tell(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Runs a program of the system.
///
/// # Errors
/// When it cannot be started, or says that it failed.
pub fn run(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new(program).args(arguments).status();
    let status = status.with_context(|| format!("{program} cannot be started"))?;
    if !status.success() {
        bail!("{program} {} failed ({status})", arguments.join(" "));
    }
    Ok(())
}
