//! Making a store's file as small as it gets.

use std::path::Path;

use super::file;
use super::fold::{self, Job};
use super::load::{self, Contents};
use super::medium::FileMedium;
use crate::store::OpenError;

/// Rounds of compaction; each gives back less than the one before.
const ROUNDS: usize = 10;

/// Lets the file of a store that nobody uses give back what it does not need. Answers its length
/// before and after, in bytes.
///
/// # Errors
/// As [`super::RedbStore::open`]; the store is then as it was, or as good.
pub fn compact(path: &Path) -> Result<(u64, u64), OpenError> {
    let io = |action| move |error| OpenError::io(action, path, error);
    let length = || std::fs::metadata(path).map(|metadata| metadata.len()).map_err(io("read"));
    // Looked at first: preparing would make a store where none is.
    let before = length()?;
    let lock = file::prepare(path)?;
    let medium = FileMedium::new(path, Some(lock));
    let Contents { memory, states, last, position } = load::verified(&medium, path)?;
    let mut database = file::open_database(&medium, path)?;
    let compacted = || -> Result<(), redb::Error> {
        if position.journal != 0 {
            let next_key = memory.next_key();
            fold::write(&database, &Job { watermark: last, next_key, states, journal: 0 })?;
        }
        for _ in 0..ROUNDS {
            if !database.compact()? {
                break;
            }
        }
        Ok(database.close()?)
    };
    compacted().map_err(|error| io("compact")(file::io_error(error)))?;
    Ok((before, length()?))
}
