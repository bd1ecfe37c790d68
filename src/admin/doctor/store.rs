//! The store: whether it opens, and whether every value in it is what was written.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::machines::Looked;
use crate::admin::database::sql_settings;
use crate::admin::progress;
use crate::clock;
use crate::config::{Database, StorePlace, TlsMode};
use crate::findings::Report;
use crate::model::access::Record;
use crate::store::backup::Backup;
use crate::store::redb::StoreLock;
use crate::store::sql::{Inspection, SqlSource, inspect};
use crate::store::{OpenError, is_sqlite};

const CHECK: &str = "store";
/// How far two clocks may be apart.
const SKEW_S: i64 = 5;

/// What could be read of the store.
pub(super) enum Contents {
    /// Machines and records.
    Read(Vec<Looked>, Vec<Record>),
    /// A server has it.
    InUse,
    /// Nothing.
    None,
}

pub(super) async fn look(place: &StorePlace, zone: Tz, report: &mut Report) -> Contents {
    match &place.database {
        Some(database) => look_at_database(database, zone, report).await,
        None => look_at_file(place, report),
    }
}

fn look_at_file(place: &StorePlace, report: &mut Report) -> Contents {
    let path = place.path();
    let shown = path.display();
    // Held while the file is read: no server begins to write to it.
    let _lock = match StoreLock::take(&path) {
        Ok(lock) => lock,
        Err(OpenError::Locked(_)) => {
            let found = format!(
                "{shown} is in use; it was checked when its server opened it. With the server \
                 stopped it is checked again, and each backup checks what it holds"
            );
            report.ok(CHECK, found);
            return Contents::InUse;
        }
        Err(error) => {
            report.fail(CHECK, error.to_string(), "");
            return Contents::None;
        }
    };
    if path.symlink_metadata().is_err() {
        let marker = place.data_dir.join("tatuscan.instance");
        if marker.exists() {
            let found = format!("{shown} is missing, but an inventory was kept here");
            report.fail(CHECK, found, "Put it back: tatuscan restore FILE");
        } else if is_sqlite(&place.legacy_sqlite) {
            let legacy = place.legacy_sqlite.display();
            report.ok(CHECK, format!("no {shown} yet; the first start copies {legacy} into it"));
        } else {
            report.ok(CHECK, format!("no {shown} yet; the first start makes it"));
        }
        return Contents::None;
    }
    match progress::spin("checking the store", || Backup::of_store(&path)) {
        Ok(store) => {
            let summary = store.summary();
            let journal = if store.has_journal() {
                "; it was not closed, and the newest reports are in its journal"
            } else {
                ""
            };
            let found = format!(
                "{shown}: {} machines, {} inventory sections, {} records, {} entries of the audit log, \
                 every checksum right{journal}",
                summary.machines, summary.sections, summary.records, summary.audit
            );
            report.ok(CHECK, found);
            let snapshot = store.snapshot();
            let machines = snapshot.machines.iter().map(|machine| Looked::from(&**machine));
            Contents::Read(machines.collect(), snapshot.records)
        }
        Err(error) => {
            report.fail(
                CHECK,
                error.to_string(),
                "tatuscan restore FILE --force puts a backup in its place",
            );
            Contents::None
        }
    }
}

async fn look_at_database(database: &Database, zone: Tz, report: &mut Report) -> Contents {
    let settings = sql_settings(database, zone);
    if let Database::Sqlite { path } = database
        && !path.exists()
    {
        report.ok(CHECK, format!("no {} yet; the first start makes it", path.display()));
        return Contents::None;
    }
    let inspection = match inspect(&settings).await {
        Ok(inspection) => inspection,
        Err(error) => {
            let advice = "Start the database, or mend its address, user or password in \
                          SQLALCHEMY_DATABASE_URI";
            report.fail(CHECK, format!("{database}: {error}"), advice);
            return Contents::None;
        }
    };
    look_at_schema(database, &inspection, report);
    look_at_encryption(database, &inspection, report);
    if let Some(theirs) = inspection.now {
        look_at_clock(theirs, report);
    }
    match read(database, zone).await {
        Ok(Some((machines, records))) => Contents::Read(machines, records),
        Ok(None) => Contents::None,
        Err(error) => {
            report.fail(
                "machines",
                format!("{database}: {error:#}"),
                "See what the database's log says",
            );
            Contents::None
        }
    }
}

fn look_at_schema(database: &Database, inspection: &Inspection, report: &mut Report) {
    let Inspection { schema, known_schema, faults, .. } = inspection;
    if !faults.is_empty() {
        let found = format!("{database} is damaged: {}", faults.join("; "));
        report.fail(CHECK, found, "Move the file away, and restore: tatuscan restore FILE");
        return;
    }
    match schema {
        None => report
            .ok(CHECK, format!("{database}: no tables of ours yet; the first start makes them")),
        Some(schema) if schema > known_schema => {
            let found =
                format!("{database} has the schema {schema}, this program knows {known_schema}");
            report.fail(CHECK, found, "Start the newer version again");
        }
        Some(schema) if schema < known_schema => {
            let found = format!(
                "{database} has the schema {schema}; the next start brings it to {known_schema}"
            );
            report.ok(CHECK, found);
        }
        Some(schema) => report.ok(CHECK, format!("{database} answers, schema {schema}")),
    }
}

fn look_at_encryption(database: &Database, inspection: &Inspection, report: &mut Report) {
    const CHECK: &str = "database tls";
    let Database::Server(server) = database else { return };
    let is_here = server.address.is_local();
    let checks = matches!(server.tls.mode, TlsMode::VerifyCa | TlsMode::VerifyFull);
    let advice = "Add sslmode=verify-full (PostgreSQL) or ssl_ca=FILE (MySQL) to \
                  SQLALCHEMY_DATABASE_URI";
    match &inspection.encryption {
        Some(how) if checks && !how.is_empty() => {
            report.ok(CHECK, format!("{how}, and the certificate is checked"))
        }
        _ if is_here => report.ok(CHECK, "the database is on this computer"),
        Some(how) if !how.is_empty() => {
            let found = format!("{how}, but whoever answers is believed");
            report.warn(CHECK, found, advice);
        }
        Some(_) => report.warn(CHECK, "the connection to the database is not encrypted", advice),
        None => report.ok(CHECK, "the database does not say whether the connection is encrypted"),
    }
}

fn look_at_clock(theirs: DateTime<Utc>, report: &mut Report) {
    let apart = (clock::now() - theirs).num_seconds();
    if apart.abs() > SKEW_S {
        let found = format!("this computer's clock and the database's are {} s apart", apart.abs());
        report.warn("clock", found, "Have both follow a time server");
    } else {
        report.ok("clock", "this computer and the database agree");
    }
}

/// Every machine, and the records; `None` where the table is not there yet.
async fn read(database: &Database, zone: Tz) -> anyhow::Result<Option<(Vec<Looked>, Vec<Record>)>> {
    let Some(mut source) = SqlSource::open(sql_settings(database, zone)).await? else {
        return Ok(None);
    };
    let mut machines = Vec::new();
    loop {
        let page = source.next(clock::now()).await?;
        if page.is_empty() {
            return Ok(Some((machines, source.records().to_vec())));
        }
        machines.extend(page.iter().map(Looked::from));
    }
}
