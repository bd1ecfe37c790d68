//! Putting a file in the place of a store that nobody uses, and keeping the one that was there.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::backend::Part;
use super::file::MARKER;
use super::medium::part_path;
use crate::atomic_file::{self, AtomicFile, PRIVATE};
use crate::store::OpenError;

/// Keeps servers away from a store for as long as it lives.
#[derive(Debug)]
pub struct StoreLock {
    _marker: Option<File>,
}

impl StoreLock {
    /// Keeps servers away from the store in the file `path`, whatever state that is in.
    ///
    /// # Errors
    /// [`OpenError::Locked`] when a server uses it.
    pub fn take(path: &Path) -> Result<Self, OpenError> {
        let marker = atomic_file::directory_of(path).join(MARKER);
        let file = match File::open(&marker) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { _marker: None });
            }
            Err(error) => return Err(OpenError::io("read", &marker, error)),
        };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked(path.to_owned())),
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Self { _marker: Some(file) }),
        }
    }
}

/// Puts a whole new store in the place of what is at `path`. What was there is kept under the name
/// `aside`, with its journal where that holds something, and can be opened there; answers whether
/// anything was. After a crash there is the old store or the new one.
///
/// # Errors
/// [`OpenError::Io`]; then the old store is as it was.
pub fn replace_store(
    new: AtomicFile,
    path: &Path,
    aside: &Path,
    has_journal: bool,
) -> Result<bool, OpenError> {
    let failed = |error| OpenError::io("replace", path, error);
    let is_there = path.symlink_metadata().is_ok();
    if !is_there {
        new.publish_new().map_err(failed)?;
        return Ok(false);
    }
    let parts = [Part::Database, Part::Journal(0), Part::Journal(1)];
    for part in &parts[..if has_journal { parts.len() } else { 1 }] {
        keep(*part, path, aside).map_err(|error| OpenError::io("keep a copy of", path, error))?;
    }
    atomic_file::sync_directory_of(aside).map_err(failed)?;
    // The journal that stays belongs to no store: the next opening begins it anew.
    new.replace().map_err(failed)?;
    Ok(true)
}

/// The files of the store at `path`, whether they are there or not, and the marker beside it.
#[must_use]
pub fn files_of(path: &Path) -> Vec<PathBuf> {
    let parts = Part::ALL.iter().map(|part| part_path(path, *part));
    parts.chain([atomic_file::directory_of(path).join(MARKER)]).collect()
}

/// Gives a part of a store a second name. The journal is copied: its file is written again.
fn keep(part: Part, path: &Path, aside: &Path) -> io::Result<()> {
    let (from, to): (PathBuf, PathBuf) = (part_path(path, part), part_path(aside, part));
    if part == Part::Database {
        match fs::hard_link(&from, &to) {
            Ok(()) => return fs::set_permissions(&to, Permissions::from_mode(PRIVATE)),
            // What was kept before is never written over.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
            // A file system that knows no second names.
            Err(_) => {}
        }
    }
    let mut source = match File::open(&from) {
        Ok(source) => source,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut copy = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(&to)?;
    io::copy(&mut source, &mut copy)?;
    copy.sync_all()
}
