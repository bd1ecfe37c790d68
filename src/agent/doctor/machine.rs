//! Who this machine is, what is kept of that, and what is read inside it.

use std::path::Path;

use crate::agent::collect::Collector;
use crate::agent::inventory::{Inventory, Options};
use crate::agent::snapshot;
use crate::agent::state::{self, Use};
use crate::findings::Report;
use crate::wire::sections::SectionName;

/// Answers the machine's id.
pub(super) fn look(state_dir: &Path, report: &mut Report) -> String {
    let who = Collector::new(state_dir.to_owned(), None).who();
    let id = &who.machine_id;
    match &who.source {
        Ok(source) => report.ok("identity", format!("{id}, {source}")),
        Err(problem) => report.warn("identity", format!("{id}: {problem}"), ""),
    }
    match who.readable.as_slice() {
        [] if sees_everything() => {
            report.ok(
                "firmware",
                "says neither UUID nor serial number: no copied disk is told by them",
            );
        }
        [] => {
            let advice = "Run this as root: with these a copied disk is told from the machine that it \
                          was copied from. The installed service is handed them";
            report.warn("firmware", "no UUID or serial number can be read", advice);
        }
        names => report.ok("firmware", format!("says {}", names.join(", "))),
    }
    look_at_state(state_dir, report);
    who.machine_id
}

/// Whether what this process cannot read is not there.
fn sees_everything() -> bool {
    #[cfg(unix)]
    return nix::unistd::geteuid().is_root();
    #[cfg(not(unix))]
    true
}

fn look_at_state(state_dir: &Path, report: &mut Report) {
    const CHECK: &str = "state";
    let shown = state_dir.display();
    let waits = if snapshot::is_kept(state_dir) { ", and a report waits in it" } else { "" };
    match state::usable(state_dir) {
        Ok(Use::Taken) => report.ok(CHECK, format!("{shown}: an agent is running{waits}")),
        Ok(Use::Free) => report.ok(CHECK, format!("{shown}: no agent is running now{waits}")),
        Ok(Use::Missing) => report.ok(CHECK, format!("{shown} is not there yet")),
        Err(error) => {
            let advice = "The id and the key cannot be kept: run this as the agent's user, or name \
                          another directory in TATUSCAN_STATE_DIR (--state-dir)";
            report.warn(CHECK, format!("{shown} cannot be written: {error}"), advice);
        }
    }
}

/// Which sections can be read.
pub(super) async fn look_inside(options: Options, report: &mut Report) {
    let inventory = Inventory::new(options);
    inventory.read_all().await;
    let read = inventory.hashes().0;
    let names = SectionName::ALL.map(SectionName::as_str);
    let missing: Vec<&str> = names.into_iter().filter(|name| !read.contains_key(*name)).collect();
    if missing.is_empty() {
        return report.ok("inventory", format!("{} sections are read", read.len()));
    }
    let found = format!("{} sections are read, but not {}", read.len(), missing.join(", "));
    report.warn("inventory", found, "The log says why");
}
