//! Power cuts, simulated under the store: writes that were not synced are lost, kept in another
//! order, or torn.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tatuscan::atomic_file::{AtomicFile, PRIVATE};
use tatuscan::model::MachineId;
use tatuscan::store::backup::{self, Backup};
use tatuscan::store::redb::{FoldPace, RedbStore};
use tatuscan::store::{OpenError, Store as _, StoreError};

use super::disk::Disk;
use super::workload::{Ledger, State};
use crate::support::machines::{noon, report};
use crate::support::seed::{Round, campaign};

/// Folds after every batch, so that the power also goes in the middle of folds.
pub(super) const ALWAYS: FoldPace = FoldPace { every: Duration::ZERO, bytes: 0 };

/// What a campaign came to, said at its end.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) rounds: u64,
    pub(super) faults: u64,
    pub(super) while_opening: u64,
    pub(super) acknowledged: u64,
    pub(super) unknown: u64,
    pub(super) compared: u64,
}

impl Tally {
    pub(super) fn add(&mut self, ledger: &Ledger) {
        self.rounds += 1;
        self.acknowledged += ledger.acknowledged;
        self.unknown += ledger.unknown;
        self.compared += ledger.compared;
    }
}

/// Lets go of a store whose disk is gone. It may take its time.
pub(super) fn leave(store: RedbStore) {
    tokio::task::spawn_blocking(move || drop(store));
}

/// Waits until what was written is folded, so that a workload always does the same to its disk. After
/// a fold that failed, the next one brings more than one batch into the database.
async fn settle(store: &RedbStore, disk: &Disk) {
    let started = Instant::now();
    loop {
        let stats = store.stats();
        if stats.folds >= stats.commits || disk.is_off() || store.check().await.is_err() {
            return;
        }
        if started.elapsed() > Duration::from_millis(100) {
            return;
        }
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

/// Takes a backup, which holds what the store holds.
pub(super) async fn back_up(store: &RedbStore, ledger: &mut Ledger) -> Result<(), StoreError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("backup.redb");
    let file = AtomicFile::create(&path, PRIVATE).unwrap();
    backup::take(store, file.file().try_clone().unwrap(), noon()).await?;
    file.replace().unwrap();
    ledger.is(&State::of_backup(&Backup::open(&path).unwrap()), "the backup");
    Ok(())
}

/// Asks for so many things, until the store is not available.
async fn work(
    store: &RedbStore,
    disk: &Disk,
    ledger: &mut Ledger,
    course: &mut Round,
    (requests, waits): (u64, bool),
) -> Result<(), StoreError> {
    for _ in 0..requests {
        match course.below(24) {
            0 => back_up(store, ledger).await?,
            1 => ledger.forget_audit(store, course).await?,
            _ => {
                let request = ledger.next(course);
                ledger.send(store, &request).await?;
            }
        }
        if waits {
            settle(store, disk).await;
        }
    }
    Ok(())
}

/// Opens the store after a power cut, again and again when the power goes while that is done, and
/// checks what is there. Answers how often it went.
async fn recover(
    disk: &Disk,
    round: &mut Round,
    ledger: &mut Ledger,
    pace: FoldPace,
) -> RecoverEnd {
    let mut cuts = 0;
    loop {
        if cuts < 4 && round.once_in(2) {
            let operations = round.below(90);
            disk.light_fuse(operations);
        } else {
            disk.reconnect();
        }
        match disk.open(pace) {
            Ok(store) if disk.is_off() => leave(store),
            Ok(store) => {
                disk.reconnect();
                ledger.compare(&store, "after the power came back").await;
                return RecoverEnd { store, cuts };
            }
            Err(error) => {
                assert!(disk.is_off(), "the power is there, but: {error}");
                let is_clear = matches!(&error, OpenError::Io { cause, .. }
                    if cause.to_string().contains("the power is off"));
                assert!(is_clear, "{error}");
            }
        }
        cuts += 1;
        disk.restore_power();
    }
}

struct RecoverEnd {
    store: RedbStore,
    cuts: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_in_power_cuts_at_any_time() {
    let mut tally = Tally::default();
    for mut round in campaign(16) {
        let round = &mut round;
        let disk = Disk::with_store(round);
        let mut ledger = Ledger::new();
        for _ in 0..5 {
            let pace = match round.below(3) {
                0 => FoldPace::default(),
                1 => FoldPace { every: Duration::from_millis(3), bytes: 20_000 },
                _ => ALWAYS,
            };
            let recovered = recover(&disk, round, &mut ledger, pace).await;
            tally.while_opening += recovered.cuts;
            let store = recovered.store;
            disk.light_fuse(round.below(400));
            let worked = work(&store, &disk, &mut ledger, round, (30, false)).await;
            assert!(worked.is_ok() || disk.is_off(), "the power is there, but: {worked:?}");
            if worked.is_ok() && round.once_in(2) {
                store.close().await;
            }
            tally.faults += 1;
            leave(store);
            disk.restore_power();
        }
        let store = recover(&disk, round, &mut ledger, ALWAYS).await.store;
        work(&store, &disk, &mut ledger, round, (5, false)).await.unwrap();
        tally.add(&ledger);
    }
    eprintln!("power cuts at any time: {tally:?}");
    let is_tried = tally.acknowledged > 20 * tally.rounds && tally.unknown > 0;
    assert!(is_tried || tally.rounds < 8, "{tally:?}");
}

/// Places in a workload that are tried before another one is.
const PLACES: u64 = 1_024;
/// Requests of such a workload.
const REQUESTS: u64 = 24;

/// The workload of a seed, and where in it: each place once in so many seeds, those of a few rounds
/// far apart.
pub(super) fn place(seed: u64, operations: u64) -> u64 {
    (seed * 619 % PLACES) * operations / PLACES
}

/// Operations of the disk that a workload takes when nothing happens.
async fn operations(course: u64) -> u64 {
    let mut course = Round::quiet(course);
    let disk = Disk::with_store(&mut course);
    let before = disk.asked();
    let store = disk.open(ALWAYS).unwrap();
    let mut ledger = Ledger::new();
    work(&store, &disk, &mut ledger, &mut course, (REQUESTS, true)).await.unwrap();
    store.close().await;
    disk.asked() - before
}

/// How many operations the workload of a seed takes, and which of them it is about.
pub(super) async fn course_of(round: &Round, known: &mut HashMap<u64, u64>) -> (Round, u64) {
    let course = round.seed / PLACES;
    let operations = match known.get(&course) {
        Some(operations) => *operations,
        None => operations(course).await,
    };
    known.insert(course, operations);
    (Round::quiet(course), place(round.seed, operations))
}

/// Does the workload until something happens to its disk, and closes the store when nothing does.
pub(super) async fn do_course(
    store: &RedbStore,
    disk: &Disk,
    ledger: &mut Ledger,
    course: &mut Round,
) -> Result<(), StoreError> {
    work(store, disk, ledger, course, (REQUESTS, true)).await?;
    store.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_in_a_power_cut_after_any_operation() {
    let (mut tally, mut known) = (Tally::default(), HashMap::new());
    for mut round in campaign(24) {
        let (mut course, at) = course_of(&round, &mut known).await;
        let disk = Disk::with_store(&mut course);
        let mut ledger = Ledger::new();
        disk.light_fuse(at);
        match disk.open(ALWAYS) {
            Ok(store) => {
                let worked = do_course(&store, &disk, &mut ledger, &mut course).await;
                assert!(worked.is_ok() || disk.is_off(), "the power is there, but: {worked:?}");
                leave(store);
            }
            Err(error) => {
                assert!(disk.is_off(), "the power is there, but: {error}");
                tally.while_opening += 1;
            }
        }
        disk.restore_power();
        tally.faults += 1;
        let recovered = recover(&disk, &mut round, &mut ledger, ALWAYS).await;
        tally.while_opening += recovered.cuts;
        let store = recovered.store;
        work(&store, &disk, &mut ledger, &mut course, (4, false)).await.unwrap();
        tally.add(&ledger);
        leave(store);
    }
    eprintln!("power cuts after each operation: {tally:?} of {known:?}");
    let is_tried = tally.acknowledged > 0 && tally.compared >= tally.rounds;
    assert!(is_tried || tally.rounds < 8, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_hangs_is_said_in_time_and_holds_nothing_up() {
    let disk = Disk::with_store(&mut Round::new(1));
    let store = disk.open(ALWAYS).unwrap();
    store.record_reports(vec![report("m1", 1)]).await.unwrap();
    disk.hang();
    let asked = Instant::now();
    let answer = store.record_reports(vec![report("m2", 2)]).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert!(asked.elapsed() < Duration::from_secs(9), "{:?}", asked.elapsed());
    assert!(store.check().await.is_err(), "it calls itself healthy");
    assert!(store.machine(&MachineId::stored("m1")).await.is_ok(), "reads go on");
    let asked = Instant::now();
    store.close().await;
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    disk.mend();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_another_program_wrote_meanwhile_is_not_written_over() {
    let disk = Disk::with_store(&mut Round::new(1));
    let soon = FoldPace { every: Duration::from_millis(200), bytes: usize::MAX };
    let store = disk.open(soon).unwrap();
    store.record_reports(vec![report("m1", 1)]).await.unwrap();
    disk.light_fuse(0);
    // Once folding has failed, the store has let go of the disk.
    while store.check().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(store.record_reports(vec![report("m1", 2)]).await.is_err());
    let other = Disk::new(&mut Round::new(2));
    other.put(disk.take_durable());
    let second = other.open(FoldPace::default()).unwrap();
    for seconds in 3..6 {
        second.record_reports(vec![report("m2", seconds)]).await.unwrap();
    }
    drop(second);
    disk.put(other.take_durable());
    disk.reconnect();
    let answer = store.record_reports(vec![report("m1", 9)]).await;
    let Err(StoreError::Unavailable(why)) = answer else { panic!("{answer:?}") };
    assert!(why.contains("changed by another program"), "{why}");
    drop(store);
    let store = disk.open(FoldPace::default()).unwrap();
    assert!(store.machine(&MachineId::stored("m2")).await.is_ok(), "the other's work is there");
}
