//! A backup holds what the store held at one moment, however much is written meanwhile; and it can be
//! read, and only read, when it is whole.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tatuscan::atomic_file::{AtomicFile, PRIVATE};
use tatuscan::model::access::{AuditEntry, Record, Scope, Token};
use tatuscan::model::{Machine, MachineId, Report};
use tatuscan::store::backup::{self, Backup, Tally};
use tatuscan::store::redb::RedbStore;
use tatuscan::store::{Pace, Store, StoreError, transact};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::places::Place;
use super::records::{entry, user};
use crate::support::machines::{noon, report};

/// Writers, each with machines and a token of its own.
const WRITERS: u32 = 6;
/// Machines of a writer, which it writes one after the other, again and again.
const MACHINES: u32 = 5;

/// One writer: its write number `n` marks its machine `n % MACHINES` with `n`, says so in the audit
/// log, and counts it in its token, all in one transaction.
struct Writer {
    number: u32,
    /// What was answered.
    acknowledged: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

fn machine_id(writer: u32, write: u32) -> String {
    format!("w{writer}-m{}", write % MACHINES)
}

fn token(writer: u32, uses: u32) -> Token {
    Token {
        hash: [u8::try_from(writer).unwrap(); 32],
        name: format!("writer {writer}"),
        scope: Scope::Enrol,
        created_at: noon(),
        created_by: "test".into(),
        expires_at: None,
        used_at: None,
        uses,
        max_uses: None,
        tags: Vec::new(),
    }
}

fn mark(writer: u32, write: u32) -> AuditEntry {
    AuditEntry { after: Some(write.to_string()), ..entry(0, &format!("writer {writer}")) }
}

impl Writer {
    fn start(number: u32, store: &Arc<dyn Store>, stopped: &Arc<AtomicBool>) -> Self {
        let acknowledged = Arc::new(AtomicU32::new(0));
        let (store, stopped, noted) =
            (Arc::clone(store), Arc::clone(stopped), Arc::clone(&acknowledged));
        let task = tokio::spawn(async move {
            for write in 1.. {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let id = MachineId::stored(&machine_id(number, write));
                let mine = Report { id, memory_total_mb: write.into(), ..report("", 0) };
                let written = transact(&*store, Pace::Shared, move |transaction| {
                    transaction.record_reports(std::slice::from_ref(&mine))?;
                    transaction.audit(mark(number, write));
                    transaction.put_record(token(number, write));
                    Ok(())
                });
                match written.await {
                    Ok(()) => noted.store(write, Ordering::Relaxed),
                    // It may be there or not: the same again.
                    Err(StoreError::Unavailable(_)) => return,
                    Err(error) => panic!("{error}"),
                }
            }
        });
        Self { number, acknowledged, task }
    }

    fn acknowledged(&self) -> u32 {
        self.acknowledged.load(Ordering::Relaxed)
    }
}

/// What a backup must hold of a writer whose first `writes` writes are in it.
fn check(backup: &Backup, writer: u32, writes: u32) {
    let uses = backup.snapshot().records.iter().find_map(|record| match record {
        Record::Token(token) if token.name == format!("writer {writer}") => Some(token.uses),
        _ => None,
    });
    assert_eq!(uses.unwrap_or(0), writes);
    let subject = format!("writer {writer}");
    let audit = backup.audit(0, usize::MAX).unwrap().into_iter().map(|(_, entry)| entry);
    let marks: Vec<_> = audit.filter(|entry| entry.subject == subject).collect();
    let expected: Vec<_> = (1..=writes).map(|write| mark(writer, write)).collect();
    assert_eq!(marks.len(), expected.len(), "the audit log of writer {writer}");
    assert_eq!(marks, expected);
    for machine in 0..MACHINES {
        let last = (1..=writes).rev().find(|write| write % MACHINES == machine);
        let id = machine_id(writer, machine);
        let kept = backup.snapshot().machines.into_iter().find(|kept| kept.id.as_str() == id);
        assert_eq!(kept.map(|kept| kept.memory_total_mb), last.map(i64::from), "{id} of {writes}");
    }
}

fn writes_of(backup: &Backup, writer: u32) -> u32 {
    let mine = |machine: &&Arc<Machine>| machine.id.as_str().starts_with(&format!("w{writer}-"));
    let machines = backup.snapshot().machines;
    let marks = machines.iter().filter(mine).map(|machine| machine.memory_total_mb);
    marks.max().unwrap_or(0).try_into().unwrap()
}

async fn take(store: &dyn Store, path: &Path) -> backup::Summary {
    let file = AtomicFile::create(path, PRIVATE).unwrap();
    let summary = backup::take(store, file.file().try_clone().unwrap(), noon()).await.unwrap();
    file.publish_new().unwrap();
    summary
}

/// Taken in a storm of writes, a backup equals the store at one moment between its start and its
/// end: of each writer it holds the first so many writes and nothing of a later one, at least those
/// that were answered before it began, at most those that were asked before it ended.
pub(super) async fn a_backup_in_a_storm_is_of_one_moment(place: &dyn Place) {
    let store = place.open().await;
    let stopped = Arc::default();
    let writers: Vec<_> =
        (0..WRITERS).map(|number| Writer::start(number, &store, &stopped)).collect();
    let directory = TempDir::new().unwrap();
    for round in 0..8 {
        // Between two backups, each writer comes some way.
        for writer in &writers {
            let from = writer.acknowledged();
            while writer.acknowledged() < from + MACHINES && !writer.task.is_finished() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        let before: Vec<_> = writers.iter().map(Writer::acknowledged).collect();
        let path = directory.path().join(format!("{round}.redb"));
        let summary = take(&*store, &path).await;
        let after: Vec<_> = writers.iter().map(Writer::acknowledged).collect();
        let backup = Backup::open(&path).unwrap();
        assert_eq!(backup.summary(), summary);
        for (writer, (before, after)) in writers.iter().zip(before.into_iter().zip(after)) {
            let writes = writes_of(&backup, writer.number);
            assert!((before..=after + 1).contains(&writes), "{before} {writes} {after}");
            check(&backup, writer.number, writes);
        }
    }
    let least = writers.iter().map(Writer::acknowledged).min();
    assert!(least > Some(8 * MACHINES), "was there any storm? {least:?}");
    stopped.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.task.await.unwrap();
    }
    // And with nobody writing it equals what is there now.
    let path = directory.path().join("last.redb");
    take(&*store, &path).await;
    let (backup, now) = (Backup::open(&path).unwrap(), store.snapshot().await.unwrap());
    let kept = backup.snapshot();
    let kept = Tally::of(&kept.machines, &kept.records);
    assert_eq!(kept, Tally::of(&now.machines, &now.records));
    assert_eq!(kept.machines, u64::from(WRITERS * MACHINES));
    // And so does that of a store that was just opened, and not written since.
    let path = directory.path().join("again.redb");
    let summary = take(&*place.open_again(&store, 1).await, &path).await;
    assert_eq!(summary, backup.summary());
}

/// What is in the journal alone is in a backup too, and what lets somebody in for a while is not.
#[tokio::test]
async fn a_backup_is_a_store_that_can_be_opened() {
    let directory = TempDir::new().unwrap();
    let store = RedbStore::open(&directory.path().join("tatuscan.redb")).unwrap();
    let reports = (0..50).map(|number| report(&format!("m{number}"), 0)).collect();
    store.record_reports(reports).await.unwrap();
    transact(&store, Pace::AtOnce, |transaction| {
        transaction.put_record(user("ana"));
        transaction
            .put_record(tatuscan::model::access::SetupLink { hash: [1; 32], expires_at: noon() });
        transaction.audit(entry(1, "ana"));
        Ok(())
    })
    .await
    .unwrap();
    let path = directory.path().join("backup.redb");
    let summary = take(&store, &path).await;
    assert_eq!((summary.machines, summary.records, summary.audit), (50, 1, 1));

    let elsewhere = TempDir::new().unwrap();
    let copy = elsewhere.path().join("tatuscan.redb");
    fs::copy(&path, &copy).unwrap();
    let restored = RedbStore::open(&copy).unwrap();
    let (was, is) = (store.snapshot().await.unwrap(), restored.snapshot().await.unwrap());
    assert_eq!(was.machines, is.machines);
    assert_eq!(is.records.len(), 1);
    // Numbers of the audit log go on where they were.
    transact(&restored, Pace::AtOnce, |transaction| {
        transaction.audit(entry(2, "bea"));
        Ok(())
    })
    .await
    .unwrap();
    restored.close().await;
    drop(restored);
    // Used as a store, it no longer says what must be in it.
    let used = Backup::open(&copy).unwrap();
    assert!(!used.is_marked());
    let subjects: Vec<_> =
        used.audit(0, 10).unwrap().into_iter().map(|(_, entry)| entry.subject).collect();
    assert_eq!(subjects, ["ana", "bea"]);
}

fn refused(path: &Path, text: &str) {
    let before = fs::read(path).unwrap();
    let error = Backup::open(path).err().expect(text).to_string();
    assert!(error.contains(text), "{error}");
    assert!(error.contains(path.to_str().unwrap()), "{error}");
    assert!(before == fs::read(path).unwrap(), "the refused file changed");
}

#[tokio::test]
async fn what_is_no_whole_backup_is_refused() {
    let directory = TempDir::new().unwrap();
    let store = RedbStore::open(&directory.path().join("tatuscan.redb")).unwrap();
    for batch in 0..20 {
        let reports = (0..50).map(|n| report(&format!("m{}", n + batch * 50), 0)).collect();
        store.record_reports(reports).await.unwrap();
    }
    let path = directory.path().join("backup.redb");
    take(&store, &path).await;
    let whole = fs::read(&path).unwrap();

    fs::write(&path, "").unwrap();
    refused(&path, "is empty");
    fs::write(&path, "Dear diary").unwrap();
    refused(&path, "is not a TatuScan store");
    for keep in [64, 4096, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..keep]).unwrap();
        refused(&path, "damaged");
    }
    // A byte of a machine's name.
    let at = whole.windows(9).rposition(|bytes| bytes == b"host-m777").unwrap();
    let mut damaged = whole.clone();
    damaged[at] ^= 1;
    fs::write(&path, &damaged).unwrap();
    refused(&path, "damaged");

    let change = |work: &dyn Fn(&redb::WriteTransaction)| {
        fs::write(&path, &whole).unwrap();
        let database = redb::Database::open(&path).unwrap();
        let writing = database.begin_write().unwrap();
        work(&writing);
        writing.commit().unwrap();
    };
    let meta = redb::TableDefinition::<&str, u64>::new("meta");
    change(&|writing| {
        writing.open_table(meta).unwrap().insert("schema", 99).unwrap();
    });
    refused(&path, "was written by a newer TatuScan");
    refused(&path, "Restore it with the newer version");
    let machines = redb::TableDefinition::<u32, &[u8]>::new("machines");
    change(&|writing| {
        writing.open_table(machines).unwrap().remove(7).unwrap();
    });
    refused(&path, "not those that were written to it");
    fs::write(&path, &whole).unwrap();
    assert_eq!(Backup::open(&path).unwrap().summary().machines, 1_000);
}
