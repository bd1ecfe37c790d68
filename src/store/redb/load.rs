//! Reading a whole store into memory, and refusing one that is damaged.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use redb::{Database, ReadableDatabase as _, ReadableTable as _};

use super::backend::{Medium, Part};
use super::file::{self, RESTORE};
use super::fold::{Position, States};
use super::journal::{self, BadJournal};
use super::scratch::Scratch;
use super::sections::{self, BadSections};
use super::tables::{
    AUDIT, MACHINES, META, META_FOLDED, META_JOURNAL, META_NEXT_KEY, META_SCHEMA, RECORDS, SCHEMA,
    kind_of_record,
};
use crate::store::OpenError;
use crate::store::codec::{BadValue, decode_entry, decode_machine, decode_record};
use crate::store::memory::Memory;

/// What a store held.
pub(super) struct Contents {
    pub(super) memory: Memory,
    /// What the journal holds that the database does not.
    pub(super) states: States,
    /// The last record of the journal.
    pub(super) last: u64,
    pub(super) position: Position,
}

/// Why a store was refused, before it is put in words.
enum Bad {
    Redb(redb::Error),
    Value(BadValue),
    Journal(BadJournal),
    Newer(u64),
    Unreleased,
    NoSchema,
}

impl<E: Into<redb::Error>> From<E> for Bad {
    fn from(error: E) -> Self {
        Self::Redb(error.into())
    }
}

impl From<BadJournal> for Bad {
    fn from(error: BadJournal) -> Self {
        Self::Journal(error)
    }
}

impl From<BadSections> for Bad {
    fn from(error: BadSections) -> Self {
        match error {
            BadSections::Redb(error) => Self::Redb(error),
            BadSections::Value(error) => Self::Value(error),
        }
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
    verified_database(medium, path).map(|(_, contents)| contents)
}

/// As [`verified`], and lets the caller look further.
pub(super) fn verified_database(
    medium: &dyn Medium,
    path: &Path,
) -> Result<(Database, Contents), OpenError> {
    let backend = medium.open(Part::Database).and_then(Scratch::new);
    let backend = backend.map_err(|source| OpenError::io("open", path, source))?;
    // Reading a damaged page makes redb panic rather than answer an error.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let database = file::builder()
            .set_check_integrity_on_open(true)
            .create_with_backend(backend)
            .map_err(|error| file::open_error(error, path))?;
        let contents = read(&database, medium).map_err(|bad| refused(bad, path))?;
        Ok((database, contents))
    }));
    outcome.unwrap_or_else(|_| {
        let what = "is damaged (it cannot be read to its end)".to_owned();
        Err(OpenError::Refused { path: path.to_owned(), what, advice: RESTORE })
    })
}

fn read(database: &Database, medium: &dyn Medium) -> Result<Contents, Bad> {
    let transaction = database.begin_read()?;
    let meta = transaction.open_table(META)?;
    let number = |name| -> Result<Option<u64>, Bad> { Ok(meta.get(name)?.map(|v| v.value())) };
    match number(META_SCHEMA)? {
        Some(SCHEMA) => {}
        Some(newer) if newer > SCHEMA => return Err(Bad::Newer(newer)),
        Some(_) => return Err(Bad::Unreleased),
        None => return Err(Bad::NoSchema),
    }
    let (Some(folded), Some(next_key), Some(journal)) =
        (number(META_FOLDED)?, number(META_NEXT_KEY)?, number(META_JOURNAL)?)
    else {
        return Err(Bad::NoSchema);
    };
    let next_key = u32::try_from(next_key).map_err(|_| BadValue::Damaged)?;
    let mut memory = Memory::with_next_key(next_key);
    memory.loaded_at(folded);
    let mut sections = sections::received(&transaction).map_err(Bad::from)?;
    for row in transaction.open_table(MACHINES)?.iter()? {
        let (key, value) = row?;
        let mut machine = decode_machine(key.value(), value.value())?;
        if let Some(sections) = sections.remove(&key.value()) {
            machine.hardware = machine.hardware.with_sections(&sections);
        }
        memory.load(key.value(), &Arc::new(machine));
    }
    for row in transaction.open_table(RECORDS)?.iter()? {
        let (name, value) = row?;
        let name = name.value();
        let kind = kind_of_record(name).ok_or(BadValue::Newer)?;
        memory.load_record(decode_record(name, kind, value.value())?);
    }
    for row in transaction.open_table(AUDIT)?.iter()? {
        let (number, value) = row?;
        decode_entry(number.value(), value.value())?;
    }
    let mut contents = Contents {
        memory,
        states: States::default(),
        last: folded,
        position: Position { folded, journal },
    };
    if journal != 0 {
        let (batches, last) = journal::read(medium, journal, folded)?;
        contents.last = last;
        for (version, changes) in batches {
            let changes = contents.memory.replay(version, changes);
            contents.states.note(version, &changes);
        }
    }
    Ok(contents)
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
        Bad::Journal(BadJournal::Io(source)) => {
            return OpenError::io("read the journal beside", path, source);
        }
        Bad::Journal(BadJournal::Damaged) => {
            ("has a damaged journal beside it (a record cannot be read)".into(), RESTORE)
        }
        Bad::Journal(BadJournal::NotThisOne) => (
            "was not closed, and the files of its journal, named as it and .journal-1 and              .journal-2, are missing or belong to another store"
                .into(),
            TOGETHER,
        ),
        Bad::Value(BadValue::Newer) | Bad::Journal(BadJournal::Newer) => {
            ("was written by a newer TatuScan".into(), NEWER)
        }
        Bad::Unreleased => ("was written by a TatuScan that was never released".into(), RESTORE),
        Bad::Newer(schema) => (
            format!("was written by a newer TatuScan (schema {schema}, this one knows {SCHEMA})"),
            NEWER,
        ),
        Bad::NoSchema => ("is a redb database, but not a TatuScan store".into(), OTHER),
    };
    OpenError::Refused { path: path.to_owned(), what, advice }
}

pub(super) const NEWER: &str = "Start the newer version again, or restore a backup of this version";
pub(super) const TOGETHER: &str = "Put all three files back together, or restore a backup";
const OTHER: &str = "Name another file with TATUSCAN_DB_FILE";
