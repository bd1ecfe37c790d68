//! Backups from time to time, of which some are kept.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use crate::atomic_file::is_draft_of;
use crate::inventory::{Inventory, Taken};

/// How a backup's name begins, …
const PREFIX: &str = "tatuscan-";
/// … what time it is of, …
const MOMENT: &str = "%Y%m%dT%H%M%SZ";
/// … and how it ends.
const SUFFIX: &str = ".redb";
/// The longest time between two looks whether one is due: clocks are put right, and other servers
/// end.
const LOOK: Duration = Duration::from_secs(60);
/// A draft that is older than this was left by a process that was killed.
const OLD: Duration = Duration::from_secs(24 * 60 * 60);

/// Takes backups.
#[derive(Debug, Clone)]
pub struct Backups {
    /// Where they are kept.
    pub directory: PathBuf,
    /// Time between two.
    pub every: Duration,
    /// How many are kept; at least 1.
    pub keep: usize,
    /// What this server is called among those that share the inventory.
    pub server: String,
    /// The clock.
    pub now: fn() -> DateTime<Utc>,
}

impl Backups {
    /// Takes them until the server stops. Of servers that share an inventory one takes each.
    pub async fn run(self, inventory: Inventory, shutdown: CancellationToken) {
        loop {
            let waiting = match shutdown.run_until_cancelled(self.take_if_due(&inventory)).await {
                Some(waiting) => waiting,
                None => return,
            };
            let waiting = tokio::time::sleep(waiting.min(LOOK));
            if shutdown.run_until_cancelled(waiting).await.is_none() {
                return;
            }
        }
    }

    /// Takes one if it is due, and answers the time until the next one is.
    async fn take_if_due(&self, inventory: &Inventory) -> Duration {
        let every = TimeDelta::from_std(self.every).unwrap_or(TimeDelta::MAX);
        let begun_at = (self.now)();
        match inventory.begin_backup(&self.server, every, begun_at).await {
            Ok(None) => {}
            Ok(Some(next)) => return (next - begun_at).to_std().unwrap_or(Duration::ZERO),
            Err(error) => {
                tracing::warn!(%error, "no backup is taken: the store cannot say whether one is due");
                return LOOK;
            }
        }
        let taken = self.take(inventory, begun_at).await;
        if let Err(error) = &taken {
            tracing::error!(
                directory = %self.directory.display(),
                error = format!("{error:#}"),
                "a backup failed; see TATUSCAN_BACKUP_DIR"
            );
        }
        let outcome = taken.map_err(|error| format!("{error:#}"));
        if let Err(error) = inventory.end_backup(begun_at, outcome, (self.now)()).await {
            tracing::warn!(%error, "what became of a backup cannot be kept");
        }
        Duration::ZERO
    }

    /// Takes one, and answers its length.
    async fn take(&self, inventory: &Inventory, moment: DateTime<Utc>) -> anyhow::Result<u64> {
        let directory = &self.directory;
        make_private(directory).with_context(|| directory.display().to_string())?;
        remove_leftovers(directory, moment);
        let path = directory.join(format!("{PREFIX}{}{SUFFIX}", moment.format(MOMENT)));
        let Taken { file, summary, bytes } = inventory.back_up(&path, moment).await?;
        file.publish_new().with_context(|| path.display().to_string())?;
        let removed = self.remove_old(moment);
        let machines = summary.machines;
        tracing::info!(file = %path.display(), machines, bytes, removed, "a backup is taken");
        Ok(bytes)
    }

    /// Removes all but the newest of those up to a moment, and answers how many. What says that it is
    /// of later was named by a wrong clock, and is nobody's to remove.
    fn remove_old(&self, now: DateTime<Utc>) -> usize {
        let mut kept: Vec<_> = moments(&self.directory).unwrap_or_default();
        kept.retain(|(_, moment)| *moment <= now);
        kept.sort_unstable_by_key(|(_, moment)| std::cmp::Reverse(*moment));
        let mut removed = 0;
        for (path, _) in kept.iter().skip(self.keep) {
            match fs::remove_file(path) {
                Ok(()) => removed += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                // The new one is there all the same.
                Err(error) => tracing::warn!(
                    file = %path.display(),
                    %error,
                    "an old backup cannot be removed; remove it, before the disk is full"
                ),
            }
        }
        removed
    }
}

/// The moment that a backup is of, by the name that it has here; `None` for another file.
fn moment_of(name: &str) -> Option<DateTime<Utc>> {
    let moment = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let is_exact = NaiveDateTime::parse_from_str(moment, MOMENT).ok()?;
    (is_exact.format(MOMENT).to_string() == moment).then(|| is_exact.and_utc())
}

/// The newest backup in a directory, and the moment that it is of. What says that it is of later than
/// `now` was named by a wrong clock.
///
/// # Errors
/// When the directory cannot be read.
pub fn newest(
    directory: &Path,
    now: DateTime<Utc>,
) -> io::Result<Option<(PathBuf, DateTime<Utc>)>> {
    let backups = moments(directory)?.into_iter().filter(|(_, moment)| *moment <= now);
    Ok(backups.max_by_key(|(_, moment)| *moment))
}

/// The backups in a directory, with the moments that they are of.
fn moments(directory: &Path) -> io::Result<Vec<(PathBuf, DateTime<Utc>)>> {
    let entries = fs::read_dir(directory)?.flatten();
    let backups = entries
        .filter_map(|entry| Some((entry.path(), moment_of(&entry.file_name().to_string_lossy())?)));
    Ok(backups.collect())
}

fn make_private(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Removes what processes that were killed left of backups, a day ago or earlier.
pub fn remove_leftovers(directory: &Path, now: DateTime<Utc>) {
    let now = SystemTime::from(now);
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let whole = name.split_inclusive(SUFFIX).next().unwrap_or_default();
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let is_old = modified.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > OLD));
        if name.starts_with(PREFIX) && is_draft_of(&name, whole) && is_old {
            // Whoever may not remove it looks again the next time.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_backups_of_these_names_are_old_ones() {
        let moment = moment_of("tatuscan-20261123T120000Z.redb").unwrap();
        assert_eq!(moment.to_rfc3339(), "2026-11-23T12:00:00+00:00");
        for name in [
            "tatuscan.redb",
            "tatuscan-20261123T120000Z.redb.12-0.new",
            "tatuscan-mine.redb",
            "tatuscan-2026112T120000Z.redb",
            "tatuscan-20261323T120000Z.redb",
            "old-tatuscan-20261123T120000Z.redb",
        ] {
            assert_eq!(moment_of(name), None, "{name}");
        }
    }

    #[test]
    fn leftovers_go_after_a_day_and_nothing_else_does() {
        let directory = tempfile::tempdir().unwrap();
        let draft = "tatuscan-20261123T120000Z.redb.12-0.new";
        let names = [draft, "tatuscan-20261123T120000Z.redb", "tatuscan-a.redb.b.new", "x.new"];
        for name in names {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let now = DateTime::<Utc>::from(
            fs::metadata(directory.path().join(draft)).unwrap().modified().unwrap(),
        );
        remove_leftovers(directory.path(), now + TimeDelta::hours(23));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 4);
        remove_leftovers(directory.path(), now + TimeDelta::hours(25));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
        assert!(!directory.path().join(draft).exists());
    }
}
