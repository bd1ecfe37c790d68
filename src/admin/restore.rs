//! `tatuscan restore`: what a backup holds, in the place of what is kept.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::database::sql_settings;
use super::open::open_store;
use super::presence::Presence;
use super::progress;
use crate::atomic_file::{AtomicFile, PRIVATE, directory_of};
use crate::clock;
use crate::config::{Database, Restore, StorePlace, prepare_data_dir};
use crate::inventory::Inventory;
use crate::model::StatusRules;
use crate::model::access::{Caller, Identity};
use crate::store::backup::{self, Backup, Summary, Tally};
use crate::store::redb::{StoreLock, files_of, replace_store};
use crate::store::sql::{self, SqlStore};
use crate::store::{Snapshot, Store, StoreError};

/// How long a server may take to show that it is there.
const PATIENCE: Duration = Duration::from_secs(3);

/// What was restored.
#[derive(Debug)]
pub struct Outcome {
    from: PathBuf,
    to: String,
    summary: Summary,
    is_marked: bool,
    /// Where what was there before is.
    aside: Option<PathBuf>,
    /// What is there now.
    kept: Tally,
}

/// Restores, and compares what is kept then with what the backup holds. Nothing is touched before the
/// whole backup was read and checked.
///
/// # Errors
/// When the backup is none, is damaged or newer than this version; when a server runs; when there is
/// something that may not be replaced; when the store cannot be written.
pub async fn run(settings: Restore) -> anyhow::Result<Outcome> {
    let Restore { file, force, store: place, zone } = settings;
    let backup = progress::spin("reading the backup", || Backup::open(&file))?;
    let now = clock::now();
    let owner = owner(&place.path());
    let aside = match &place.database {
        None => to_file(&backup, &file, &place, force, now)?,
        Some(database) => to_database(&backup, &place, database, zone, force, now).await?,
    };
    let (store, to) = open_store(&place, zone).await?;
    let kept = compare(&*store, &backup, zone, place.database.as_ref()).await?;
    let inventory = Inventory::new(store, StatusRules::default());
    let by = Identity { caller: Caller::TokenFile, peer: None, at: now };
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let noted = inventory.note_restore(&by, &name, backup.summary()).await;
    inventory.close().await;
    drop(inventory);
    noted.context("the inventory is restored, but the audit log cannot say so")?;
    let database = match &place.database {
        Some(Database::Sqlite { path }) => Some(path.as_path()),
        _ => None,
    };
    hand_over(&place.path(), aside.as_deref(), database, owner);
    let (summary, is_marked) = (backup.summary(), backup.is_marked());
    Ok(Outcome { from: file, to, summary, is_marked, aside, kept })
}

/// Into the embedded store.
fn to_file(
    backup: &Backup,
    file: &Path,
    place: &StorePlace,
    force: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<PathBuf>> {
    let path = place.path();
    if file.canonicalize().ok().zip(path.canonicalize().ok()).is_some_and(|(a, b)| a == b) {
        bail!("{} is the inventory itself: name a backup of it", file.display());
    }
    prepare_data_dir(&place.data_dir)?;
    let _lock = StoreLock::take(&path).context("a restore needs the server stopped")?;
    let mut has_journal = false;
    if path.is_symlink() {
        bail!(
            "{} is a link, which a restore would replace by a file. Take the link away, restore, \
             move the new file to where the link led, and make the link again",
            path.display()
        );
    }
    if path.exists() {
        match Backup::of_store(&path) {
            Ok(held) => {
                has_journal = held.has_journal();
                if !force {
                    refuse_held(&path.display().to_string(), &held.snapshot())?;
                }
            }
            // What cannot be read now is kept as it is.
            Err(_) if force => has_journal = true,
            Err(error) => bail!(
                "{error}. To put the backup in its place, and keep what is there beside it, add \
                 --force"
            ),
        }
    }
    let new = AtomicFile::create(&path, PRIVATE).with_context(|| path.display().to_string())?;
    progress::spin("writing", || {
        let written = backup::copy(backup, new.file().try_clone()?)?;
        let found = Backup::open(new.draft())?.summary();
        if found != written {
            bail!("what was written is not what is read again: is the disk sound?");
        }
        Ok(())
    })?;
    let aside = aside(&path, now);
    Ok(replace_store(new, &path, &aside, has_journal)?.then_some(aside))
}

/// Into a database, in one transaction.
async fn to_database(
    backup: &Backup,
    place: &StorePlace,
    database: &Database,
    zone: Tz,
    force: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<PathBuf>> {
    refuse_running(&place.data_dir).await?;
    prepare_data_dir(&place.data_dir)?;
    let settings = sql_settings(database, zone);
    let store = SqlStore::connect(settings.clone()).await;
    let store = store.with_context(|| format!("SQLALCHEMY_DATABASE_URI is {database}"))?;
    let held = store.snapshot().await.with_context(|| database.to_string())?;
    let mut aside = None;
    if refuse_held(&database.to_string(), &held).is_err() {
        if !force {
            refuse_held(&database.to_string(), &held)?;
        }
        let path = self::aside(&place.data_dir.join("tatuscan.redb"), now);
        let new = AtomicFile::create(&path, PRIVATE)?;
        backup::take(&store, new.file().try_clone()?, now).await?;
        progress::spin("keeping a copy", || Backup::open(new.draft()).map(drop))?;
        new.publish_new().with_context(|| path.display().to_string())?;
        aside = Some(path);
    }
    store.close().await;
    drop(store);
    let mut snapshot = backup.snapshot();
    snapshot.records.retain(backup::is_kept);
    let bar = progress::machines(snapshot.machines.len() as u64);
    let restored = sql::restore(&settings, &snapshot, backup, |more| bar.inc(more as u64)).await;
    bar.finish_and_clear();
    restored.with_context(|| format!("nothing was restored to {database}"))?;
    Ok(aside)
}

/// Refuses to replace what somebody may need.
fn refuse_held(place: &str, held: &Snapshot) -> anyhow::Result<()> {
    let records = backup::content(&held.records);
    if held.machines.is_empty() && records == 0 {
        return Ok(());
    }
    bail!(
        "{place} holds {} machines and {records} users, tokens and such. To put the backup in their \
         place, and keep a copy of them, add --force",
        held.machines.len()
    )
}

/// Refuses while a server of this directory answers. That other servers of a shared database are
/// stopped, nobody here can know.
async fn refuse_running(data_dir: &Path) -> anyhow::Result<()> {
    let Some(presence) = Presence::of(data_dir) else { return Ok(()) };
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
    let client = presence.trust()?.client_for(&presence.url, client)?;
    if client.get(format!("{}/livez", presence.url)).send().await.is_ok() {
        bail!(
            "a restore needs the server stopped: one answers at {} (process {})",
            presence.url,
            presence.pid
        );
    }
    Ok(())
}

/// Where what was there goes.
fn aside(path: &Path, now: DateTime<Utc>) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let at = now.format("%Y%m%dT%H%M%SZ");
    path.with_file_name(format!("{stem}.before-restore-{at}.redb"))
}

/// What is there now, which must be what the backup holds.
async fn compare(
    store: &dyn Store,
    backup: &Backup,
    zone: Tz,
    database: Option<&Database>,
) -> anyhow::Result<Tally> {
    let (found, wanted) = (store.snapshot().await?, backup.snapshot());
    let machines = match database {
        None => wanted.machines.clone(),
        Some(database) => sql::as_kept(&sql_settings(database, zone), &wanted.machines),
    };
    let (mut is, mut was) =
        (Tally::of(&found.machines, &found.records), Tally::of(&machines, &wanted.records));
    for ids in backup::section_pieces(&wanted.machines) {
        is.add_sections(&store.sections(&ids).await?);
        was.add_sections(&backup.sections(&ids)?);
    }
    let (found, wanted) = (is, was);
    if found != wanted {
        let text = format!(
            "{} machines, {} records and {} sections are there now, but the backup holds {}, {} and \
             {}, or others: something else writes to it",
            found.machines,
            found.records,
            found.sections,
            wanted.machines,
            wanted.records,
            wanted.sections
        );
        return Err(StoreError::Backend(text).into());
    }
    Ok(found)
}

/// Whose a store is: user and group of its file or, where none is, of its directory.
fn owner(path: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = path.metadata().or_else(|_| directory_of(path).metadata()).ok()?;
    Some((metadata.uid(), metadata.gid()))
}

/// What root made of a store is whose the store was. No link is followed: whoever owns the directory
/// could have made it, to anything.
fn hand_over(
    path: &Path,
    aside: Option<&Path>,
    database: Option<&Path>,
    owner: Option<(u32, u32)>,
) {
    let Some((user, group)) = owner.filter(|_| nix::unistd::geteuid().is_root()) else { return };
    let kept = aside.into_iter().flat_map(files_of);
    for file in files_of(path).into_iter().chain(kept).chain(database.map(Path::to_owned)) {
        // Not all of them are there, and whoever runs the server as root does not mind.
        let _ = std::os::unix::fs::lchown(file, Some(user), Some(group));
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, summary, is_marked, aside, kept } = self;
        if *is_marked {
            writeln!(f, "restored {}, of {}", from.display(), summary.taken_at.to_rfc3339())?;
        } else {
            writeln!(f, "restored {}, the file of a store", from.display())?;
        }
        writeln!(f, "to {to}")?;
        if let Some(aside) = aside {
            writeln!(f, "what was there is in {}", aside.display())?;
        }
        let Tally { machines, records, sections, checksum } = kept;
        writeln!(
            f,
            "read again: {machines} machines, {records} records, {sections} inventory sections, \
             checksum {checksum:016x}: the same"
        )?;
        writeln!(f, "everybody has to log in again; start the server")
    }
}
