//! `tatuscan backup`: everything that is kept, of one moment, in one file.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::progress;
use super::reach::Reached;
use crate::atomic_file::{AtomicFile, PRIVATE};
use crate::config::{Backup as Settings, Target};
use crate::store::backup::{Backup, Summary};

/// What was written.
#[derive(Debug)]
pub struct Outcome {
    file: PathBuf,
    bytes: u64,
    summary: Summary,
}

/// Takes a backup from the server that runs, or from the store when none does, and reads it again
/// before it gets its name: there is never a part of one.
///
/// # Errors
/// When the file is there already, and may not be replaced; when the server or the store cannot be
/// reached, or refuses; when the file cannot be written.
pub async fn run(settings: Settings) -> anyhow::Result<Outcome> {
    let Settings { file, force, target } = settings;
    refuse_existing(&file, force)?;
    let taking = async {
        check_source(&target)?;
        // Before anything is asked: a directory that cannot be written is said at once.
        let new = AtomicFile::create(&file, PRIVATE).with_context(|| file.display().to_string())?;
        let server = Reached::open(&target).await?;
        let received = receive(&server, &new).await;
        server.close().await;
        Ok::<_, anyhow::Error>((new, received?))
    };
    let (new, bytes) = tokio::select! {
        taken = taking => taken?,
        // What was written so far goes away.
        _ = tokio::signal::ctrl_c() => bail!("stopped; there is no {}", file.display()),
    };
    let summary = progress::spin("reading it again", || Backup::open(new.draft()))?.summary();
    let named = if force { new.replace() } else { new.publish_new() };
    named.with_context(|| file.display().to_string())?;
    Ok(Outcome { file, bytes, summary })
}

fn refuse_existing(file: &Path, force: bool) -> anyhow::Result<()> {
    match file.symlink_metadata() {
        Ok(found) if found.is_dir() => {
            bail!("{} is a directory: name a file in it", file.display())
        }
        Ok(_) if !force => bail!(
            "{} is there already. Name another file, or replace it with --force",
            file.display()
        ),
        _ => Ok(()),
    }
}

/// A backup of nothing helps nobody, and opening a store would make one.
fn check_source(target: &Target) -> anyhow::Result<()> {
    let place = &target.store;
    if target.url.is_none() && place.database.is_none() && !place.path().exists() {
        bail!(
            "there is no inventory at {}. Name its directory with TATUSCAN_DB_DIR (--data-dir), or \
             another server with --url",
            place.path().display()
        );
    }
    Ok(())
}

/// Writes what the server sends.
async fn receive(server: &Reached, new: &AtomicFile) -> anyhow::Result<u64> {
    let waiting = progress::spinner("taking a backup");
    let mut answer = server.download("/api/backup").await?;
    waiting.finish_and_clear();
    let announced = answer.content_length();
    let bar = progress::bytes(announced.unwrap_or(0));
    let (mut file, mut received) = (new.file(), 0);
    while let Some(piece) = answer.chunk().await.context("the server ended the backup early")? {
        file.write_all(&piece).context("cannot write the backup")?;
        received += piece.len() as u64;
        bar.set_position(received);
    }
    bar.finish_and_clear();
    if announced.is_some_and(|announced| announced != received) {
        bail!("the server ended the backup early");
    }
    Ok(received)
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, bytes, summary } = self;
        let Summary { taken_at, machines, records, audit, sections, checksum } = summary;
        writeln!(f, "{}: {bytes} bytes, of {}", file.display(), taken_at.to_rfc3339())?;
        writeln!(
            f,
            "{machines} machines, {sections} inventory sections, {records} records, {audit} entries of \
             the audit log"
        )?;
        writeln!(f, "read again: checksum {checksum:016x}: the same")
    }
}
