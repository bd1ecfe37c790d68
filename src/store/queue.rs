//! Which waiting requests share a commit.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::transaction::{Pace, Request};

/// Requests that may wait; beyond them the server is overloaded and says so.
pub(super) const QUEUE: usize = 8_192;

/// Requests that wait already when the last commit ends show that there is load: so many of them
/// are a batch at once, and the next ones come while it is written.
const LOAD: usize = 2;
/// Otherwise a batch is closed when this many requests wait, …
const ENOUGH: usize = 8;
/// … when this long none came, …
const QUIET: Duration = Duration::from_millis(5);
/// … or when the first of them has waited this long. So a lone client waits 5 ms, many never
/// linger, and a few hundred a second still share commits.
const OLDEST: Duration = Duration::from_millis(20);
/// Most requests of one batch, so that a commit stays short.
const BATCH: usize = 2_048;

/// A batch.
pub(super) struct Gathered {
    pub(super) requests: Vec<Request>,
    /// Whether nothing comes after it.
    pub(super) closed: bool,
}

/// Waits up to `idle` for a request, then for more that can share its commit.
pub(super) fn gather(queue: &Receiver<Request>, idle: Duration) -> Gathered {
    let mut gathered = Gathered { requests: Vec::new(), closed: false };
    match queue.recv_timeout(idle) {
        Ok(first) => gathered.take(first),
        Err(RecvTimeoutError::Timeout) => return gathered,
        Err(RecvTimeoutError::Disconnected) => gathered.closed = true,
    }
    gathered.drain(queue);
    let oldest = Instant::now();
    if gathered.requests.len() >= LOAD {
        return gathered;
    }
    while !gathered.closed && gathered.may_grow() {
        let patience = QUIET.min(OLDEST.saturating_sub(oldest.elapsed()));
        match queue.recv_timeout(patience) {
            Ok(request) => gathered.take(request),
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => gathered.closed = true,
        }
    }
    gathered.drain(queue);
    gathered
}

impl Gathered {
    /// Takes what waits already.
    fn drain(&mut self, queue: &Receiver<Request>) {
        while !self.closed && self.requests.len() < BATCH {
            let Ok(request) = queue.try_recv() else { return };
            self.take(request);
        }
    }

    fn take(&mut self, request: Request) {
        match request {
            Request::Close => self.closed = true,
            request => self.requests.push(request),
        }
    }

    /// Waiting pays: only single reports are here, and not many. A person's change and a whole
    /// batch of reports are written at once.
    fn may_grow(&self) -> bool {
        let patient =
            |request: &Request| matches!(request, Request::Run { pace: Pace::Shared, .. });
        self.requests.len() < ENOUGH && self.requests.last().is_none_or(patient)
    }
}
