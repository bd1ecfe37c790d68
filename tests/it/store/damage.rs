//! A file that is not, or no longer, a store is refused and left as it was.

use std::fs;
use std::path::Path;

use tatuscan::model::{MachinePage, MachineQuery};
use tatuscan::store::redb::RedbStore;
use tatuscan::store::{OpenError, Store as _};

use crate::support::machines::report;
use crate::support::seed::campaign;

const FILE: &str = "tatuscan.redb";

async fn filled(directory: &Path) -> MachinePage {
    let store = RedbStore::open(&directory.join(FILE)).unwrap();
    for batch in 0..30_i64 {
        let reports = (0..20).map(|n| report(&format!("m{}", n + batch * 7), batch)).collect();
        store.record_reports(reports).await.unwrap();
    }
    let page = store.machines(&MachineQuery::default()).await.unwrap();
    store.close().await;
    page
}

/// Opening must fail with this text, and the file must not change.
fn refused(directory: &Path, text: &str) {
    let path = directory.join(FILE);
    let before = fs::read(&path).unwrap();
    let error = RedbStore::open(&directory.join(FILE)).expect_err(text).to_string();
    assert!(error.contains(text), "{error}");
    assert!(error.contains(path.to_str().unwrap()), "{error}");
    assert!(before == fs::read(&path).unwrap(), "the refused file changed");
}

#[tokio::test]
async fn empty_zeroed_and_foreign_files_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    let path = directory.path().join(FILE);
    fs::write(&path, "").unwrap();
    refused(directory.path(), "is empty");
    fs::write(&path, vec![0; 100_000]).unwrap();
    refused(directory.path(), "nothing but zeros");
    fs::write(&path, b"SQLite format 3\0 and more of it").unwrap();
    refused(directory.path(), "is an SQLite database");
    fs::write(&path, "Dear diary").unwrap();
    refused(directory.path(), "is not a TatuScan store");
}

#[tokio::test]
async fn a_redb_file_of_another_program_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let other = redb::Database::create(directory.path().join(FILE)).unwrap();
    let writing = other.begin_write().unwrap();
    writing.open_table(redb::TableDefinition::<u64, u64>::new("theirs")).unwrap();
    writing.commit().unwrap();
    drop(other);
    refused(directory.path(), "not a TatuScan store");
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    let database = redb::Database::open(directory.path().join(FILE)).unwrap();
    let writing = database.begin_write().unwrap();
    let meta = redb::TableDefinition::<&str, u64>::new("meta");
    writing.open_table(meta).unwrap().insert("schema", 99).unwrap();
    writing.commit().unwrap();
    drop(database);
    refused(directory.path(), "was written by a newer TatuScan");
}

#[tokio::test]
async fn truncated_files_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    let path = directory.path().join(FILE);
    let whole = fs::read(&path).unwrap();
    for keep in [9, 64, 320, 4096, whole.len() / 2] {
        fs::write(&path, &whole[..keep]).unwrap();
        refused(directory.path(), "damaged");
    }
}

#[tokio::test]
async fn a_damaged_file_is_refused_or_complete() {
    let directory = tempfile::tempdir().unwrap();
    let page = filled(directory.path()).await;
    let path = directory.path().join(FILE);
    let whole = fs::read(&path).unwrap();
    let (mut refused, mut complete) = (0, 0);
    for mut round in campaign(60) {
        let mut damaged = whole.clone();
        let len = if round.once_in(2) { 1 } else { 512 };
        let at = round.index(whole.len() - len);
        for byte in &mut damaged[at..at + len] {
            *byte ^= u8::try_from(round.within(1..256)).unwrap();
        }
        fs::write(&path, &damaged).unwrap();
        match RedbStore::open(&directory.path().join(FILE)) {
            Ok(store) => {
                assert_eq!(store.machines(&MachineQuery::default()).await.unwrap(), page);
                complete += 1;
            }
            Err(error) => {
                assert!(error.to_string().contains("It was left as it is"), "{error}");
                assert!(damaged == fs::read(&path).unwrap(), "the refused file changed");
                refused += 1;
            }
        }
    }
    let is_one = refused + complete == 1;
    assert!(is_one || refused > 0 && complete > 0, "{refused} refused, {complete} complete");
}

#[tokio::test]
async fn a_missing_store_is_not_replaced_while_its_marker_is_there() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    fs::remove_file(directory.path().join(FILE)).unwrap();
    let error = RedbStore::open(&directory.path().join(FILE)).unwrap_err();
    assert!(matches!(error, OpenError::Missing { .. }), "{error}");
    assert!(error.to_string().contains("to start with an empty inventory on purpose"), "{error}");
    assert!(!directory.path().join(FILE).exists());
    fs::remove_file(directory.path().join("tatuscan.instance")).unwrap();
    assert_eq!(RedbStore::open(&directory.path().join(FILE)).unwrap().machine_count().await, Ok(0));
}

#[tokio::test]
async fn a_store_in_use_is_locked() {
    let directory = tempfile::tempdir().unwrap();
    let _store = RedbStore::open(&directory.path().join(FILE)).unwrap();
    let error = RedbStore::open(&directory.path().join(FILE)).unwrap_err();
    assert!(matches!(error, OpenError::Locked(_)), "{error}");
}
