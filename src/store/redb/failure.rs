//! What the errors of the files mean to those who use the store.

use std::io;

use crate::store::StoreError;

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
