//! Whether there is a backup, how old it is, and whether it can be read.

use chrono::TimeDelta;

use super::directory::look_at_space;
use crate::admin::progress;
use crate::clock;
use crate::config::{BackupSchedule, Doctor};
use crate::findings::Report;
use crate::jobs::newest;
use crate::model::BackupRun;
use crate::model::access::{Kept as _, Record};
use crate::store::backup::Backup;

const CHECK: &str = "backups";

pub(super) fn look(settings: &Doctor, records: &[Record], report: &mut Report) {
    let schedule = settings.serve.as_ref().ok().and_then(|serve| serve.backups.as_ref());
    let Some(schedule) = schedule else {
        let advice = "Set TATUSCAN_BACKUP_DIR, or have `tatuscan backup FILE` run once a day";
        return report.warn(CHECK, "the server takes no backups by itself", advice);
    };
    let run = records.iter().find_map(BackupRun::of);
    if let Some(error) = run.and_then(|run| run.error.as_ref()) {
        report.fail(CHECK, format!("the last one failed: {error}"), "Mend that; it is tried again");
    }
    look_at_newest(schedule, report);
}

fn look_at_newest(schedule: &BackupSchedule, report: &mut Report) {
    let BackupSchedule { directory, every, keep } = schedule;
    let shown = directory.display();
    let now = clock::now();
    let found = match newest(directory, now) {
        Ok(Some(found)) => found,
        Ok(None) => {
            let advice = "The server takes the first one right after its start: look at its log";
            return report.warn(CHECK, format!("there is none in {shown}"), advice);
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return report.warn(CHECK, format!("{shown} is not there yet"), "Start the server");
        }
        Err(error) => {
            let advice = "Give it to the user that the server runs as";
            return report.fail(CHECK, format!("{shown} cannot be read: {error}"), advice);
        }
    };
    let (file, moment) = found;
    look_at_space("backup space", directory, 0, report);
    let age = now - moment;
    let hours = age.num_hours();
    let late = TimeDelta::from_std(*every).unwrap_or(TimeDelta::MAX).checked_mul(2);
    if late.is_some_and(|late| age > late) {
        let found = format!("the newest is {hours} hours old, but one is due every {every:?}");
        report.fail(CHECK, found, "Start the server, and look at its log");
    }
    match progress::spin("reading the newest backup", || Backup::open(&file)) {
        Ok(backup) => {
            let machines = backup.summary().machines;
            let found = format!(
                "{}: {hours} hours old, {machines} machines, every checksum right; {keep} are kept",
                file.display()
            );
            report.ok(CHECK, found);
        }
        Err(error) => report.fail(CHECK, error.to_string(), "tatuscan backup FILE"),
    }
}
