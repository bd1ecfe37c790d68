//! One reading of one section, on a thread of its own.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

use crate::wire::sections::{Content, SectionName, Upload};
use crate::wire::signing::hex;

/// Reads a section of the machine whose files are below that directory.
pub(super) type Collect = fn(&Path) -> anyhow::Result<Content>;
/// What was read.
pub(super) type Reading = anyhow::Result<Upload<Content>>;
/// A reading that goes on.
pub(super) type Pending = oneshot::Receiver<Reading>;

/// Bytes of a thread's stack.
const STACK: usize = 512 * 1024;
/// Characters of a hash.
const HASH_CHARS: usize = 32;

/// Reads one section, and never twice at once.
#[derive(Default)]
pub(super) struct Reader {
    is_busy: Arc<AtomicBool>,
}

/// Tells that a reading is over, however it ends.
struct Busy(Arc<AtomicBool>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Reader {
    /// Starts a reading; `None` while the one before has not come to an end.
    pub(super) fn start(
        &self,
        name: SectionName,
        collect: Collect,
        root: &Path,
    ) -> Option<Pending> {
        if self.is_busy.swap(true, Ordering::AcqRel) {
            return None;
        }
        let busy = Busy(Arc::clone(&self.is_busy));
        let (sender, pending) = oneshot::channel();
        let root = root.to_owned();
        let work = move || {
            let busy = busy;
            let reading = collect(&root).and_then(upload);
            drop(busy);
            // Nobody waits for it any more: it took too long.
            let _ = sender.send(reading);
        };
        let thread = thread::Builder::new().name(name.to_string()).stack_size(STACK);
        if let Err(error) = thread.spawn(work) {
            // The work is gone, and its sender with it.
            tracing::debug!(%error, section = %name, "no thread");
        }
        Some(pending)
    }
}

/// What came of a reading: a thread that broke, or was never there, says nothing.
pub(super) fn result(said: Result<Reading, oneshot::error::RecvError>) -> Reading {
    said.unwrap_or_else(|_| Err(anyhow!("the reading broke off")))
}

/// A reading that did not come to an end in time.
pub(super) fn too_slow(limit: Duration) -> anyhow::Error {
    anyhow!("there is no answer after {} s", limit.as_secs_f32())
}

fn upload(content: Content) -> Reading {
    let mut digest = Digesting(Sha256::new());
    json(&mut digest, &content.lasting()).context("no JSON")?;
    let mut hash = hex(&digest.0.finalize());
    hash.truncate(HASH_CHARS);
    Ok(Upload { hash, content })
}

/// Writes JSON: by one piece of code, wherever it goes, which keeps the agent small.
pub(super) fn json(to: &mut dyn io::Write, value: &impl Serialize) -> serde_json::Result<()> {
    serde_json::to_writer(to, value)
}

struct Digesting(Sha256);

impl io::Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Instant;

    use super::*;
    use crate::wire::sections::{Cpu, Filesystem, Filesystems, LoggedIn, OperatingSystem, Users};

    #[tokio::test]
    async fn a_reading_that_breaks_is_an_error_and_can_be_started_again() {
        let reader = Reader::default();
        let breaks: Collect = |_| panic!("as it should in this test");
        for _ in 0..2 {
            let pending = reader.start(SectionName::Cpu, breaks, Path::new("/")).unwrap();
            let error = result(pending.await).unwrap_err();
            assert_eq!(error.to_string(), "the reading broke off");
        }
        let fails: Collect = |root| Err(anyhow!("nothing in {}", root.display()));
        let pending = reader.start(SectionName::Cpu, fails, Path::new("/x")).unwrap();
        assert_eq!(result(pending.await).unwrap_err().to_string(), "nothing in /x");
    }

    #[tokio::test]
    async fn a_reading_that_hangs_is_not_started_a_second_time() {
        static STARTED: AtomicBool = AtomicBool::new(false);
        let waits: Collect = |root| {
            assert!(!STARTED.swap(true, Ordering::AcqRel), "started twice");
            while !root.exists() {
                thread::sleep(Duration::from_millis(5));
            }
            Ok(Content::Cpu(Cpu::default()))
        };
        let directory = tempfile::tempdir().unwrap();
        let gate = directory.path().join("gate");
        let reader = Reader::default();
        let first = reader.start(SectionName::Cpu, waits, &gate).unwrap();
        assert!(reader.start(SectionName::Cpu, waits, &gate).is_none());
        // Whether somebody waits for it or not.
        drop(first);
        assert!(reader.start(SectionName::Cpu, waits, &gate).is_none());
        std::fs::write(&gate, "").unwrap();
        let (sender, over) = mpsc::channel();
        thread::spawn(move || {
            let patience = Instant::now();
            let fine: Collect = |_| Ok(Content::Cpu(Cpu::default()));
            while reader.start(SectionName::Cpu, fine, &gate).is_none() {
                assert!(patience.elapsed() < Duration::from_secs(20), "busy for ever");
                thread::sleep(Duration::from_millis(5));
            }
            sender.send(()).unwrap();
        });
        over.recv_timeout(Duration::from_secs(30)).unwrap();
    }

    #[test]
    fn hashes_are_of_what_lasts() {
        let hash = |content| upload(content).unwrap().hash;
        let cpu = |cores| Content::Cpu(Cpu { cores: Some(cores), ..Cpu::default() });
        assert_eq!(hash(cpu(4)), hash(cpu(4)));
        assert_ne!(hash(cpu(4)), hash(cpu(8)));
        // printf '{"cores":4}' | sha256sum
        assert_eq!(hash(cpu(4)), "38a4442c053689f7eb571f27421fc33b");
        let disk = |mount: &str, free| {
            let filesystem =
                Filesystem { mount: mount.into(), free_bytes: Some(free), ..Filesystem::default() };
            Content::Filesystems(Filesystems { filesystems: vec![filesystem] })
        };
        assert_eq!(hash(disk("/", 1)), hash(disk("/", 2)));
        assert_ne!(hash(disk("/", 1)), hash(disk("/home", 1)));
        let users = |name: &str, last: &str| {
            let logged_in = vec![LoggedIn { name: name.into(), since: None }];
            Content::Users(Users { logged_in, last: Some(last.into()) })
        };
        assert_eq!(hash(users("ana", "ana")), hash(users("bea", "ana")));
        assert_ne!(hash(users("ana", "ana")), hash(users("ana", "bea")));
        let os = |booted: &str, kernel: &str| {
            let (booted_at, kernel) = (Some(booted.into()), Some(kernel.into()));
            Content::Os(OperatingSystem { booted_at, kernel, ..OperatingSystem::default() })
        };
        assert_eq!(hash(os("today", "6.1")), hash(os("yesterday", "6.1")));
        assert_ne!(hash(os("today", "6.1")), hash(os("today", "6.2")));
    }
}
