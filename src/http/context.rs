//! What handlers share.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::Gate;
use crate::access::{self, Access, Plane};
use crate::inventory::Inventory;
use crate::model::access::Caller;
use crate::wire::Presenter;

/// What the server is told from outside.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The zone that times are shown in, and that dates without a zone are in.
    pub zone: Tz,
    /// The clock.
    pub now: fn() -> DateTime<Utc>,
    /// Proxies and addresses.
    pub gate: Gate,
    /// Where a file may be for a moment, for its owner alone: a backup, before it is sent.
    pub work_dir: PathBuf,
}

/// What handlers share.
pub(super) struct Context {
    pub(super) inventory: Inventory,
    pub(super) access: Access,
    pub(super) settings: Settings,
    /// When the server began to answer.
    pub(super) started_at: DateTime<Utc>,
}

impl Context {
    /// Whether a caller may do what is asked for, from wherever it comes.
    pub(super) fn admits(&self, caller: &Caller, plane: Plane) -> bool {
        let is_public = self.access.is_public();
        let asked = access::Request { plane, is_local: false, is_in_grace: false, is_public };
        access::decide(self.access.mode(), caller, asked).is_ok()
    }

    pub(super) fn presenter(&self) -> Presenter {
        let now = (self.settings.now)();
        Presenter { zone: self.settings.zone, now, rules: self.inventory.rules() }
    }
}
