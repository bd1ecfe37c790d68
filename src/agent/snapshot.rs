//! The newest report that no server has taken, kept for the time after a restart.
//!
//! Limits: there is one report, of at most 64 KiB, in one file (mode 0600) of the state directory, which
//! is there as a whole or not at all. It is written after each try that failed, which is at most as
//! often as the back-off allows, and goes when a server has taken or refused a report. What is on
//! its way when the agent is stopped is not kept.
//!
//! After a restart it is sent once, right before the first report: unless that one is of another
//! machine, which a copied disk is, or one that found its network cards only now.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::collect::Notices;
use super::state;
use super::transport::{Outcome, Transport};
use crate::atomic_file::{PRIVATE, is_draft_of};
use crate::wire::Report;

/// The file in the agent's state directory.
const FILE: &str = "unsent-report.json";
/// Longest report that is kept, in bytes: a server takes no longer one.
const LONGEST: u64 = 64 << 10;
/// What cannot be kept or read, in the log.
const SUBJECT: &str = "unsent report";

/// The place of that report.
pub struct Snapshot {
    /// `None` where nothing is kept.
    state_dir: Option<PathBuf>,
    /// Whether there may be a file of an earlier process.
    is_unread: bool,
    /// Whether there is a file.
    is_there: bool,
    notices: Notices,
}

impl Snapshot {
    /// A place in that directory, which is made when there is something to keep. One process at a time
    /// may have it.
    #[must_use]
    pub fn new(state_dir: PathBuf) -> Self {
        remove_drafts(&state_dir);
        let (state_dir, notices) = (Some(state_dir), Notices::default());
        Self { state_dir, is_unread: true, is_there: false, notices }
    }

    /// No place: nothing is kept, and what is kept elsewhere is left alone.
    #[must_use]
    pub fn nowhere() -> Self {
        Self { state_dir: None, is_unread: false, is_there: false, notices: Notices::default() }
    }

    /// Sends a report, and before it the one that an earlier process could not send. Answers what
    /// became of the new one, which is kept if it may work later; when the earlier one fails, the new one
    /// is not tried.
    pub async fn send(&mut self, transport: &impl Transport, report: &Report) -> Outcome {
        let outcome = match self.earlier(&report.machine_id) {
            None => transport.send(report).await,
            Some(earlier) => match transport.send(&earlier).await {
                Outcome::Accepted { .. } => {
                    tracing::info!("the report that was kept during the outage is accepted");
                    self.remove();
                    transport.send(report).await
                }
                Outcome::Refused { reason } => {
                    tracing::warn!(reason, "the report that was kept is refused and dropped");
                    self.remove();
                    transport.send(report).await
                }
                failed @ Outcome::Failed { .. } => failed,
            },
        };
        match &outcome {
            Outcome::Failed { .. } => self.keep(report),
            Outcome::Accepted { .. } | Outcome::Refused { .. } => self.remove(),
        }
        outcome
    }

    /// What an earlier process of this machine kept, asked for the first time.
    fn earlier(&mut self, machine_id: &str) -> Option<Report> {
        if !std::mem::take(&mut self.is_unread) {
            return None;
        }
        let read = read(&self.path()?);
        let text = self.notices.checked(SUBJECT, read)??;
        self.is_there = true;
        let report = serde_json::from_slice::<Report>(&text).ok();
        let earlier = report.filter(|report| report.machine_id == machine_id);
        if earlier.is_none() {
            self.remove();
        }
        earlier
    }

    fn keep(&mut self, report: &Report) {
        let Some(state_dir) = &self.state_dir else { return };
        let text = serde_json::to_vec(report).unwrap_or_default();
        if text.is_empty() || text.len() as u64 > LONGEST {
            // The one before is no longer the newest.
            return self.remove();
        }
        let kept = state::write(state_dir, FILE, &text, PRIVATE);
        self.is_there |= self.noticed("cannot be kept", kept);
    }

    fn remove(&mut self) {
        let Some(path) = self.path().filter(|_| self.is_there) else { return };
        let removed = match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        };
        self.is_there = !self.noticed("cannot be removed", removed);
    }

    /// Whether it was done; says once that it was not.
    fn noticed(&mut self, problem: &str, done: io::Result<()>) -> bool {
        match done {
            Ok(()) => self.notices.cleared(SUBJECT),
            Err(error) => {
                let place = self.path().unwrap_or_default();
                let text = format!("{}: the unsent report {problem}: {error}", place.display());
                self.notices.noticed(SUBJECT, text);
                return false;
            }
        }
        true
    }

    fn path(&self) -> Option<PathBuf> {
        Some(self.state_dir.as_ref()?.join(FILE))
    }
}

/// Whether a report waits in that directory.
pub(super) fn is_kept(state_dir: &Path) -> bool {
    state_dir.join(FILE).exists()
}

/// The text of the file; `None` when there is no file. Of a file that is too long, nothing.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut text = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LONGEST {
        text.clear();
    }
    Ok(Some(text))
}

/// Removes what a process left that was ended while it wrote.
fn remove_drafts(state_dir: &Path) {
    for entry in fs::read_dir(state_dir).into_iter().flatten().flatten() {
        if is_draft_of(&entry.file_name().to_string_lossy(), FILE) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
