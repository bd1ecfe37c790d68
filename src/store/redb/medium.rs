//! The store's files, watched: what happens to them from outside is noticed before the next write.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use nix::fcntl::OFlag;
use redb::StorageBackend;
use redb::backends::FileBackend;

use super::backend::{AnyBackend, Medium, Part};
use crate::atomic_file;

/// The files of a store: the database, and beside it the journal's segments.
#[derive(Debug)]
pub(super) struct FileMedium {
    files: [WatchedFile; Part::ALL.len()],
    /// Keeps other servers away, also while the database is being opened again.
    lock: Option<File>,
}

#[derive(Debug)]
struct WatchedFile {
    path: PathBuf,
    /// The file that was opened last, by device and number.
    identity: Mutex<Option<(u64, u64)>>,
    /// How long it has to be.
    len: Arc<AtomicU64>,
}

impl Drop for FileMedium {
    fn drop(&mut self) {
        // To close it is not enough: a child process that was just begun has it too, for a moment.
        if let Some(lock) = &self.lock {
            let _ = lock.unlock();
        }
    }
}

impl FileMedium {
    /// The store whose database is the file `path`. The lock lives as long as the medium.
    pub(super) fn new(path: &Path, lock: Option<File>) -> Self {
        let file = |part| WatchedFile {
            path: part_path(path, part),
            identity: Mutex::default(),
            len: Arc::default(),
        };
        Self { files: Part::ALL.map(file), lock }
    }

    fn handle(&self, part: Part, options: &mut OpenOptions) -> io::Result<AnyBackend> {
        let watched = &self.files[part.index()];
        if part != Part::Database {
            // The database may be elsewhere. What is beside it is made here, and a link to somebody's
            // file is not written through, whoever made it.
            options.custom_flags(OFlag::O_NOFOLLOW.bits());
        }
        let file = options.open(&watched.path)?;
        let metadata = file.metadata()?;
        let mut identity = watched.identity.lock().unwrap_or_else(PoisonError::into_inner);
        *identity = Some((metadata.dev(), metadata.ino()));
        watched.len.store(metadata.len(), Relaxed);
        Ok(AnyBackend::new(Watched::new(file, Arc::clone(&watched.len))?))
    }
}

/// `tatuscan.redb`, `tatuscan.redb.journal-1`, `tatuscan.redb.journal-2`.
pub(super) fn part_path(path: &Path, part: Part) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    if let Part::Journal(segment) = part {
        name.push(format!(".journal-{}", segment + 1));
    }
    name.into()
}

impl Medium for FileMedium {
    fn open(&self, part: Part) -> io::Result<AnyBackend> {
        // Opened, never created: an empty file would become an empty inventory.
        self.handle(part, OpenOptions::new().read(true).write(true))
    }

    fn create(&self, part: Part) -> io::Result<AnyBackend> {
        let path = &self.files[part.index()].path;
        let is_new = path.symlink_metadata().is_err();
        let created = self.handle(part, OpenOptions::new().read(true).write(true).create(true))?;
        if is_new {
            // What is in the file survives the power; its name must too.
            atomic_file::sync_directory_of(path)?;
        }
        Ok(created)
    }

    fn check(&self) -> Result<(), String> {
        self.files.iter().try_for_each(WatchedFile::check)
    }
}

impl WatchedFile {
    /// Whether the file that was opened is still there, as long as it has to be.
    fn check(&self) -> Result<(), String> {
        let known = *self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        // The length may change meanwhile: what it was before the look and after it both count.
        let before = self.len.load(Relaxed);
        let what = match fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => "was removed",
            Err(_) => "cannot be looked at",
            Ok(found) if known != Some((found.dev(), found.ino())) => "was replaced",
            Ok(found) if found.len() < before.min(self.len.load(Relaxed)) => "was made shorter",
            Ok(_) => return Ok(()),
        };
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        Err(format!("its file {name} {what}"))
    }
}

/// A file whose length is known to the medium.
#[derive(Debug)]
struct Watched {
    inner: FileBackend,
    len: Arc<AtomicU64>,
}

impl Watched {
    fn new(file: File, len: Arc<AtomicU64>) -> io::Result<Self> {
        Ok(Self { inner: FileBackend::new(file).map_err(io::Error::other)?, len })
    }
}

impl StorageBackend for Watched {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        // The shorter of both while it changes, so that a look in between finds nothing wrong.
        self.len.fetch_min(len, Relaxed);
        self.inner.set_len(len)?;
        self.len.store(len, Relaxed);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.inner.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.inner.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }

    super::backend::forward_locks!(inner);
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_file_that_the_store_itself_makes_longer_was_not_touched() {
        let directory = tempfile::tempdir().unwrap();
        let medium = FileMedium::new(&directory.path().join("a.redb"), None);
        let [file, ..] = Part::ALL.map(|part| medium.create(part).unwrap());
        thread::scope(|scope| {
            let growing = scope.spawn(|| (1..20_000).for_each(|len| file.set_len(len).unwrap()));
            while !growing.is_finished() {
                assert_eq!(medium.check(), Ok(()));
            }
        });
        file.set_len(9).unwrap();
        assert_eq!(medium.check(), Ok(()));
        File::options()
            .write(true)
            .open(directory.path().join("a.redb"))
            .unwrap()
            .set_len(8)
            .unwrap();
        let touched = "its file a.redb was made shorter".to_owned();
        assert_eq!(medium.check(), Err(touched));
    }
}
