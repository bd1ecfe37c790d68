//! What stands in the files of an installation.

use std::path::{Path, PathBuf};

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
    let mut paths = vec![serve.store.data_dir.clone()];
    let file = serve.store.path();
    paths.extend(file.parent().map(PathBuf::from));
    paths.extend(serve.backups.as_ref().map(|backups| backups.directory.clone()));
    if let Some(Database::Sqlite { path }) = &serve.store.database {
        paths.extend(path.parent().map(PathBuf::from));
    }
    paths.sort();
    paths.dedup();
    for path in &paths {
        let path_shown = path.display();
        if path.is_relative() {
            bail!("{path_shown}: a service has no directory that this is in; write it from / on");
        }
        let is_shared =
            path.components().count() < 3 || SHARED.iter().any(|it| path == Path::new(it));
        if is_shared || is_below(path, &SYSTEM) {
            bail!(
                "{path_shown} is not TatuScan's alone, and what is in the directory of an inventory becomes \
                 the server's: name one of its own, such as {DATA}"
            );
        }
        if is_below(path, &HIDDEN) {
            bail!(
                "{path_shown} is hidden from services, which see nothing of /home, /root and /tmp: \
                 choose a directory such as {DATA}, and copy what is there"
            );
        }
    }
    paths.retain(|path| !is_below(path, &[DATA, BACKUPS]));
    Ok(paths)
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
