//! What a server does by itself from time to time.

mod backups;

pub use backups::{Backups, newest, remove_leftovers};
