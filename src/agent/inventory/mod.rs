//! What is inside the machine, section by section.
//!
//! Each section is read by a thread of its own in a bounded time, in the background: at the start, and
//! then once an hour. A reading that hangs, fails or breaks is said once, and has no part in reports.
//!
//! Of a section that the server has only the hash is kept. The JSON is there from a reading that
//! changed the hash until the server has it, or until an answer to a report does not ask for it; one
//! that is asked for later is read again.

mod delivery;
pub mod edid;
mod interfaces;
#[cfg(target_os = "linux")]
mod linux;
mod packages;
mod reading;
pub mod smbios;
#[cfg(test)]
mod tests;
#[cfg(any(windows, test))]
mod windows;
mod words;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout, timeout_at};

use super::collect::Notices;
use crate::wire::sections::{Content, SECTION_BYTES, SectionHashes, SectionName, Software, Users};
#[cfg(target_os = "linux")]
use linux::COLLECTORS;
use reading::{Collect, Reader, Reading};
#[cfg(windows)]
use windows::COLLECTORS;

/// There are none for this system yet: its agent sends reports alone.
#[cfg(not(any(target_os = "linux", windows)))]
const COLLECTORS: &[(SectionName, Collect)] = &[];

/// Time between two readings of everything.
const EVERY: Duration = Duration::from_secs(3600);
/// How long a section may take to be read.
const LIMIT: Duration = Duration::from_secs(10);
/// How long the next section waits for the one before: one thread at a time, unless one is slow.
const HEAD_START: Duration = Duration::from_millis(300);

/// What is read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The directory in which the machine's files are: `/`, unless another one is looked at.
    pub root: PathBuf,
    /// Whether it is told who uses the machine. If not, the server is told that nobody is known.
    pub users: bool,
    /// Whether it is told which programs there are. If not, the server is told that none is known.
    pub software: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { root: PathBuf::from("/"), users: true, software: true }
    }
}

/// The sections of this machine.
pub struct Inventory {
    options: Options,
    collectors: &'static [(SectionName, Collect)],
    /// How long a section may take to be read.
    limit: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sections: BTreeMap<SectionName, Known>,
    readers: BTreeMap<SectionName, Reader>,
    /// What cannot be read.
    unread: Notices,
    /// What cannot be sent.
    unsent: Notices,
}

/// What is known about a section that was read.
struct Known {
    hash: String,
    /// The section as it is sent.
    body: Option<Bytes>,
    /// Whether the server refused it so.
    is_refused: bool,
}

impl Inventory {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        #[cfg(not(any(target_os = "linux", windows)))]
        tracing::info!("no inventory is read on this system yet");
        Self { options, collectors: COLLECTORS, limit: LIMIT, state: Mutex::default() }
    }

    /// The hashes of the sections that were read.
    #[must_use]
    pub fn hashes(&self) -> SectionHashes {
        let state = self.lock();
        let hash = |(name, known): (&SectionName, &Known)| (name.to_string(), known.hash.clone());
        SectionHashes(state.sections.iter().map(hash).collect())
    }

    /// Reads every section now and then. Never done.
    pub async fn keep_up(&self) {
        loop {
            self.read_all().await;
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Reads every section once; done when each is read or has taken too long.
    pub async fn read_all(&self) {
        self.each(|name, reading| self.noted(name, reading, false)).await;
    }

    /// What would be sent if the server asked for all that was read and not sent yet.
    #[must_use]
    pub fn bodies(&self) -> BTreeMap<&'static str, serde_json::Value> {
        let state = self.lock();
        let bodies = state.sections.iter().filter_map(|(name, known)| {
            let body = serde_json::from_slice(known.body.as_deref()?).ok()?;
            Some((name.as_str(), body))
        });
        bodies.collect()
    }

    async fn each(&self, done: impl Fn(SectionName, Reading) + Sync) {
        let mut slow = Vec::new();
        for &(name, collect) in self.collectors {
            let Some(mut reading) = self.start(name, collect) else { continue };
            let limit = Instant::now() + self.limit;
            match timeout(HEAD_START.min(self.limit), &mut reading).await {
                Ok(reading) => done(name, reading::result(reading)),
                Err(_) => slow.push((name, reading, limit)),
            }
        }
        for (name, reading, limit) in slow {
            let reading = timeout_at(limit, reading).await;
            done(
                name,
                reading.map_or_else(|_| Err(reading::too_slow(self.limit)), reading::result),
            );
        }
    }

    /// `None` while an earlier reading has not come to an end.
    fn start(&self, name: SectionName, collect: Collect) -> Option<reading::Pending> {
        let collect = match name {
            SectionName::Users if !self.options.users => no_users,
            SectionName::Software if !self.options.software => no_software,
            _ => collect,
        };
        self.lock().readers.entry(name).or_default().start(name, collect, &self.options.root)
    }

    /// Keeps what was read: the JSON only where the server cannot have it, or is waiting for it.
    fn noted(&self, name: SectionName, reading: Reading, is_wanted: bool) {
        let reading = reading.and_then(|upload| {
            let mut body = Vec::new();
            reading::json(&mut body, &upload)?;
            body.shrink_to_fit();
            let body = Bytes::from(body);
            let bytes = body.len();
            anyhow::ensure!(
                bytes <= SECTION_BYTES,
                "{bytes} bytes are more than a section may have"
            );
            Ok((upload.hash, body))
        });
        let state = &mut *self.lock();
        let Some((hash, body)) = state.unread.checked(&subject(name), reading) else { return };
        match state.sections.get_mut(&name) {
            Some(known) if known.hash == hash => {
                if is_wanted {
                    known.body = Some(body);
                }
            }
            _ => {
                state.sections.insert(name, Known { hash, body: Some(body), is_refused: false });
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn subject(name: SectionName) -> String {
    format!("inventory section {name}")
}

fn no_users(_: &Path) -> anyhow::Result<Content> {
    Ok(Content::Users(Users::default()))
}

fn no_software(_: &Path) -> anyhow::Result<Content> {
    Ok(Content::Software(Software::default()))
}
