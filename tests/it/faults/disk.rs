//! A disk under the embedded store that can be made to fail at any of its operations: the power goes,
//! or an operation is refused.
//!
//! What was not synced may be lost, torn at its sectors, or kept in another order. A sync that fails
//! is as bad as on Linux: what it should have kept may never reach the disk, though it is read as if
//! it had until the system forgets it, and the next sync says that all is well.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use proptest::prelude::Rng as _;
use proptest::test_runner::TestRng;
use redb::StorageBackend;
use tatuscan::store::redb::{AnyBackend, FoldPace, Medium, Part, RedbStore};

use crate::support::seed::Round;

const SECTOR: usize = 512;

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

/// What is asked of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Read,
    Write,
    SetLen,
    Sync,
}

/// Operations that are refused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal {
    /// The first one, counted from now on; what is no such operation is not counted.
    pub(crate) from: u64,
    /// How many; `u64::MAX` until the disk is mended.
    pub(crate) count: u64,
    pub(crate) error: Refused,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// `EIO`: a bad block, a cable, a controller. Of every operation.
    Broken,
    /// `ENOSPC`: of what needs space.
    Full,
}

#[derive(Debug)]
struct Platter {
    surfaces: [Surface; Part::ALL.len()],
    /// Operations that were asked for.
    asked: u64,
    /// Operations until the power goes; `None` while it stays.
    fuse: Option<u64>,
    refusal: Option<Refusal>,
    /// How often something was refused.
    refused: u64,
    /// Whether syncs never end.
    hangs: bool,
    /// Who used it before the last power cut does nothing more.
    life: u64,
    /// What becomes of what was not synced.
    random: TestRng,
}

/// A disk of that kind.
#[derive(Debug, Clone)]
pub(crate) struct Disk(Arc<Mutex<Platter>>);

/// The disk as one process has it: until the power goes, or the process is killed.
#[derive(Debug)]
struct Power {
    disk: Disk,
    life: u64,
}

/// A file on it.
#[derive(Debug)]
struct DiskFile {
    disk: Disk,
    part: usize,
    life: u64,
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

    /// What is left of it when the power goes while it is written.
    fn torn(self, random: &mut TestRng) -> Self {
        match self {
            Self::Write(at, mut data) if data.len() > SECTOR => {
                let sectors = (data.len() / SECTOR) as u64;
                data.truncate(SECTOR * usize::try_from(random.next_u64() % sectors).unwrap());
                Self::Write(at, data)
            }
            whole => whole,
        }
    }
}

impl Disk {
    pub(crate) fn new(round: &mut Round) -> Self {
        Self(Arc::new(Mutex::new(Platter {
            surfaces: Default::default(),
            asked: 0,
            fuse: None,
            refusal: None,
            refused: 0,
            hangs: false,
            life: 0,
            random: round.apart(),
        })))
    }

    /// One with an empty store on it.
    pub(crate) fn with_store(round: &mut Round) -> Self {
        let disk = Self::new(round);
        let power = Power { disk: disk.clone(), life: 0 };
        RedbStore::create_medium(&power, "the simulated disk".as_ref()).unwrap();
        disk
    }

    /// Opens the store that is on it.
    pub(crate) fn open(&self, pace: FoldPace) -> Result<RedbStore, tatuscan::store::OpenError> {
        let life = self.platter().life;
        let power = Power { disk: self.clone(), life };
        RedbStore::open_medium(Arc::new(power), "the simulated disk".as_ref(), pace)
    }

    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.0.lock().unwrap()
    }

    /// How many operations were asked for so far.
    pub(crate) fn asked(&self) -> u64 {
        self.platter().asked
    }

    /// How many operations were refused so far.
    pub(crate) fn refused(&self) -> u64 {
        self.platter().refused
    }

    /// Lets the power go after so many operations.
    pub(crate) fn light_fuse(&self, operations: u64) {
        self.platter().fuse = Some(operations);
    }

    /// Whether the power is gone.
    pub(crate) fn is_off(&self) -> bool {
        self.platter().fuse == Some(0)
    }

    pub(crate) fn refuse(&self, refusal: Refusal) {
        self.platter().refusal = Some(refusal);
    }

    /// Refuses nothing any more, and never hangs.
    pub(crate) fn mend(&self) {
        let mut platter = self.platter();
        platter.refusal = None;
        platter.hangs = false;
    }

    /// Lets syncs never end.
    pub(crate) fn hang(&self) {
        self.platter().hangs = true;
    }

    /// Ends the power, now if it is still there, and brings it back: of the unsynced writes each is
    /// kept, lost or torn by chance, and the kept ones may have reached the disk in any order.
    pub(crate) fn restore_power(&self) {
        let mut platter = self.platter();
        let Platter { surfaces, random, .. } = &mut *platter;
        for surface in surfaces {
            surface.restore_power(random);
        }
        platter.fuse = None;
        platter.refusal = None;
        platter.life += 1;
    }

    /// Ends whoever uses the disk, as `kill -9` does: the system still has what was written.
    pub(crate) fn kill(&self) {
        let mut platter = self.platter();
        platter.refusal = None;
        platter.life += 1;
    }

    /// Brings the power back as if it had not gone: nothing is lost.
    pub(crate) fn reconnect(&self) {
        self.platter().fuse = None;
    }

    /// What would be there if the power went now and every write had been lost.
    pub(crate) fn take_durable(&self) -> [Vec<u8>; Part::ALL.len()] {
        let mut platter = self.platter();
        Part::ALL.map(|part| std::mem::take(&mut platter.surfaces[part.index()].durable))
    }

    pub(crate) fn put(&self, bytes: [Vec<u8>; Part::ALL.len()]) {
        let mut platter = self.platter();
        for (surface, bytes) in platter.surfaces.iter_mut().zip(bytes) {
            *surface = Surface { durable: bytes.clone(), current: bytes, pending: Vec::default() };
        }
    }
}

impl Platter {
    /// Counts an operation, and says why it is not done.
    fn ask(&mut self, life: u64, operation: Operation) -> io::Result<()> {
        let off = || Err(io::Error::other("the power is off"));
        if life != self.life {
            return off();
        }
        match &mut self.fuse {
            Some(0) => return off(),
            Some(left) => *left -= 1,
            None => {}
        }
        self.asked += 1;
        let Some(refusal) = &mut self.refusal else { return Ok(()) };
        let takes_space = matches!(operation, Operation::Write | Operation::SetLen);
        let code = match refusal.error {
            Refused::Broken => 5,
            Refused::Full if takes_space => 28,
            Refused::Full => return Ok(()),
        };
        if refusal.from > 0 {
            refusal.from -= 1;
        } else if refusal.count > 0 {
            refusal.count = if refusal.count == u64::MAX { u64::MAX } else { refusal.count - 1 };
            self.refused += 1;
            return Err(io::Error::from_raw_os_error(code));
        }
        Ok(())
    }
}

impl Surface {
    fn change(&mut self, pending: Pending) {
        pending.apply(&mut self.current);
        self.pending.push(pending);
    }

    /// Whether a thing that happens is the one in three.
    fn third(random: &mut TestRng) -> bool {
        random.next_u32().is_multiple_of(3)
    }

    fn restore_power(&mut self, random: &mut TestRng) {
        let mut pending = std::mem::take(&mut self.pending);
        if random.next_u32().is_multiple_of(2) {
            for last in (1..pending.len()).rev() {
                pending.swap(last, usize::try_from(random.next_u64()).unwrap() % (last + 1));
            }
        }
        for write in pending {
            match random.next_u32() % 3 {
                0 => {}
                1 => write.torn(random).apply(&mut self.durable),
                _ => write.apply(&mut self.durable),
            }
        }
        self.current = self.durable.clone();
    }

    fn sync(&mut self) {
        for write in std::mem::take(&mut self.pending) {
            write.apply(&mut self.durable);
        }
    }

    /// What a sync that failed leaves.
    fn forget(&mut self, random: &mut TestRng) {
        for write in std::mem::take(&mut self.pending) {
            match random.next_u32() % 3 {
                0 => {}
                1 => write.torn(random).apply(&mut self.durable),
                _ => write.apply(&mut self.durable),
            }
        }
        if Self::third(random) {
            // The system keeps the length in mind, but reads the bytes again.
            let len = self.current.len();
            self.current = self.durable.clone();
            self.current.resize(len, 0);
        }
    }
}

impl DiskFile {
    fn operation(&self, operation: Operation) -> io::Result<MutexGuard<'_, Platter>> {
        let mut platter = self.disk.platter();
        platter.ask(self.life, operation)?;
        Ok(platter)
    }
}

impl StorageBackend for DiskFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.operation(Operation::Read)?.surfaces[self.part].current.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let platter = self.operation(Operation::Read)?;
        let from = usize::try_from(offset).unwrap();
        let bytes = platter.surfaces[self.part].current.get(from..from + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.operation(Operation::SetLen)?.surfaces[self.part].change(Pending::Len(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        while self.disk.platter().hangs {
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut platter = self.disk.platter();
        let asked = platter.ask(self.life, Operation::Sync);
        let is_off = self.life != platter.life || platter.fuse == Some(0);
        let Platter { surfaces, random, .. } = &mut *platter;
        let surface = &mut surfaces[self.part];
        match asked {
            Ok(()) => surface.sync(),
            Err(_) if is_off => {}
            Err(_) => surface.forget(random),
        }
        asked
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut platter = self.disk.platter();
        let asked = platter.ask(self.life, Operation::Write);
        let is_off = self.life != platter.life || platter.fuse == Some(0);
        let Platter { surfaces, random, .. } = &mut *platter;
        let write = Pending::Write(offset, data.to_vec());
        match asked {
            Ok(()) => surfaces[self.part].change(write),
            // A part of what is refused may be there.
            Err(_) if !is_off && Surface::third(random) => {
                surfaces[self.part].change(write.torn(random));
            }
            Err(_) => {}
        }
        asked
    }
}

impl Medium for Power {
    fn open(&self, part: Part) -> io::Result<AnyBackend> {
        let Self { disk, life } = self;
        Ok(AnyBackend::new(DiskFile { disk: disk.clone(), part: part.index(), life: *life }))
    }

    fn create(&self, part: Part) -> io::Result<AnyBackend> {
        self.open(part)
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}
