//! What a server does by itself from time to time.

mod backups;
mod housekeeping;

pub use backups::{Backups, newest, remove_leftovers};
pub use housekeeping::Housekeeping;
