//! What handlers share.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::Gate;
use crate::access::Access;
use crate::inventory::Inventory;
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
    pub(super) fn presenter(&self) -> Presenter {
        let now = (self.settings.now)();
        Presenter { zone: self.settings.zone, now, rules: self.inventory.rules() }
    }
}
