//! The inside of a Linux machine, from its files to the sections that the server takes. A file begins
//! with a line `@ path`, a link is a line `@ path -> target`; what stands between is what is in it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tatuscan::agent::inventory::{Inventory, Options};
use tatuscan::wire::sections::{SectionName, parse_section};
use tempfile::{TempDir, tempdir};
use tokio::runtime::{Builder, Runtime};

/// Files of an input that count.
const MOST_FILES: usize = 60;

static PLACE: LazyLock<(TempDir, Runtime)> = LazyLock::new(|| {
    (tempdir().unwrap(), Builder::new_current_thread().enable_all().build().unwrap())
});

pub fn run(data: &[u8]) {
    let (place, runtime) = &*PLACE;
    let root = place.path().join("root");
    fs::create_dir(&root).unwrap();
    let mut start = None;
    for at in starts(data).take(MOST_FILES) {
        if let Some(start) = start.replace(at) {
            put(&root, &data[start..at]);
        }
    }
    put(&root, &data[start.unwrap_or(0)..]);

    let inventory = Inventory::new(Options { root: root.clone(), users: true, software: true });
    runtime.block_on(inventory.read_all());
    let hashes = inventory.hashes().0;
    for (name, body) in inventory.bodies() {
        assert_eq!(body["hash"], hashes[name]);
        let section = SectionName::of(name).unwrap();
        let parsed = parse_section(section, body.to_string().as_bytes());
        let parsed = parsed.unwrap_or_else(|why| panic!("{name}: {why:?}"));
        assert_eq!(parsed.hash.to_string(), hashes[name]);
    }
    fs::remove_dir_all(&root).unwrap();
}

/// Where files begin.
fn starts(data: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let is_start = |at: usize| data[at..].starts_with(b"@ ") && (at == 0 || data[at - 1] == b'\n');
    (0..data.len()).filter(move |at| is_start(*at))
}

/// Makes one of the files, where its path is one of a machine's.
fn put(root: &Path, file: &[u8]) {
    let Some((head, content)) = super::head(file) else { return };
    let Some(path) = head.strip_prefix("@ ") else { return };
    let (path, target) = path.split_once(" -> ").map_or((path, None), |(it, to)| (it, Some(to)));
    let is_name = |name: &str| {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || "._:+-".contains(c);
        !name.is_empty() && name.len() < 80 && !name.starts_with('.') && name.chars().all(is_letter)
    };
    if path.len() > 200 || !path.split('/').all(is_name) {
        return;
    }
    let path: PathBuf = root.join(path);
    let Some(parent) = path.parent() else { return };
    // A file may be in the way of a directory, and a link lead out of the machine.
    if fs::create_dir_all(parent).is_err()
        || !parent.canonicalize().is_ok_and(|at| at.starts_with(root))
    {
        return;
    }
    let _ = match target {
        Some(target) if !target.contains('\0') => symlink(target, &path),
        _ if path.is_symlink() => Ok(()),
        _ => fs::write(&path, content),
    };
}
