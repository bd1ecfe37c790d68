//! Files that are only read, wherever they are: on a read-only disk too.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use redb::StorageBackend;

use super::backend::{AnyBackend, Medium, Part};
use super::medium::part_path;

/// The files of a store, or a backup, that nothing is written to. Whoever repairs what is there
/// does so in memory: see [`super::scratch`].
#[derive(Debug)]
pub(super) struct ReadOnlyMedium {
    path: PathBuf,
}

impl ReadOnlyMedium {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }
}

impl Medium for ReadOnlyMedium {
    fn open(&self, part: Part) -> io::Result<AnyBackend> {
        Ok(AnyBackend::new(ReadOnlyFile(File::open(part_path(&self.path, part))?)))
    }

    fn create(&self, _: Part) -> io::Result<AnyBackend> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

#[derive(Debug)]
struct ReadOnlyFile(File);

impl StorageBackend for ReadOnlyFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(out, offset)
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, _: u64, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }
}
