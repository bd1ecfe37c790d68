//! Reading a whole store into memory, and refusing one that is damaged.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use redb::{Database, ReadableDatabase as _, ReadableTable as _};

use super::backend::{Medium, Scratch};
use super::codec::{BadValue, Change, decode_changes, decode_machine};
use super::file::{self, RESTORE};
use super::journal::Journal;
use super::memory::Memory;
use super::tables::{JOURNAL, MACHINES, META, META_FOLDED, META_NEXT_KEY, META_SCHEMA, SCHEMA};
use crate::model::{Machine, MachineId};
use crate::store::OpenError;

/// What a store held.
pub(super) struct Contents {
    pub(super) memory: Memory,
    pub(super) journal: Journal,
}

/// Why a store was refused, before it is put in words.
enum Bad {
    Redb(redb::Error),
    Value(BadValue),
    Newer(u64),
    NoSchema,
}

impl<E: Into<redb::Error>> From<E> for Bad {
    fn from(error: E) -> Self {
        Self::Redb(error.into())
    }
}

impl From<BadValue> for Bad {
    fn from(error: BadValue) -> Self {
        Self::Value(error)
    }
}

/// Reads everything and checks every checksum, without a change to the medium: whatever opening
/// and repairing would write goes to memory and is forgotten. Only what passes is opened for real.
pub(super) fn verified(medium: &dyn Medium, path: &Path) -> Result<Contents, OpenError> {
    let backend = medium.backend().and_then(Scratch::new);
    let backend = backend.map_err(|source| OpenError::io("open", path, source))?;
    // Reading a damaged page makes redb panic rather than answer an error.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let database = file::builder()
            .set_check_integrity_on_open(true)
            .create_with_backend(backend)
            .map_err(|error| file::open_error(error, path))?;
        read(&database).map_err(|bad| refused(bad, path))
    }));
    outcome.unwrap_or_else(|_| {
        let what = "is damaged (it cannot be read to its end)".to_owned();
        Err(OpenError::Refused { path: path.to_owned(), what, advice: RESTORE })
    })
}

fn read(database: &Database) -> Result<Contents, Bad> {
    let transaction = database.begin_read()?;
    let meta = transaction.open_table(META)?;
    let number = |name| -> Result<Option<u64>, Bad> { Ok(meta.get(name)?.map(|v| v.value())) };
    match number(META_SCHEMA)? {
        Some(SCHEMA) => {}
        Some(newer) if newer > SCHEMA => return Err(Bad::Newer(newer)),
        _ => return Err(Bad::NoSchema),
    }
    let (Some(folded), Some(next_key)) = (number(META_FOLDED)?, number(META_NEXT_KEY)?) else {
        return Err(Bad::NoSchema);
    };
    let mut journal = Journal::new(folded, u32::try_from(next_key).map_err(|_| BadValue::Damaged)?);
    let mut memory = Memory::default();
    for row in transaction.open_table(MACHINES)?.iter()? {
        let (key, value) = row?;
        let machine = decode_machine(key.value(), value.value())?;
        memory.put(key.value(), &Arc::new(machine));
    }
    for row in transaction.open_table(JOURNAL)?.range(folded + 1..)? {
        let (sequence, value) = row?;
        let changes = decode_changes(sequence.value(), value.value())?;
        journal.appended(sequence.value(), value.value().len());
        for change in changes {
            replay(&change, &mut memory, &mut journal)?;
        }
    }
    Ok(Contents { memory, journal })
}

fn replay(change: &Change<'_>, memory: &mut Memory, journal: &mut Journal) -> Result<(), BadValue> {
    match change {
        Change::Put(key, row) => {
            let machine: Arc<Machine> = Arc::new(row.machine().ok_or(BadValue::Damaged)?);
            memory.put(*key, &machine);
            journal.changed(*key, Some(machine));
        }
        Change::Removed(key, id) => {
            memory.remove(&MachineId::stored(id));
            journal.changed(*key, None);
        }
    }
    Ok(())
}

fn refused(bad: Bad, path: &Path) -> OpenError {
    let (what, advice) = match bad {
        Bad::Redb(redb::Error::TableDoesNotExist(_) | redb::Error::TableTypeMismatch { .. }) => {
            ("is a redb database, but not a TatuScan store".into(), OTHER)
        }
        Bad::Redb(redb::Error::Io(source)) => return OpenError::io("read", path, source),
        Bad::Redb(error) => (format!("is damaged ({error})"), RESTORE),
        Bad::Value(BadValue::Damaged) => {
            ("is damaged (a stored value is not what was written)".into(), RESTORE)
        }
        Bad::Value(BadValue::Newer) => ("was written by a newer TatuScan".into(), NEWER),
        Bad::Newer(schema) => (
            format!("was written by a newer TatuScan (schema {schema}, this one knows {SCHEMA})"),
            NEWER,
        ),
        Bad::NoSchema => ("is a redb database, but not a TatuScan store".into(), OTHER),
    };
    OpenError::Refused { path: path.to_owned(), what, advice }
}

const NEWER: &str = "Start the newer version again, or restore a backup of this version";
const OTHER: &str = "Name another file with TATUSCAN_DB_FILE";
