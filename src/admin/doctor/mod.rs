//! `tatuscan doctor`: looks whether all is well, and says what to do. It changes nothing, unless it
//! is asked to make the store's file smaller.

mod backups;
mod directory;
mod machines;
mod proxy;

mod server;
mod settings;
mod store;

use anyhow::{Context as _, bail};

use crate::findings::Report;
use store::Contents;

use super::progress;
use crate::config::{Doctor, StorePlace};
use crate::store::redb::compact;

/// Looks at everything, beside a running server or without one.
///
/// # Errors
/// When the store's file is to be made smaller and cannot be.
pub async fn run(asked: Doctor) -> anyhow::Result<Report> {
    let mut report = Report::default();
    if asked.compact {
        report.ok("compact", make_smaller(&asked.store)?);
    }
    settings::look(&asked, &mut report);
    directory::look(&asked, &mut report);
    let contents = store::look(&asked.store, asked.zone, &mut report).await;
    let is_in_use = matches!(contents, Contents::InUse);
    let running = server::look(&asked.store, is_in_use, &mut report).await;
    let mut records = Vec::new();
    match (contents, &running) {
        (Contents::Read(read, kept), _) => {
            machines::look(&read, &mut report);
            records = kept;
        }
        (Contents::InUse | Contents::None, Some(running)) => running.look(&mut report).await,
        _ => {}
    }
    backups::look(&asked, &records, &mut report);
    proxy::look_at_files(&asked, &mut report);
    proxy::look(&asked, &mut report).await;
    Ok(report)
}

fn make_smaller(place: &StorePlace) -> anyhow::Result<String> {
    if let Some(database) = &place.database {
        bail!("{database} looks after its space itself: --compact is for the embedded store");
    }
    let path = place.path();
    let compacted = progress::spin("making it smaller", || compact(&path));
    let (before, after) =
        compacted.context("--compact needs the server stopped, and a sound store")?;
    Ok(format!("{}: {before} bytes before, {after} now", path.display()))
}
