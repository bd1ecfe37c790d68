//! Who may read what the service keeps: the machine's key and tokens are among it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use windows_registry::LOCAL_MACHINE;

use super::{Place, system};

/// The system itself.
const SYSTEM: &str = "*S-1-5-18";
const ADMINISTRATORS: &str = "*S-1-5-32-544";
/// The service and nothing else under its account. It follows from the service's name, so that rights
/// can be given before there is one.
const SERVICE: &str = "*S-1-5-80-432390032-3684133029-1830982936-2916726279-1517184970";

/// Where only administrators can write which directory was closed to everybody else: settings anywhere
/// else are not read.
const OURS: &str = r"SOFTWARE\TatuScan";

/// Whether an installation has protected that directory.
pub(super) fn is_ours(home: &Path) -> bool {
    let named = LOCAL_MACHINE.open(OURS).and_then(|key| key.get_string("Home"));
    named.is_ok_and(|named| Path::new(&named) == home)
}

/// Makes the service's directory where it is missing, and takes it and what is in it from everybody
/// but the service and administrators: anybody can make a directory of that name before.
///
/// # Errors
/// When it is a link to somewhere else, and what the system says.
pub(super) fn protect(home: &Path, place: &Place) -> anyhow::Result<()> {
    println!("{}: for the service and administrators alone", home.display());
    if place.is_dry_run {
        return Ok(());
    }
    fs::create_dir_all(home).with_context(|| format!("{} cannot be made", home.display()))?;
    if place.destination.is_some() {
        return Ok(());
    }
    if home.symlink_metadata()?.file_type().is_symlink() {
        bail!("{} is a link to another directory: remove it", home.display());
    }
    close(home)?;
    for entry in fs::read_dir(home)? {
        let entry = entry?;
        if entry.file_type()?.is_symlink() {
            bail!("{} is a link to somewhere else: remove it", entry.path().display());
        }
        own(&entry.path())?;
    }
    let key = LOCAL_MACHINE.create(OURS)?;
    key.set_string("Home", home.to_string_lossy())?;
    Ok(())
}

/// Removes the directory with all that the service kept.
///
/// # Errors
/// What the system says.
pub(super) fn remove(home: &Path, place: &Place) -> anyhow::Result<()> {
    if !home.exists() {
        return Ok(());
    }
    println!("{}: remove it", home.display());
    if place.is_dry_run {
        return Ok(());
    }
    fs::remove_dir_all(home).with_context(|| format!("{} cannot be removed", home.display()))?;
    if place.destination.is_none() {
        LOCAL_MACHINE.remove_tree(OURS)?;
    }
    Ok(())
}

/// Lets the service read its settings, and no more.
///
/// # Errors
/// What the system says.
pub(super) fn protect_settings(file: &Path, place: &Place) -> anyhow::Result<()> {
    if place.is_dry_run || place.destination.is_some() {
        return Ok(());
    }
    grant(file, ["F", "F", "R"])
}

/// Makes the directory of a service that nobody installed, such as the original's with this program in
/// it, and protects it. It reports all the same where that cannot be done.
pub fn protect_new(home: &Path) {
    if !home.exists() && fs::create_dir_all(home).is_ok() {
        let _ = close(home);
    }
}

/// Leaves a directory to the service and administrators, with what will be in it.
fn close(directory: &Path) -> anyhow::Result<()> {
    own(directory)?;
    grant(directory, ["(OI)(CI)F", "(OI)(CI)F", "(OI)(CI)M"])
}

/// Gives a file to the administrators, with the rights that follow from its directory.
fn own(path: &Path) -> anyhow::Result<()> {
    icacls(path, &["/setowner", ADMINISTRATORS])?;
    icacls(path, &["/reset"])
}

/// Gives the system, the administrators and the service these rights, and nobody else any.
fn grant(path: &Path, rights: [&str; 3]) -> anyhow::Result<()> {
    let who = [SYSTEM, ADMINISTRATORS, SERVICE];
    let rights = who.iter().zip(rights).map(|(who, rights)| format!("{who}:{rights}"));
    let rights: Vec<String> = rights.collect();
    let mut arguments = vec!["/inheritance:r", "/grant:r"];
    arguments.extend(rights.iter().map(String::as_str));
    icacls(path, &arguments)
}

fn icacls(path: &Path, what: &[&str]) -> anyhow::Result<()> {
    let path = path.to_str().context("the directory's name is no text")?;
    let arguments = [path].into_iter().chain(what.iter().copied()).chain(["/L", "/Q"]);
    system::run("icacls.exe", arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_id_follows_from_its_name() {
        let name: Vec<u8> = "TATUSCANAGENT".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, &name);
        let parts: Vec<String> = digest
            .as_ref()
            .chunks(4)
            .map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap()).to_string())
            .collect();
        assert_eq!(SERVICE, format!("*S-1-5-80-{}", parts.join("-")));
    }
}
