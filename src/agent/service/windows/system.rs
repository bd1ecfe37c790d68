//! What the system says of itself, and its own tools.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use windows_registry::LOCAL_MACHINE;

/// The directory of programs. It is not asked of the environment, which is whoever's it is.
///
/// # Errors
/// When the registry does not say.
pub(super) fn program_files() -> anyhow::Result<PathBuf> {
    text(r"SOFTWARE\Microsoft\Windows\CurrentVersion", "ProgramFilesDir")
}

fn text(key: &str, name: &str) -> anyhow::Result<PathBuf> {
    let value = LOCAL_MACHINE.open(key).and_then(|key| key.get_string(name));
    value.map(PathBuf::from).with_context(|| format!(r"HKLM\{key} does not say {name}"))
}

/// Whether that is the file of the program that is running.
pub(super) fn is_running_from(path: &Path) -> bool {
    let running = std::env::current_exe().and_then(|running| running.canonicalize());
    running.ok().zip(path.canonicalize().ok()).is_some_and(|(running, path)| running == path)
}

/// Runs one of the system's own tools.
///
/// # Errors
/// When it cannot be started, and when it fails, with what it says.
pub(super) fn run<'a>(
    tool: &str,
    arguments: impl IntoIterator<Item = &'a str>,
) -> anyhow::Result<()> {
    let root = text(r"SOFTWARE\Microsoft\Windows NT\CurrentVersion", "SystemRoot")?;
    let path = root.join("System32").join(tool);
    let output = Command::new(&path).args(arguments).output();
    let output = output.with_context(|| format!("{} cannot be started", path.display()))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        bail!("{tool} says: {}", String::from_utf8_lossy(&said).trim());
    }
    Ok(())
}
