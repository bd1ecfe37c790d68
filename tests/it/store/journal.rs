//! The journal beside the database: what a crash leaves is complete, or refused.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tatuscan::model::{MachineId, MachinePage, MachineQuery, SectionName};
use tatuscan::store::Store as _;
use tatuscan::store::redb::RedbStore;
use tempfile::TempDir;

use super::sections::{agree, put};
use crate::support::machines::{report, section};
use crate::support::seed::campaign;

const FILES: [&str; 4] =
    ["tatuscan.redb", "tatuscan.redb.journal-1", "tatuscan.redb.journal-2", "tatuscan.instance"];
const BATCHES: i64 = 30;

/// A store as a crash leaves it, and what it had acknowledged: nothing of it is in the database.
async fn crashed() -> (TempDir, MachinePage) {
    let (directory, image) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = RedbStore::open(&directory.path().join(FILES[0])).unwrap();
    for batch in 0..BATCHES {
        let reports = (0..20).map(|n| report(&format!("m{}", n + batch * 7), batch)).collect();
        store.record_reports(reports).await.unwrap();
        let users = section(SectionName::Users, &batch.to_string(), batch);
        put(&store, &MachineId::stored(&format!("m{}", batch * 7)), users, None).await.unwrap();
    }
    assert!(agree(&store).await.len() > 10);
    copy(directory.path(), image.path());
    let page = store.machines(&MachineQuery::default()).await.unwrap();
    (image, page)
}

fn copy(from: &Path, to: &Path) {
    for file in FILES {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
}

fn open(directory: &Path) -> Result<Arc<RedbStore>, String> {
    RedbStore::open(&directory.join(FILES[0])).map(Arc::new).map_err(|error| error.to_string())
}

async fn everything(store: &RedbStore) -> MachinePage {
    agree(store).await;
    store.machines(&MachineQuery::default()).await.unwrap()
}

#[tokio::test]
async fn what_a_crash_left_is_complete() {
    let (image, page) = crashed().await;
    assert_eq!(everything(&open(image.path()).unwrap()).await, page);
}

#[tokio::test]
async fn a_closed_store_needs_no_journal() {
    let (image, page) = crashed().await;
    open(image.path()).unwrap().close().await;
    for file in &FILES[1..3] {
        fs::remove_file(image.path().join(file)).unwrap();
    }
    assert_eq!(everything(&open(image.path()).unwrap()).await, page);
}

#[tokio::test]
async fn a_missing_or_foreign_journal_is_refused_after_a_crash() {
    let (image, page) = crashed().await;
    let (other, _) = crashed().await;
    for file in &FILES[1..3] {
        let path = image.path().join(file);
        let own = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let error = open(image.path()).unwrap_err();
        assert!(error.contains("missing or belong to another store"), "{error}");
        assert!(error.contains("Put all three files back together"), "{error}");
        fs::copy(other.path().join(file), &path).unwrap();
        let error = open(image.path()).unwrap_err();
        assert!(error.contains("missing or belong to another store"), "{error}");
        fs::write(&path, own).unwrap();
    }
    assert_eq!(everything(&open(image.path()).unwrap()).await, page);
}

#[tokio::test]
async fn a_database_put_back_from_an_older_copy_is_not_mixed_with_the_newer_journal() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join(FILES[0]);
    let store = open(directory.path()).unwrap();
    store.record_reports(vec![report("old", 0), report("other", 0)]).await.unwrap();
    store.close().await;
    drop(store);
    let copy = fs::read(&database).unwrap();
    let store = open(directory.path()).unwrap();
    store.record_reports(vec![report("newer", 1), report("other", 1)]).await.unwrap();
    store.close().await;
    drop(store);
    fs::write(&database, copy).unwrap();
    let store = open(directory.path()).unwrap();
    let ids: Vec<_> = everything(&store).await.machines.iter().map(|m| m.id.to_string()).collect();
    assert_eq!(ids, ["old", "other"]);
}

/// Every byte of the journal may be damaged: the store is refused and left as it was, or nothing
/// is missing. Only the very last record, when damaged, looks like one that was being written.
#[tokio::test]
async fn a_damaged_journal_is_refused_or_complete() {
    let (image, page) = crashed().await;
    let path = image.path().join(FILES[1]);
    let whole = fs::read(&path).unwrap();
    let block = 4096;
    let records = usize::try_from(BATCHES).unwrap();
    let last = (block..whole.len() - block)
        .step_by(block)
        .rfind(|&at| whole[at..at + block].iter().any(|byte| *byte != 0))
        .unwrap();
    assert!(last / block >= records, "each batch is a record of a block or more");
    let scratch = tempfile::tempdir().unwrap();
    let (mut refused, mut complete) = (0, 0);
    for mut round in campaign(60) {
        copy(image.path(), scratch.path());
        let mut damaged = whole.clone();
        let at = round.index(last - 2 * block);
        damaged[at] ^= u8::try_from(round.within(1..256)).unwrap();
        fs::write(scratch.path().join(FILES[1]), &damaged).unwrap();
        match open(scratch.path()) {
            Ok(store) => {
                assert_eq!(everything(&store).await, page, "damaged at {at}");
                complete += 1;
            }
            Err(error) => {
                assert!(error.contains("It was left as it is"), "{error}");
                let left = fs::read(scratch.path().join(FILES[1])).unwrap();
                assert!(damaged == left, "the refused journal changed");
                refused += 1;
            }
        }
    }
    let is_one = refused + complete == 1;
    assert!(is_one || refused > 0 && complete > 0, "{refused} refused, {complete} complete");
}
