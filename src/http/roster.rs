//! Which connections are open, so that one that nobody uses makes room for one that somebody wants.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::connection::Activity;

/// The open connections.
#[derive(Clone, Default)]
pub(super) struct Roster(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    next: u64,
    connections: HashMap<u64, (Activity, CancellationToken)>,
}

/// A connection's entry; gone when it is dropped.
pub(super) struct Entry {
    roster: Roster,
    number: u64,
    /// What its requests do.
    pub(super) activity: Activity,
    /// Cancelled when it is asked to end after the request that it is at.
    pub(super) end: CancellationToken,
}

impl Roster {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a new connection, which ends at the latest when `shutdown` does.
    pub(super) fn enter(&self, shutdown: &CancellationToken) -> Entry {
        let (activity, end) = (Activity::default(), shutdown.child_token());
        let mut open = self.lock();
        let number = open.next;
        open.next += 1;
        open.connections.insert(number, (activity.clone(), end.clone()));
        Entry { roster: self.clone(), number, activity, end }
    }

    /// Asks the connection to end that was unused for longest.
    pub(super) fn end_longest_idle(&self) {
        let mut open = self.lock();
        let idle = open.connections.iter().filter_map(|(number, (activity, end))| {
            Some((activity.idle_since().filter(|_| !end.is_cancelled())?, *number))
        });
        if let Some((_, number)) = idle.min()
            && let Some((_, end)) = open.connections.get_mut(&number)
        {
            end.cancel();
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.roster.lock().connections.remove(&self.number);
    }
}
