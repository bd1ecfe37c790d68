//! The server's data directory: there, ours, writable.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{ConfigError, Environment};

/// The named directory, else the one that systemd made, else `/data` where it exists, else
/// `./data`.
pub(super) fn choose(named: Option<String>, environment: &Environment) -> PathBuf {
    if let Some(named) = named {
        return PathBuf::from(named);
    }
    if let Some(list) = environment.value("STATE_DIRECTORY") {
        return PathBuf::from(list.split(':').next().unwrap_or(list));
    }
    let volume = Path::new("/data");
    if volume.is_dir() { volume.to_owned() } else { PathBuf::from("./data") }
}

/// Creates the directory where it is missing (mode 0700 on Unix) and tries to write in it.
///
/// # Errors
/// When it cannot be created or written. The message names the path, its owner and mode, and the
/// caller must not go elsewhere: an inventory that starts empty in another place looks like a
/// lost one.
pub fn prepare_data_dir(path: &Path) -> Result<(), ConfigError> {
    if !path.exists() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(|error| {
            let parent = path.ancestors().skip(1).find(|parent| parent.exists());
            let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
            refusal(path, "cannot be created", parent.unwrap_or(Path::new(".")), &error)
        })?;
    }
    if !path.is_dir() {
        let error = io::Error::from(io::ErrorKind::NotADirectory);
        return Err(refusal(path, "is not a directory", path, &error));
    }
    try_to_write(path).map_err(|error| refusal(path, "cannot be written", path, &error))
}

/// Only a real file tells: access control lists, read-only mounts and quotas all count.
fn try_to_write(directory: &Path) -> io::Result<()> {
    let probe = directory.join(format!(".tatuscan-write-test-{}", std::process::id()));
    // Left by a process that was killed, or a link that whoever owns the directory made, which root
    // must not write through.
    let _ = std::fs::remove_file(&probe);
    OpenOptions::new().write(true).create_new(true).open(&probe)?;
    std::fs::remove_file(&probe)
}

fn refusal(path: &Path, problem: &str, cause: &Path, error: &io::Error) -> ConfigError {
    ConfigError::text(format!(
        "The data directory {} {problem}: {error}. {}. Make it writable for this user{}, or name \
         another one with TATUSCAN_DB_DIR (--data-dir)",
        path.display(),
        owner_and_mode(cause),
        user(),
    ))
}

#[cfg(unix)]
fn owner_and_mode(path: &Path) -> String {
    use std::os::unix::fs::MetadataExt;
    path.metadata().map_or_else(
        |error| format!("{} cannot be looked at: {error}", path.display()),
        |data| {
            let mode = data.mode() & 0o7777;
            format!("{} belongs to uid {} and has mode {mode:04o}", path.display(), data.uid())
        },
    )
}

#[cfg(unix)]
fn user() -> String {
    format!(" (uid {})", nix::unistd::geteuid())
}

#[cfg(not(unix))]
fn owner_and_mode(path: &Path) -> String {
    format!("Look at the permissions of {}", path.display())
}

#[cfg(not(unix))]
fn user() -> String {
    String::new()
}
