//! Free space on the store's device: reports stop before it is full, so that there is room to
//! delete, and to go on.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// How long a look counts.
const LOOK: TimeDelta = TimeDelta::seconds(1);

/// How much space must be left for reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceLimit {
    /// Where the store is.
    pub path: PathBuf,
    /// Bytes that must be free.
    pub bytes: u64,
}

/// Space on the store's device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeSpace {
    /// Bytes that are free.
    pub bytes: u64,
    /// Below this many no report is taken.
    pub needed: u64,
}

/// Looks from time to time.
#[derive(Default)]
pub(super) struct Space {
    limit: Option<SpaceLimit>,
    /// When it was looked, and whether it was enough.
    last: Mutex<Option<(DateTime<Utc>, bool)>>,
}

impl Space {
    pub(super) fn new(limit: Option<SpaceLimit>) -> Self {
        Self { limit, last: Mutex::default() }
    }

    /// How much there is; `None` where nobody watches it, or it cannot be asked.
    pub(super) fn look(&self) -> Option<FreeSpace> {
        let limit = self.limit.as_ref()?;
        Some(FreeSpace { bytes: free(limit)?, needed: limit.bytes })
    }

    /// Whether there is room for a report.
    pub(super) fn is_enough(&self, now: DateTime<Utc>) -> bool {
        let Some(limit) = &self.limit else { return true };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, is_enough)) = *last
            && (now - at).abs() < LOOK
        {
            return is_enough;
        }
        // What cannot be asked is found out by writing.
        let is_enough = free(limit).is_none_or(|bytes| bytes >= limit.bytes);
        *last = Some((now, is_enough));
        is_enough
    }
}

fn free(limit: &SpaceLimit) -> Option<u64> {
    let stat = nix::sys::statvfs::statvfs(&limit.path).ok()?;
    Some(stat.blocks_available().saturating_mul(stat.fragment_size()))
}
