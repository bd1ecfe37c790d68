//! The files of a store that was killed, with other bytes in some places: the store is refused, or holds
//! what was in it, or what was in it before its last batches.
//!
//! An input is a row of changes: which file, where in it (three bytes), how many bytes, and these.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::LazyLock;

use tatuscan::store::backup::{Backup, Tally};
use tempfile::{TempDir, tempdir};

/// Each file, packed, and its name.
const FILES: [(&[u8], &str); 3] = [
    (include_bytes!("../../../it/fixtures/first/unfolded/tatuscan.redb.zst"), "tatuscan.redb"),
    (
        include_bytes!("../../../it/fixtures/first/unfolded/tatuscan.redb.journal-1.zst"),
        "tatuscan.redb.journal-1",
    ),
    (
        include_bytes!("../../../it/fixtures/first/unfolded/tatuscan.redb.journal-2.zst"),
        "tatuscan.redb.journal-2",
    ),
];
/// Changes of an input that count.
const MOST: usize = 20;

/// Bytes of a record of the journal come in so many, and before the first there is a head.
const BLOCK: usize = 4096;

struct Store {
    directory: TempDir,
    files: Vec<(File, Vec<u8>)>,
    /// What it holds; and what it held before its last batches, of which damage to their end cannot be
    /// told from a write that the power cut off.
    tallies: Vec<Tally>,
}

static STORE: LazyLock<Store> = LazyLock::new(|| {
    let directory = tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let files = FILES.map(|(packed, name)| {
        let bytes = zstd::decode_all(packed).unwrap();
        fs::write(path(name), &bytes).unwrap();
        (File::options().write(true).open(path(name)).unwrap(), bytes)
    });
    // A damaged page makes redb panic, which the store takes for what it is.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let is_of_redb = info.location().is_some_and(|at| at.file().contains("/redb-"));
        if !is_of_redb {
            hook(info);
        }
    }));
    let tally = || tally(&Backup::of_store(&path(FILES[0].1)).unwrap());
    let mut tallies = vec![tally()];
    for (file, bytes) in &files[1..] {
        for at in (BLOCK..bytes.len()).step_by(BLOCK).rev() {
            if bytes[at..at + BLOCK].iter().any(|byte| *byte != 0) {
                file.write_all_at(&[0; BLOCK], at as u64).unwrap();
                tallies.push(tally());
            }
        }
    }
    for (file, bytes) in &files {
        file.write_all_at(bytes, 0).unwrap();
    }
    Store { directory, files: files.into(), tallies }
});

fn tally(backup: &Backup) -> Tally {
    let snapshot = backup.snapshot();
    Tally::of(&snapshot.machines, &snapshot.records)
}

pub fn run(data: &[u8]) {
    let Store { directory, files, tallies } = &*STORE;
    let mut changed = Vec::new();
    for (file, at, bytes) in changes(data).take(MOST) {
        let (file, whole) = &files[file];
        let at = at % whole.len();
        let bytes = &bytes[..bytes.len().min(whole.len() - at)];
        file.write_all_at(bytes, at as u64).unwrap();
        changed.push((file, at, &whole[at..at + bytes.len()]));
    }
    let path: PathBuf = directory.path().join(FILES[0].1);
    match Backup::of_store(&path) {
        Ok(backup) => assert!(tallies.contains(&tally(&backup)), "{:?}", tally(&backup)),
        Err(error) => assert!(error.to_string().contains("tatuscan.redb"), "{error}"),
    }
    for (file, at, bytes) in changed {
        file.write_all_at(bytes, at as u64).unwrap();
    }
}

fn changes(data: &[u8]) -> impl Iterator<Item = (usize, usize, &[u8])> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let (head, after) = rest.split_at_checked(5)?;
        let (bytes, after) = after.split_at(usize::from(head[4]).min(after.len()));
        rest = after;
        let at = usize::from(head[1]) << 16 | usize::from(head[2]) << 8 | usize::from(head[3]);
        Some((usize::from(head[0]) % FILES.len(), at, bytes))
    })
}
