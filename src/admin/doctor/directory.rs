//! The data directory: there, ours alone, with space, and what must be in it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use nix::unistd::{AccessFlags, access};

use crate::config::Doctor;
use crate::findings::Report;

/// Space below which it is time to think of more.
const LITTLE: u64 = 1_000_000_000;
/// Space below which the server takes no reports, where the settings cannot be read.
const LEAST: u64 = 64_000_000;

pub(super) fn look(settings: &Doctor, report: &mut Report) {
    let directory = &settings.store.data_dir;
    let shown = directory.display();
    let Ok(metadata) = directory.metadata() else {
        if directory.symlink_metadata().is_ok() {
            report.fail("directory", format!("{shown} cannot be looked at"), "Mend the link");
        } else {
            report.ok("directory", format!("{shown} is not there; the first start makes it"));
        }
        return;
    };
    if !metadata.is_dir() {
        let advice = "Name a directory with TATUSCAN_DB_DIR (--data-dir)";
        return report.fail("directory", format!("{shown} is not a directory"), advice);
    }
    let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
    let is_writable = access(directory, AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK);
    if is_writable.is_err() {
        let me = nix::unistd::geteuid();
        let found = format!("{shown} (uid {owner}, mode {mode:04o}) cannot be written by uid {me}");
        report.fail("directory", found, "Give it to the user that the server runs as");
    } else if mode & 0o027 != 0 {
        let found = format!("{shown} has mode {mode:04o}: others may look into it, or write to it");
        report.warn("directory", found, format!("chmod 0700 {shown}"));
    } else {
        report.ok("directory", format!("{shown} (uid {owner}, mode {mode:04o})"));
    }
    look_at_files(directory, &metadata, report);
    let least = settings.serve.as_ref().map_or(LEAST, |serve| serve.access.min_free_bytes);
    look_at_space("space", directory, least, report);
}

/// What others must not read, and what the server could not.
fn look_at_files(directory: &Path, of_directory: &Metadata, report: &mut Report) {
    let mut bad = 0;
    for entry in directory.read_dir().into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let secret = name == "admin.token"
            || name == "server.json"
            || name == "tls-key.pem"
            || name.contains(".redb");
        let Ok(metadata) = entry.metadata() else { continue };
        let (mode, name) = (metadata.mode() & 0o7777, name.escape_debug().to_string());
        if secret && metadata.is_file() && mode & 0o077 != 0 {
            bad += 1;
            let found = format!("{name} has mode {mode:04o}: others may read what is secret in it");
            report.warn("permissions", found, format!("chmod 0600 {}", entry.path().display()));
        }
        if secret && metadata.uid() != of_directory.uid() {
            bad += 1;
            let (own, theirs) = (of_directory.uid(), metadata.uid());
            let found = format!("{name} belongs to uid {theirs}, the directory to uid {own}");
            report.warn("permissions", found, "Give it to the user that the server runs as");
        }
    }
    if bad == 0 {
        report.ok("permissions", "what is secret belongs to its owner alone");
    }
    let (marker, token) = ("tatuscan.instance", "admin.token");
    let is_there = |name| directory.join(name).exists();
    report.ok(
        "marker",
        if is_there(marker) {
            format!("{marker} says that an inventory is kept here")
        } else {
            format!("no {marker}: no inventory was ever kept here")
        },
    );
    report.ok(
        "admin token",
        if is_there(token) {
            format!("{token} admits whoever reads it to everything")
        } else {
            format!("no {token}; the first start makes it")
        },
    );
}

pub(super) fn look_at_space(check: &'static str, path: &Path, least: u64, report: &mut Report) {
    let Ok(stat) = nix::sys::statvfs::statvfs(path) else {
        let found = format!("the space at {} cannot be told", path.display());
        return report.warn(check, found, "Look at the disk");
    };
    let free = stat.blocks_available().saturating_mul(stat.fragment_size());
    let found = format!("{} MB free at {}", free / 1_000_000, path.display());
    if free < least {
        let advice = format!(
            "Below {} MB (TATUSCAN_MIN_FREE) reports are answered 507: free some space",
            least / 1_000_000
        );
        report.fail(check, found, advice);
    } else if free < LITTLE.max(2 * least) {
        report.warn(check, found, "Free some space before reports are refused");
    } else {
        report.ok(check, found);
    }
}
