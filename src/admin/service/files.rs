//! What stands in the files of an installation.

use std::path::{Component, Path, PathBuf};

use anyhow::bail;

use super::{BACKUPS, DATA, is_below};
use crate::config::{Database, Serve};

/// What the unit hides from the server.
const HIDDEN: [&str; 5] = ["/home", "/root", "/run/user", "/tmp", "/var/tmp"];

/// What the whole system uses.
const SYSTEM: [&str; 8] = ["/bin", "/boot", "/dev", "/etc", "/proc", "/run", "/sys", "/usr"];
/// Where others keep their own, too.
const SHARED: [&str; 7] =
    ["/var/backups", "/var/cache", "/var/lib", "/var/log", "/var/opt", "/var/spool", "/var/www"];

/// The server's part of the sample, with every line that sets something made a comment.
pub(super) fn first_settings(sample: &str) -> String {
    let part = sample.split("\n# --- The agent").next().unwrap_or_default();
    let comment = |line: &str| match line.split_once('=') {
        Some(_) if !line.starts_with('#') => format!("#{line}\n"),
        _ => format!("{line}\n"),
    };
    let text: String = part.trim_end().lines().map(comment).collect();
    format!("{text}\n# --- Set by tatuscan install ---\n")
}

/// Directories that the settings name and the unit's own text does not allow the server to write.
pub(super) fn more_paths(serve: &Serve) -> anyhow::Result<Vec<PathBuf>> {
    let store = &serve.store;
    let parent = |path: &Path| path.parent().map(PathBuf::from);
    let database = match &store.database {
        Some(Database::Sqlite { path }) => parent(path),
        _ => None,
    };
    let named = [
        ("TATUSCAN_DB_DIR", Some(store.data_dir.clone())),
        ("TATUSCAN_DB_FILE", parent(&store.path())),
        ("SQLALCHEMY_DATABASE_URI", database),
        ("TATUSCAN_BACKUP_DIR", serve.backups.as_ref().map(|backups| backups.directory.clone())),
    ];
    let mut paths = Vec::new();
    for (setting, path) in named {
        let Some(path) = path else { continue };
        check(setting, &path)?;
        paths.push(path);
    }
    paths.retain(|path| !is_below(path, &[DATA, BACKUPS]));
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Whether a directory can be the service's.
fn check(setting: &str, path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    if path.is_relative() || path.components().any(|part| part == Component::ParentDir) {
        bail!("{setting}: {shown} is no whole path: write it from / on, without ..");
    }
    let is_shared = path.components().count() < 3 || SHARED.iter().any(|it| path == Path::new(it));
    if is_shared || is_below(path, &SYSTEM) {
        bail!(
            "{setting}: {shown} is not TatuScan's alone, and the directory of an inventory becomes the \
             server's with all that is in it: name one of its own, such as {DATA}"
        );
    }
    if is_below(path, &HIDDEN) {
        bail!(
            "{setting}: {shown} is hidden from services, which see nothing of /home, /root and /tmp: \
             choose a directory such as {DATA}, and copy what is there"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings_file;

    #[test]
    fn the_first_settings_say_what_there_is_and_set_nothing() {
        let text = first_settings(super::super::SAMPLE);
        assert_eq!(settings_file::read(&text), []);
        assert!(text.contains("#TATUSCAN_PORT=8040\n") && text.contains("#TIMEZONE="), "{text}");
        assert!(!text.contains("TATUSCAN_INTERVAL"), "{text}");
    }
}
