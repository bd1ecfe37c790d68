//! Who may do what with the inventory, and what was done.

mod audit;
mod caller;
mod key;
mod login;
mod record;
mod refused;
mod removed;
mod session;
mod token;
mod user;

pub use audit::{AuditEntry, AuditPage, AuditQuery};
pub use caller::{Caller, Identity};
pub use key::{MachineKey, WaitingKey};
pub use login::{Browser, Failures};
pub use record::{Kept, Kind, Record};
pub use refused::RefusedSource;
pub use removed::{RECOVERABLE, RemovedMachine};
pub use session::{Founding, Session, SetupLink};
pub use token::{Scope, Token};
pub use user::{Role, User};

/// The SHA-256 of a secret: what is kept in its place.
pub type SecretHash = [u8; 32];

/// The hash as 64 lower-case hex digits.
#[must_use]
pub fn hex(hash: &SecretHash) -> String {
    use std::fmt::Write as _;
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        let written = write!(text, "{byte:02x}");
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
        text
    })
}
