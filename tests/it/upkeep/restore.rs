//! `tatuscan restore`: from every store into every other one; and what it refuses, before anything
//! is touched.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown, symlink};
use std::path::Path;

use tatuscan::model::MachineId;
use tatuscan::store::backup::{self, Backup, Tally, section_pieces};
use tatuscan::store::redb::RedbStore;
use tatuscan::store::sql::as_kept;
use tatuscan::store::{Snapshot, Store as _};

use super::{Place, mode, names, subjects};
use crate::store::sections::{agree, by_name};
use crate::support::machines::report;
use crate::support::process::ServerProcess;

fn taken(place: &Place) -> std::path::PathBuf {
    let file = place.path().join("backup.redb");
    place.succeeds(&["backup", file.to_str().unwrap()]);
    file
}

async fn snapshot(place: &Place) -> Snapshot {
    let store = place.open().await;
    let snapshot = store.snapshot().await.unwrap();
    drop(store);
    snapshot
}

/// A store holds what a backup does, as exactly as it can.
async fn same(place: &Place, backup: &Backup) {
    let (is, was) = (snapshot(place).await, backup.snapshot());
    let machines = match &place.database {
        None => was.machines.clone(),
        Some(database) => as_kept(&database.settings(), &was.machines),
    };
    assert_eq!(Tally::of(&is.machines, &is.records), Tally::of(&machines, &was.records));
    let store = place.open().await;
    let kept = agree(&*store).await;
    drop(store);
    for ids in section_pieces(&was.machines) {
        let sections = by_name(backup.sections(&ids).unwrap());
        assert!(sections.iter().all(|(at, section)| kept.get(at) == Some(section)));
    }
    assert_eq!(kept.len() as u64, backup.summary().sections);
    let kept = is.records.iter().all(backup::is_kept);
    assert!(kept, "{:?}", is.records);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_every_store_is_restored_into_every_other_one() {
    for source in Place::all().await {
        source.fill(300).await;
        let file = taken(&source);
        let backup = Backup::open(&file).unwrap();
        let before = fs::read(&file).unwrap();
        for target in Place::all().await {
            let said = target.succeeds(&["restore", file.to_str().unwrap()]);
            let read = "read again: 300 machines, 1 records, 40 inventory sections";
            assert!(said.contains(read), "{said}");
            same(&target, &backup).await;
            // The audit log goes on where it was, and says that it was restored.
            let again = taken(&target);
            let log = subjects(&Backup::open(&again).unwrap());
            let expected = ["user.add ana", "backup.take inventory", "backup.restore backup.redb"];
            assert_eq!(log[..3], expected);
            let server = ServerProcess::spawn(target.serve());
            assert!(server.start.contains("machines=300"), "{}", server.start);
        }
        assert!(fs::read(&file).unwrap() == before, "a backup is only read");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_there_is_replaced_only_by_force_and_kept_aside() {
    let source = Place::embedded();
    source.fill(20).await;
    let file = taken(&source);
    let restore = ["restore", file.to_str().unwrap()];
    let backup = Backup::open(&file).unwrap();
    for target in Place::all().await {
        let store = target.open().await;
        store.record_reports(vec![report("mine", 0), report("m1", 900)]).await.unwrap();
        drop(store);
        let said = target.fails(1, &restore);
        assert!(said.contains("holds 2 machines") && said.contains("--force"), "{said}");
        assert_eq!(snapshot(&target).await.machines.len(), 2);

        let said = target.succeeds(&[&restore[..], &["--force"]].concat());
        same(&target, &backup).await;
        let aside = said.lines().find_map(|line| line.strip_prefix("what was there is in "));
        let aside = Path::new(aside.unwrap_or_else(|| panic!("{said}")));
        assert_eq!(mode(aside), 0o600);
        let kept = Backup::open(aside).unwrap().snapshot();
        let mine = MachineId::stored("mine");
        assert!(kept.machines.iter().any(|machine| machine.id == mine));
        assert_eq!(kept.machines.len(), 2);
    }
}

/// A link is not followed, whether it leads to a store, to nothing, or to what is somebody else's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_are_not_followed() {
    let source = Place::embedded();
    source.fill(3).await;
    let file = taken(&source);
    let restore = ["restore", file.to_str().unwrap(), "--force"];
    let (elsewhere, linked) = (Place::embedded(), Place::embedded());
    elsewhere.fill(2).await;
    for target in [elsewhere.file(), elsewhere.path().join("not mounted")] {
        let _ = fs::remove_file(linked.file());
        symlink(&target, linked.file()).unwrap();
        let said = linked.fails(1, &restore);
        assert!(said.contains("is a link") && said.contains("Take the link away"), "{said}");
        assert_eq!(fs::read_link(linked.file()).unwrap(), target);
    }
    assert_eq!(snapshot(&elsewhere).await.machines.len(), 2);

    if !nix::unistd::geteuid().is_root() {
        return;
    }
    // Whoever owns the directory cannot have root give away a file of somebody else's.
    let place = Place::embedded();
    chown(place.path(), Some(12_345), Some(12_345)).unwrap();
    let victim = elsewhere.path().join("victim");
    fs::write(&victim, "root's").unwrap();
    symlink(&victim, place.path().join("tatuscan.redb.journal-1")).unwrap();
    symlink(&victim, place.path().join("tatuscan.redb.mine")).unwrap();
    let _ = place.run(&restore);
    assert_eq!(fs::metadata(&victim).unwrap().uid(), 0);
    assert_eq!(fs::read(&victim).unwrap(), b"root's");
}

/// The newest reports of a store that was killed are in its journal: they are kept with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_aside_has_its_journal() {
    let source = Place::embedded();
    source.fill(3).await;
    let file = taken(&source);
    let target = Place::embedded();
    let server = ServerProcess::spawn(target.serve());
    let client = crate::support::server::client();
    let body = crate::support::machines::body("unfolded").to_string();
    let report = client.post(format!("{}/api/machines", server.url));
    let report = report.header("Content-Type", "application/json").body(body);
    assert_eq!(report.send().await.unwrap().status(), 201);
    server.kill();
    let said = target.succeeds(&["restore", file.to_str().unwrap(), "--force"]);
    let aside = said.lines().find_map(|line| line.strip_prefix("what was there is in ")).unwrap();
    // The restored store is used, and writes a journal of its own.
    drop(ServerProcess::spawn(target.serve()));
    let kept = Backup::open(Path::new(aside)).unwrap();
    assert_eq!(kept.snapshot().machines.len(), 1);
    // And it can be opened where it is.
    let store = RedbStore::open(Path::new(aside)).unwrap();
    assert_eq!(store.machine_count().await, Ok(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_needs_the_server_stopped_and_says_so() {
    let source = Place::embedded();
    source.fill(3).await;
    let file = taken(&source);
    for target in Place::all().await {
        let server = ServerProcess::spawn(target.serve());
        let code = if target.database.is_some() { 1 } else { 3 };
        let said = target.fails(code, &["restore", file.to_str().unwrap(), "--force"]);
        assert!(said.contains("needs the server stopped"), "{said}");
        server.kill();
        assert_eq!(snapshot(&target).await.machines.len(), 0);
        // What a killed server left is no server.
        target.succeeds(&["restore", file.to_str().unwrap(), "--force"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_or_newer_backup_is_refused_before_anything_is_touched() {
    let source = Place::embedded();
    source.fill(500).await;
    let file = taken(&source);
    let whole = fs::read(&file).unwrap();
    let newer = || {
        fs::write(&file, &whole).unwrap();
        let database = redb::Database::open(&file).unwrap();
        let writing = database.begin_write().unwrap();
        let meta = redb::TableDefinition::<&str, u64>::new("meta");
        writing.open_table(meta).unwrap().insert("schema", 99).unwrap();
        writing.commit().unwrap();
        drop(database);
        fs::read(&file).unwrap()
    };
    let at = whole.windows(9).rposition(|bytes| bytes == b"host-m123").unwrap();
    let mut flipped = whole.clone();
    flipped[at] ^= 1;
    let bad = [
        (newer(), "was written by a newer TatuScan"),
        (flipped, "damaged"),
        (whole[..whole.len() / 2].to_vec(), "damaged"),
        (b"PK\x03\x04 something else".to_vec(), "is not a TatuScan store"),
        (Vec::new(), "is empty"),
    ];
    for target in Place::all().await {
        target.fill(2).await;
        let (was, left) = (snapshot(&target).await, names(target.path()));
        for (bytes, why) in &bad {
            fs::write(&file, bytes).unwrap();
            let said = target.fails(3, &["restore", file.to_str().unwrap(), "--force"]);
            assert!(said.contains(why) && said.contains(file.to_str().unwrap()), "{said}");
            assert_eq!(snapshot(&target).await, was);
            assert_eq!(names(target.path()), left);
        }
        let said = target.fails(1, &["restore", "nowhere.redb", "--force"]);
        assert!(said.contains("nowhere.redb"), "{said}");
    }
}

/// What a restore is for: a store that cannot be read any more, and one that is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_or_lost_store_is_replaced() {
    let place = Place::embedded();
    place.fill(50).await;
    let file = taken(&place);
    let elsewhere = tempfile::tempdir().unwrap();
    let backup = elsewhere.path().join("b.redb");
    fs::rename(&file, &backup).unwrap();
    let restore = ["restore", backup.to_str().unwrap()];

    fs::write(place.file(), "Dear diary").unwrap();
    let said = place.fails(1, &restore);
    assert!(said.contains("is not a TatuScan store") && said.contains("--force"), "{said}");
    assert_eq!(fs::read(place.file()).unwrap(), b"Dear diary");
    let said = place.succeeds(&[&restore[..], &["--force"]].concat());
    let aside = said.lines().find_map(|line| line.strip_prefix("what was there is in ")).unwrap();
    assert_eq!(fs::read(aside).unwrap(), b"Dear diary");
    same(&place, &Backup::open(&backup).unwrap()).await;

    // The marker says that a store was there: no force is needed to put it back.
    fs::remove_file(place.file()).unwrap();
    place.succeeds(&restore);
    same(&place, &Backup::open(&backup).unwrap()).await;
    let said = place.fails(1, &["restore", place.file().to_str().unwrap(), "--force"]);
    assert!(said.contains("is the inventory itself"), "{said}");
}

/// The file of a stopped store will do too, as will that of one that was killed, with its journal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_of_a_store_is_restored_too() {
    let source = Place::embedded();
    source.fill(40).await;
    let copy = tempfile::tempdir().unwrap();
    for name in ["tatuscan.redb", "tatuscan.redb.journal-1", "tatuscan.redb.journal-2"] {
        fs::copy(source.path().join(name), copy.path().join(name)).unwrap();
    }
    let target = Place::embedded();
    let file = copy.path().join("tatuscan.redb");
    let said = target.succeeds(&["restore", file.to_str().unwrap()]);
    assert!(said.contains("the file of a store"), "{said}");
    assert_eq!(snapshot(&target).await.machines.len(), 40);
}
