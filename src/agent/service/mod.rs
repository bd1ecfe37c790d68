//! The agent as a service: the system starts it, now and at every boot.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

#[cfg(not(any(target_os = "linux", windows)))]
use std::path::PathBuf;

#[cfg(target_os = "linux")]
pub use crate::systemd::Place;
#[cfg(target_os = "linux")]
pub use linux::{control, install, is_installed, uninstall};

#[cfg(windows)]
pub use windows::{Place, Work, answer, control, install, protect_new, uninstall};

/// Where it is installed.
#[cfg(not(any(target_os = "linux", windows)))]
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Whether it is only said what would be done.
    pub is_dry_run: bool,
    /// A directory below which the files go; the running system is left alone then.
    pub destination: Option<PathBuf>,
}

#[cfg(not(any(target_os = "linux", windows)))]
mod elsewhere {
    use super::Place;
    use anyhow::bail;

    const NOT_YET: &str =
        "the agent can be installed as a service on Linux and Windows only in this version";

    /// Not on this system.
    ///
    /// # Errors
    /// Always.
    pub fn install(_: &[(&'static str, String)], _: &Place) -> anyhow::Result<()> {
        bail!(NOT_YET)
    }

    /// Not on this system.
    ///
    /// # Errors
    /// Always.
    pub fn uninstall(_: bool, _: &Place) -> anyhow::Result<()> {
        bail!(NOT_YET)
    }

    /// Not on this system.
    ///
    /// # Errors
    /// Always.
    pub fn control(_: &str) -> anyhow::Result<()> {
        bail!(NOT_YET)
    }
}
#[cfg(not(any(target_os = "linux", windows)))]
pub use elsewhere::{control, install, uninstall};
