//! The store's file: creating it once, recognising it later, never replacing it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use redb::{Builder, Database, DatabaseError, StorageError};

use super::backend::{Medium, Part};
use super::medium::FileMedium;
use super::tables::{
    AUDIT, MACHINES, META, META_FOLDED, META_JOURNAL, META_NEXT_KEY, META_SCHEMA, RECORDS, SCHEMA,
};
use crate::model::Machine;
use crate::store::codec::encode_machine;
use crate::store::{OpenError, is_sqlite};

/// Beside the store: says that an inventory is kept here, and in which file.
pub(super) const MARKER: &str = "tatuscan.instance";

/// How every redb file begins.
const REDB_MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

/// redb's page cache. Reads are served from memory, so it only has to hold what a fold touches.
const CACHE_BYTES: usize = 16 << 20;

pub(super) const RESTORE: &str = "Restore it from a backup, or move it away together with the \
                                  file tatuscan.instance to start with an empty inventory";

/// Makes sure that `path` holds a store: checks the one that is there, or creates one when the
/// directory never held any. Answers the marker beside it, locked against other servers.
pub(super) fn prepare(path: &Path) -> Result<File, OpenError> {
    let directory = directory(path);
    let marker = directory.join(MARKER);
    match fs::metadata(path) {
        Ok(metadata) => check_format(path, &metadata)?,
        Err(_) if path.is_symlink() => {
            let advice = "Mount what it points to, or remove the link";
            let what = "is a link to a file that is not there".to_owned();
            return Err(OpenError::Refused { path: path.to_owned(), what, advice });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if marker.exists() {
                return Err(OpenError::Missing { store: path.to_owned(), marker });
            }
            create(directory, path, &[])?;
        }
        Err(error) => return Err(OpenError::io("read", path, error)),
    }
    if !marker.exists() {
        write_marker(directory, &marker, path)
            .map_err(|source| OpenError::io("write", &marker, source))?;
    }
    let lock = File::open(&marker).map_err(|source| OpenError::io("read", &marker, source))?;
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(path.to_owned())),
        // A file system that knows no locks: the database has one of its own.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(lock),
    }
}

pub(super) fn check_format(path: &Path, metadata: &fs::Metadata) -> Result<(), OpenError> {
    let refused = |what: &str, advice| {
        Err(OpenError::Refused { path: path.to_owned(), what: what.to_owned(), advice })
    };
    if !metadata.is_file() {
        return refused("is not a file", "Name another file with TATUSCAN_DB_FILE");
    }
    let mut start = Vec::with_capacity(REDB_MAGIC.len());
    File::open(path)
        .and_then(|file| file.take(REDB_MAGIC.len() as u64).read_to_end(&mut start))
        .map_err(|source| OpenError::io("read", path, source))?;
    if start.starts_with(REDB_MAGIC) {
        Ok(())
    } else if start.is_empty() {
        refused("is empty", RESTORE)
    } else if is_sqlite(path) {
        refused(
            "is an SQLite database, not a TatuScan store",
            "Name another file with TATUSCAN_DB_FILE",
        )
    } else if start.iter().all(|byte| *byte == 0) {
        refused("holds nothing but zeros where a TatuScan store begins", RESTORE)
    } else {
        refused(
            "is not a TatuScan store",
            "Name another file with TATUSCAN_DB_FILE, or restore a backup",
        )
    }
}

/// Makes a store that holds these machines, where none is.
pub(super) fn create_with(path: &Path, machines: &[Machine]) -> Result<(), OpenError> {
    let directory = directory(path);
    let marker = directory.join(MARKER);
    if path.exists() || marker.exists() {
        let what = "is there already".to_owned();
        let advice = "Name another file with TATUSCAN_DB_FILE";
        return Err(OpenError::Refused { path: path.to_owned(), what, advice });
    }
    create(directory, path, machines)
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Creates the store under another name first, so that a crash half-way leaves no half store.
fn create(directory: &Path, path: &Path, machines: &[Machine]) -> Result<(), OpenError> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    let io = |source| OpenError::io("create", path, source);
    if let Err(error) = fs::remove_file(&unfinished)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(io(error));
    }
    OpenOptions::new().write(true).create_new(true).open(&unfinished).map_err(io)?;
    create_database(&FileMedium::new(&unfinished, None), path, machines)?;
    fs::rename(&unfinished, path).and_then(|()| File::open(directory)?.sync_all()).map_err(io)
}

fn write_marker(directory: &Path, marker: &Path, path: &Path) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Not through a link that leads nowhere yet: whoever owns the directory could have made it.
    let mut file = OpenOptions::new().write(true).create_new(true).open(marker)?;
    writeln!(file, "TatuScan keeps an inventory here, in the file {name}.")?;
    writeln!(file, "While this file is here, the server refuses to start without that one.")?;
    writeln!(file, "Remove this file only to start with an empty inventory on purpose.")?;
    file.sync_all()?;
    File::open(directory)?.sync_all()
}

/// Makes a store that holds these machines, on a medium that holds nothing.
pub(super) fn create_database(
    medium: &dyn Medium,
    path: &Path,
    machines: &[Machine],
) -> Result<(), OpenError> {
    let made = || -> Result<(), redb::Error> {
        let database = builder().create_with_backend(medium.create(Part::Database)?)?;
        let mut transaction = database.begin_write()?;
        transaction.set_quick_repair(true);
        {
            let mut table = transaction.open_table(MACHINES)?;
            let mut next_key = 0;
            for machine in machines {
                table.insert(next_key, encode_machine(next_key, machine).as_slice())?;
                next_key += 1;
            }
            transaction.open_table(RECORDS)?;
            transaction.open_table(AUDIT)?;
            let mut meta = transaction.open_table(META)?;
            meta.insert(META_SCHEMA, SCHEMA)?;
            meta.insert(META_FOLDED, 0)?;
            meta.insert(META_NEXT_KEY, u64::from(next_key))?;
            meta.insert(META_JOURNAL, 0)?;
        }
        transaction.commit()?;
        Ok(())
    };
    made().map_err(|error| OpenError::io("create", path, io_error(error)))
}

/// Opens a store that was checked before.
pub(super) fn open_database(medium: &dyn Medium, path: &Path) -> Result<Database, OpenError> {
    let backend =
        medium.open(Part::Database).map_err(|source| OpenError::io("open", path, source))?;
    // Out of nothing redb would make a new store.
    if redb::StorageBackend::len(&backend).is_ok_and(|len| len == 0) {
        let what = "is empty".to_owned();
        return Err(OpenError::Refused { path: path.to_owned(), what, advice: RESTORE });
    }
    builder().create_with_backend(backend).map_err(|error| open_error(error, path))
}

pub(super) fn builder() -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

pub(super) fn open_error(error: DatabaseError, path: &Path) -> OpenError {
    let refused = |what: String, advice| OpenError::Refused { path: path.to_owned(), what, advice };
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            OpenError::Locked(path.to_owned())
        }
        DatabaseError::UpgradeRequired(version) => refused(
            format!("has the redb file format {version}, which this version cannot read"),
            RESTORE,
        ),
        DatabaseError::Storage(StorageError::Io(source))
            if !matches!(
                source.kind(),
                io::ErrorKind::InvalidData
                    | io::ErrorKind::UnexpectedEof
                    | io::ErrorKind::InvalidInput
            ) =>
        {
            OpenError::io("open", path, source)
        }
        error => refused(format!("is damaged ({error})"), RESTORE),
    }
}

pub(super) fn io_error(error: redb::Error) -> io::Error {
    match error {
        redb::Error::Io(source) => source,
        other => io::Error::other(other),
    }
}
