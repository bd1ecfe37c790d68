//! Values of a store, each with a checksum that fits: what they mean is read or refused, and what is
//! read can be shown, and copied into a backup that holds the same.
//!
//! An input is a row of values: what it is (a table, or the journal), its key, the version of its
//! encoding, its length in two bytes, and itself.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use redb::TableDefinition;
use tatuscan::store::backup::{Backup, Tally, copy};
use tatuscan::store::redb::RedbStore;
use tempfile::{TempDir, tempdir};

use crate::sample;

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const MACHINES: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("machines");
const RECORDS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("records");
const AUDIT: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("audit");
const SECTIONS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("sections");

/// The version of what the tables hold.
const SCHEMA: u64 = 3;
/// The journal's id, and the last record that is in the tables.
const JOURNAL: u64 = 0x7a7a_7a7a_7a7a_7a7b;
const FOLDED: u64 = 5;
const BLOCK: usize = 4096;
/// Values of an input that count.
const MOST: usize = 40;

/// Kinds of records.
const KINDS: [&str; 16] = [
    "user",
    "token",
    "session",
    "machine_key",
    "removed_machine",
    "setup_link",
    "founding",
    "failures",
    "browser",
    "refused_source",
    "custom_field",
    "backup_run",
    "view",
    "merged_machine",
    "distinct",
    "later",
];
/// Inventory sections.
const NAMES: [&str; 4] = ["system", "users", "software", "later"];

static PLACE: LazyLock<TempDir> = LazyLock::new(|| tempdir().unwrap());

pub fn run(data: &[u8]) {
    let directory = PLACE.path().join("store");
    fs::create_dir(&directory).unwrap();
    read(data, &directory);
    fs::remove_dir_all(&directory).unwrap();
}

fn read(data: &[u8], directory: &Path) {
    let path = directory.join("tatuscan.redb");
    write(data, &path);
    let backup = match Backup::of_store(&path) {
        Ok(backup) => backup,
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains("tatuscan.redb"), "{text}");
            return;
        }
    };
    let snapshot = backup.snapshot();
    let presenter = sample::presenter();
    for machine in &snapshot.machines {
        serde_json::to_string(&presenter.machine(machine)).unwrap();
        let sections = backup.sections(std::slice::from_ref(&machine.id)).unwrap();
        for (_, section) in sections {
            let _ = section.content();
        }
    }
    let copied = directory.join("copy.redb");
    let file = fs::File::create_new(&copied).unwrap();
    let file_read_too = fs::File::options().read(true).write(true).open(&copied).unwrap();
    drop(file);
    let summary = copy(&backup, file_read_too).unwrap();
    let again = Backup::open(&copied).unwrap();
    assert_eq!(again.summary(), summary);
    let same = again.snapshot();
    assert_eq!(
        Tally::of(&same.machines, &same.records),
        Tally::of(&snapshot.machines, &snapshot.records)
    );
    drop(backup);
    // Whoever reads it as it stands reads the same.
    assert!(RedbStore::read(&path).is_ok());
}

/// Makes the files of a store with these values.
fn write(data: &[u8], path: &Path) {
    let database = redb::Database::builder().set_cache_size(1 << 20).create(path).unwrap();
    let mut transaction = database.begin_write().unwrap();
    transaction.set_quick_repair(true);
    let mut journal = Vec::new();
    {
        let mut machines = transaction.open_table(MACHINES).unwrap();
        let mut records = transaction.open_table(RECORDS).unwrap();
        let mut audit = transaction.open_table(AUDIT).unwrap();
        let mut sections = transaction.open_table(SECTIONS).unwrap();
        for [what, key, version, payload] in values(data).take(MOST) {
            let (key, version) = (key[0], version[0]);
            match what[0] % 5 {
                0 => {
                    let value = sealed(version, key.into(), payload);
                    machines.insert(u32::from(key), &*value).unwrap();
                }
                1 => {
                    let name = format!("{}/{key}", KINDS[usize::from(key) % KINDS.len()]);
                    let value = sealed(version, named(&name), payload);
                    records.insert(&*name, &*value).unwrap();
                }
                2 => {
                    let value = sealed(version, key.into(), payload);
                    audit.insert(u64::from(key), &*value).unwrap();
                }
                3 => {
                    let (key, name) = (key / 4, NAMES[usize::from(key) % NAMES.len()]);
                    let kept_as = [&u32::from(key).to_be_bytes(), name.as_bytes()].concat();
                    let value = sealed(version, u64::from(key) << 32 | named(name), payload);
                    sections.insert(&*kept_as, &*value).unwrap();
                }
                _ => journal.push((version, payload)),
            }
        }
        let mut meta = transaction.open_table(META).unwrap();
        meta.insert("schema", SCHEMA).unwrap();
        meta.insert("folded", FOLDED).unwrap();
        meta.insert("next_key", 1_000).unwrap();
        meta.insert("journal", if journal.is_empty() { 0 } else { JOURNAL }).unwrap();
    }
    transaction.commit().unwrap();
    drop(database);
    if journal.is_empty() {
        return;
    }
    let mut bytes = head();
    for (sequence, (version, payload)) in (FOLDED + 1..).zip(journal) {
        let value = sealed(version, sequence ^ JOURNAL, payload);
        bytes.write_all(&u32::try_from(value.len()).unwrap().to_le_bytes()).unwrap();
        bytes.write_all(&sequence.to_le_bytes()).unwrap();
        bytes.write_all(&value).unwrap();
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    }
    let part = |number: u8| path.with_file_name(format!("tatuscan.redb.journal-{number}"));
    fs::write(part(1), bytes).unwrap();
    fs::write(part(2), head()).unwrap();
}

/// What, key, version and payload of each value.
fn values(data: &[u8]) -> impl Iterator<Item = [&[u8]; 4]> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let (head, after) = rest.split_at_checked(5)?;
        let length = usize::from(u16::from_le_bytes([head[3], head[4]]));
        let (payload, after) = after.split_at(length.min(after.len()));
        rest = after;
        Some([&head[..1], &head[1..2], &head[2..3], payload])
    })
}

/// As the store writes a value: its version, a checksum over key and payload, and the payload.
fn sealed(version: u8, key: u64, payload: &[u8]) -> Vec<u8> {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&key.to_le_bytes());
    hasher.update(payload);
    [&[version], &hasher.finalize().to_le_bytes()[..], payload].concat()
}

fn named(name: &str) -> u64 {
    crc32fast::hash(name.as_bytes()).into()
}

/// How a segment of the journal begins.
fn head() -> Vec<u8> {
    let mut head = [&b"tatujrn1"[..], &JOURNAL.to_le_bytes()].concat();
    head.extend(crc32fast::hash(&head).to_le_bytes());
    head.resize(BLOCK, 0);
    head
}
