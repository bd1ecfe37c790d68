//! Why a store did not do what it was asked.

use std::path::{Path, PathBuf};

/// Why a verb failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No machine has this id.
    #[error("no such machine")]
    NotFound,
    /// The store holds something that contradicts the request.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The store cannot be written or reached at the moment; asking again later is safe.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// There is no space left on the store's device.
    #[error("no space left on the device of the store")]
    Full,
    /// The store broke in a way that is no passing trouble.
    #[error("the store failed: {0}")]
    Backend(String),
}

/// Why a store was not opened. Nothing was changed on disk.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process holds the store.
    #[error(
        "{} is in use by another process, probably another tatuscan server. Stop that one, or \
         give this one a directory of its own with TATUSCAN_DB_DIR",
        .0.display()
    )]
    Locked(PathBuf),
    /// There should be a store, but there is none.
    #[error(
        "{} is missing, but {} says that an inventory was kept here. Put the file back from a \
         backup; or, to start with an empty inventory on purpose, remove {}",
        store.display(), marker.display(), marker.display()
    )]
    Missing {
        /// The file of the store.
        store: PathBuf,
        /// The instance marker beside it.
        marker: PathBuf,
    },
    /// The file holds something else, or is damaged.
    #[error("{} {what}. It was left as it is. {advice}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What is wrong with it: "is empty".
        what: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// The database refused.
    #[error("the database refuses: {why}")]
    Database {
        /// What it says.
        why: String,
    },
    /// The operating system refused to read or write the file.
    #[error("cannot {action} {}: {cause}", path.display())]
    Io {
        /// What was tried: "open".
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        cause: std::io::Error,
    },
}

impl OpenError {
    pub(crate) fn io(action: &'static str, path: &Path, cause: std::io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), cause }
    }

    /// Whether the store itself is the reason, so that starting again will not help.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Self::Io { .. })
    }
}
