//! Files of the system that only root may read, and that a service without root's rights is handed
//! copies of (`LoadCredential=` in its unit).

use std::path::PathBuf;

/// Where the copy of the file of that name is; `None` where nothing is handed.
pub(super) fn path(name: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "systemd says so where it put the files")]
    let directory = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    Some(PathBuf::from(directory).join(name))
}
