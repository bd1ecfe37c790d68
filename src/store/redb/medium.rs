//! The store's file, watched: what happens to it from outside is noticed before the next write.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use redb::StorageBackend;
use redb::backends::FileBackend;

use super::backend::{AnyBackend, Medium};

/// The file of a store.
#[derive(Debug)]
pub(super) struct FileMedium {
    path: PathBuf,
    /// The file that was opened last, by device and number.
    identity: Mutex<Option<(u64, u64)>>,
    /// How long it has to be.
    len: Arc<AtomicU64>,
}

impl FileMedium {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, identity: Mutex::new(None), len: Arc::default() }
    }
}

impl Medium for FileMedium {
    fn backend(&self) -> io::Result<AnyBackend> {
        // Opened, never created: an empty file would become an empty inventory.
        let file = OpenOptions::new().read(true).write(true).open(&self.path)?;
        let metadata = file.metadata()?;
        let mut identity = self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        *identity = Some((metadata.dev(), metadata.ino()));
        self.len.store(metadata.len(), Relaxed);
        Ok(AnyBackend::new(Watched::new(file, Arc::clone(&self.len))?))
    }

    fn check(&self) -> Result<(), &'static str> {
        let known = *self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        match fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err("was removed"),
            Err(_) => Err("cannot be looked at"),
            Ok(found) if known != Some((found.dev(), found.ino())) => Err("was replaced"),
            Ok(found) if found.len() < self.len.load(Relaxed) => Err("was made shorter"),
            Ok(_) => Ok(()),
        }
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
