//! The database that the parts of an open store share, and what its errors mean.

use std::io;
use std::sync::{Arc, Mutex};

use redb::Database;

use crate::store::StoreError;

/// The database; `None` after an error: redb refuses every write on a handle that saw one.
pub(super) type SharedDatabase = Arc<Mutex<Option<Database>>>;

pub(super) fn meddled(what: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(format!("{what} while the server was running; put it back"))
}

pub(super) fn changed_by_another() -> StoreError {
    let text =
        "its files were changed by another program; restart the server to use them as they are";
    StoreError::Unavailable(text.into())
}

pub(super) fn failure(error: &redb::Error) -> StoreError {
    match error {
        redb::Error::Io(source) => io_failure(source),
        other => StoreError::Unavailable(other.to_string()),
    }
}

pub(super) fn io_failure(error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::Unavailable(error.to_string()),
    }
}
