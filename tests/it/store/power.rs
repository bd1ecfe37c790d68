//! Power cuts, simulated under the store: writes that were not synced are lost, kept in another
//! order, or torn.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use redb::StorageBackend;
use tatuscan::model::{Machine, MachineId, SectionName};
use tatuscan::store::redb::{AnyBackend, FoldPace, Medium, Part, RedbStore};
use tatuscan::store::{Pace, Store as _, StoreError, transact};

use crate::support::machines::{noon, report, section};
use crate::support::rounds;

/// A write that the disk has not promised to keep.
#[derive(Debug, Clone)]
enum Pending {
    Write(u64, Vec<u8>),
    Len(u64),
}

/// The bytes of one file.
#[derive(Debug, Default)]
struct Surface {
    /// What survives a power cut for sure.
    durable: Vec<u8>,
    /// What the system sees while the power is on.
    current: Vec<u8>,
    pending: Vec<Pending>,
}

#[derive(Debug, Default)]
struct Platter {
    surfaces: [Surface; Part::ALL.len()],
    /// Operations until the power goes; `None` while it stays.
    fuse: Option<u64>,
    /// Whether syncs never end.
    hangs: bool,
}

/// A disk whose power can be cut.
#[derive(Debug, Clone, Default)]
struct Disk(Arc<Mutex<Platter>>);

/// A file on it.
#[derive(Debug)]
struct DiskFile {
    disk: Disk,
    part: usize,
}

impl Pending {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Len(len) => bytes.resize(usize::try_from(*len).unwrap(), 0),
            Self::Write(at, data) => {
                let at = usize::try_from(*at).unwrap();
                if bytes.len() < at + data.len() {
                    bytes.resize(at + data.len(), 0);
                }
                bytes[at..at + data.len()].copy_from_slice(data);
            }
        }
    }
}

impl Disk {
    fn operation(&self) -> io::Result<std::sync::MutexGuard<'_, Platter>> {
        let mut platter = self.0.lock().unwrap();
        match &mut platter.fuse {
            Some(0) => return Err(io::Error::other("the power is off")),
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(platter)
    }

    fn light_fuse(&self, operations: u64) {
        self.0.lock().unwrap().fuse = Some(operations);
    }

    /// Brings the power back: of the unsynced writes each is kept, lost or torn by chance, and the
    /// kept ones may have reached the disk in any order.
    fn restore_power(&self, random: &mut TestRng) {
        let mut platter = self.0.lock().unwrap();
        for surface in &mut platter.surfaces {
            surface.restore_power(random);
        }
        platter.fuse = None;
    }

    /// What would be there if the power went now and every write had been lost.
    fn take_durable(&self) -> [Vec<u8>; Part::ALL.len()] {
        let mut platter = self.0.lock().unwrap();
        Part::ALL.map(|part| std::mem::take(&mut platter.surfaces[part.index()].durable))
    }

    fn put_current(&self, bytes: [Vec<u8>; Part::ALL.len()]) {
        let mut platter = self.0.lock().unwrap();
        for (surface, bytes) in platter.surfaces.iter_mut().zip(bytes) {
            surface.current = bytes;
        }
    }
}

impl Surface {
    fn change(&mut self, pending: Pending) {
        pending.apply(&mut self.current);
        self.pending.push(pending);
    }

    fn restore_power(&mut self, random: &mut TestRng) {
        let mut pending = std::mem::take(&mut self.pending);
        if random.next_u32().is_multiple_of(2) {
            for last in (1..pending.len()).rev() {
                pending.swap(last, usize::try_from(random.next_u64()).unwrap() % (last + 1));
            }
        }
        for write in pending {
            match (random.next_u32() % 3, write) {
                (0, _) => {}
                (1, Pending::Write(at, data)) if data.len() > 512 => {
                    let sectors = (data.len() / 512) as u64;
                    let keep = 512 * usize::try_from(random.next_u64() % sectors).unwrap();
                    Pending::Write(at, data[..keep].to_vec()).apply(&mut self.durable);
                }
                (_, write) => write.apply(&mut self.durable),
            }
        }
        self.current = self.durable.clone();
    }
}

impl StorageBackend for DiskFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.operation()?.surfaces[self.part].current.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let platter = self.disk.operation()?;
        let from = usize::try_from(offset).unwrap();
        let bytes = platter.surfaces[self.part].current.get(from..from + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.operation()?.surfaces[self.part].change(Pending::Len(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        while self.disk.0.lock().unwrap().hangs {
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut platter = self.disk.operation()?;
        let surface = &mut platter.surfaces[self.part];
        surface.pending.clear();
        surface.durable = surface.current.clone();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let write = Pending::Write(offset, data.to_vec());
        self.disk.operation()?.surfaces[self.part].change(write);
        Ok(())
    }
}

impl Medium for Disk {
    fn open(&self, part: Part) -> io::Result<AnyBackend> {
        Ok(AnyBackend::new(DiskFile { disk: self.clone(), part: part.index() }))
    }

    fn create(&self, part: Part) -> io::Result<AnyBackend> {
        self.open(part)
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Folds after every batch, so that the power also goes in the middle of folds.
const ALWAYS: FoldPace = FoldPace { every: Duration::ZERO, bytes: 0 };

fn open(disk: &Disk, pace: FoldPace) -> RedbStore {
    RedbStore::open_medium(Arc::new(disk.clone()), "the simulated disk".as_ref(), pace).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_report_is_lost_in_a_power_cut() {
    let seed = [7; 32];
    let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let disk = Disk::default();
    RedbStore::create_medium(&disk, "the simulated disk".as_ref()).unwrap();
    let mut acknowledged: Vec<i64> = vec![-1; 16];
    let mut cuts = 0;
    for round in 0..rounds(80) {
        let pace = if round % 3 == 0 { FoldPace::default() } else { ALWAYS };
        let store = open(&disk, pace);
        for (machine, seconds) in acknowledged.iter().enumerate().filter(|(_, at)| **at >= 0) {
            let kept = store.machine(&MachineId::stored(&format!("m{machine}"))).await.unwrap();
            let at = (kept.last_seen() - noon()).num_seconds();
            check_section(&store, &kept).await;
            assert!(at >= *seconds, "round {round}: m{machine} at {at}, acknowledged {seconds}");
        }
        disk.light_fuse(random.next_u64() % 200);
        for step in 0..40_i64 {
            let now = i64::try_from(round).unwrap() * 100 + step;
            let machine = usize::try_from(random.next_u64()).unwrap() % acknowledged.len();
            match write(&store, machine, now).await {
                Ok(()) => acknowledged[machine] = now,
                Err(StoreError::Unavailable(_)) => {
                    cuts += 1;
                    break;
                }
                Err(other) => panic!("round {round}: {other}"),
            }
        }
        drop(store);
        disk.restore_power(&mut random);
    }
    assert!(cuts > rounds(80) / 2, "only {cuts} rounds saw the power go");
}

/// A report, and a section that says its number.
async fn write(store: &RedbStore, machine: usize, seconds: i64) -> Result<(), StoreError> {
    let mine = report(&format!("m{machine}"), seconds);
    let users = section(SectionName::Users, &seconds.to_string(), seconds);
    transact(store, Pace::AtOnce, move |transaction| {
        transaction.record_reports(std::slice::from_ref(&mine))?;
        let last = seconds.to_string().into();
        transaction.put_section(&mine.id, &users, |hardware| hardware.last_user = Some(last))?;
        Ok(())
    })
    .await
}

/// What is kept of the machine's section is what its report says too.
async fn check_section(store: &RedbStore, machine: &Machine) {
    let at = (machine.last_seen() - noon()).num_seconds();
    let sections = store.sections(std::slice::from_ref(&machine.id)).await.unwrap();
    let [(_, users)] = &sections[..] else { panic!("{sections:?}") };
    assert_eq!(users.content().unwrap(), at.to_string());
    assert_eq!(machine.hardware.sections, [*users.received()]);
    assert_eq!(machine.hardware.last_user.as_deref(), Some(at.to_string().as_str()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_heals_when_its_disk_works_again() {
    let disk = Disk::default();
    RedbStore::create_medium(&disk, "the simulated disk".as_ref()).unwrap();
    let store = open(&disk, ALWAYS);
    write(&store, 1, 1).await.unwrap();
    disk.light_fuse(0);
    assert!(matches!(write(&store, 2, 2).await, Err(StoreError::Unavailable(_))));
    assert!(store.check().await.is_err());
    assert!(store.machine(&MachineId::stored("m1")).await.is_ok(), "reads go on");
    disk.0.lock().unwrap().fuse = None;
    let started = Instant::now();
    while store.check().await.is_err() {
        assert!(started.elapsed().as_secs() < 5, "the store did not heal by itself");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    write(&store, 2, 3).await.unwrap();
    drop(store);
    let store = open(&disk, ALWAYS);
    assert!(store.machine(&MachineId::stored("m2")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_hangs_is_said_in_time_and_holds_nothing_up() {
    let disk = Disk::default();
    RedbStore::create_medium(&disk, "the simulated disk".as_ref()).unwrap();
    let store = open(&disk, ALWAYS);
    write(&store, 1, 1).await.unwrap();
    disk.0.lock().unwrap().hangs = true;
    let asked = Instant::now();
    let answer = write(&store, 2, 2).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert!(asked.elapsed() < Duration::from_secs(9), "{:?}", asked.elapsed());
    assert!(store.check().await.is_err(), "it calls itself healthy");
    assert!(store.machine(&MachineId::stored("m1")).await.is_ok(), "reads go on");
    let asked = Instant::now();
    store.close().await;
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    disk.0.lock().unwrap().hangs = false;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_another_program_wrote_meanwhile_is_not_written_over() {
    let disk = Disk::default();
    RedbStore::create_medium(&disk, "the simulated disk".as_ref()).unwrap();
    let soon = FoldPace { every: Duration::from_millis(200), bytes: usize::MAX };
    let store = open(&disk, soon);
    write(&store, 1, 1).await.unwrap();
    disk.light_fuse(0);
    // Once folding has failed, the store has let go of the disk.
    while store.check().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(write(&store, 1, 2).await.is_err());
    let other = Disk::default();
    other.put_current(disk.take_durable());
    let second = open(&other, FoldPace::default());
    for seconds in 3..6 {
        write(&second, 2, seconds).await.unwrap();
    }
    drop(second);
    disk.put_current(other.take_durable());
    disk.0.lock().unwrap().fuse = None;
    let answer = write(&store, 1, 9).await;
    let Err(StoreError::Unavailable(why)) = answer else { panic!("{answer:?}") };
    assert!(why.contains("changed by another program"), "{why}");
    drop(store);
    let store = open(&disk, FoldPace::default());
    assert!(store.machine(&MachineId::stored("m2")).await.is_ok(), "the other's work is there");
}
