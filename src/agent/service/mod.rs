//! The agent as a service: the system starts it, now and at every boot.

#[cfg(target_os = "linux")]
mod linux;

#[cfg(not(target_os = "linux"))]
use std::path::PathBuf;

#[cfg(target_os = "linux")]
pub use crate::systemd::Place;
#[cfg(target_os = "linux")]
pub use linux::{control, install, uninstall};

/// Where it is installed.
#[cfg(not(target_os = "linux"))]
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Whether it is only said what would be done.
    pub is_dry_run: bool,
    /// A directory below which the files go; the running system is left alone then.
    pub destination: Option<PathBuf>,
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::Place;
    use anyhow::bail;

    const NOT_YET: &str = "the agent can be installed as a service on Linux only in this version";

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
#[cfg(not(target_os = "linux"))]
pub use elsewhere::{control, install, uninstall};
