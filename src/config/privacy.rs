//! What an agent keeps to itself.

use super::{ConfigError, present, yes_or_no};

/// What the server is told beyond what a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Privacy {
    /// Whether it is told who uses the machine.
    pub users: bool,
    /// Whether it is told which programs there are.
    pub software: bool,
}

impl Privacy {
    /// Reads the two settings that say no.
    ///
    /// # Errors
    /// A value that is neither yes nor no.
    pub(super) fn choose(
        no_users: Option<String>,
        no_software: Option<String>,
    ) -> Result<Self, ConfigError> {
        let no_users = yes_or_no("TATUSCAN_NO_USERS (--no-users)", present(no_users))?;
        let no_software = yes_or_no("TATUSCAN_NO_SOFTWARE (--no-software)", present(no_software))?;
        Ok(Self { users: !no_users, software: !no_software })
    }
}
