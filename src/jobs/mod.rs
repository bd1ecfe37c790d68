//! What a server does by itself from time to time.

mod backups;
mod housekeeping;
mod supervision;

pub use backups::{Backups, newest, remove_leftovers};
pub use housekeeping::Housekeeping;
pub use supervision::Supervision;
