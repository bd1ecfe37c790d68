//! `tatuscan doctor`: what it sees, and what it says to do.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sqlx::Connection as _;
use tatuscan::clock;
use tatuscan::model::{MachineId, Report};
use tatuscan::store::redb::RedbStore;

use super::{Place, names};
use crate::process::uri;
use crate::store::places::sqlite_database;
use crate::support::database::{DatabaseServer, Kind};
use crate::support::edge::text;
use crate::support::machines::report;
use crate::support::process::ServerProcess;
use crate::support::tls::{Authority, expired, params};

/// How the doctor ended, and its findings: check -> verdict and the line without spaces at its ends.
fn examine(mut command: Command) -> (i32, Vec<(String, String, String)>) {
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    let findings = said.lines().map(|line| {
        let (verdict, rest) = line.split_once("  ").unwrap_or_else(|| panic!("{}", text(&output)));
        let (check, found) = rest.trim().split_once("  ").unwrap_or((rest.trim(), ""));
        (verdict.trim().to_owned(), check.trim().to_owned(), found.trim().to_owned())
    });
    (output.status.code().unwrap(), findings.collect())
}

/// The findings about one thing.
fn about<'a>(findings: &'a [(String, String, String)], check: &str) -> Vec<(&'a str, &'a str)> {
    let mine = findings.iter().filter(|(_, about, _)| about == check);
    mine.map(|(verdict, _, found)| (verdict.as_str(), found.as_str())).collect()
}

/// Fails unless a finding about `check` has this verdict and holds this text.
#[track_caller]
fn has(findings: &[(String, String, String)], check: &str, verdict: &str, text: &str) {
    let mine = about(findings, check);
    let is_there = mine.iter().any(|(is, found)| *is == verdict && found.contains(text));
    assert!(is_there, "{check} {verdict} {text:?} is not in {findings:#?}");
}

fn doctor(place: &Place) -> Command {
    let mut command = place.program(&["doctor"]);
    command.env("TATUSCAN_BIND", "127.0.0.1");
    command
}

/// Every file of a directory, byte for byte.
fn bytes(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let read = |name: String| {
        let bytes = fs::read(directory.join(&name)).unwrap_or_default();
        (name, bytes)
    };
    names(directory).into_iter().map(read).collect()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A place as a server that was started in it and stopped leaves it.
async fn place_of(place: Place) -> Place {
    drop(ServerProcess::spawn(place.serve()));
    place.fill(12).await;
    set_mode(place.path(), 0o700);
    place
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_inventory_is_found_sound_without_a_server_and_beside_one() {
    for place in Place::all().await {
        let place = place_of(place).await;
        let before = bytes(place.path());
        let (code, findings) = examine(doctor(&place));
        assert_eq!(code, 0, "{findings:#?}");
        assert_eq!(bytes(place.path()), before, "it only looks");
        has(&findings, "settings", "ok", "nothing unknown");
        has(&findings, "directory", "ok", "mode 0700");
        has(&findings, "permissions", "ok", "");
        has(&findings, "machines", "ok", "nothing odd in 12 machines");
        has(&findings, "backups", "warn", "TATUSCAN_BACKUP_DIR");
        let store = if place.database.is_some() { "schema 2" } else { "every checksum right" };
        has(&findings, "store", "ok", store);

        let server = ServerProcess::spawn(place.serve());
        let (code, findings) = examine(doctor(&place));
        assert_eq!(code, 0, "{findings:#?}");
        has(&findings, "server", "ok", "its store works");
        has(&findings, "machines", "ok", "nothing odd in 12 machines");
        let store = if place.database.is_some() { "schema 2" } else { "is in use" };
        has(&findings, "store", "ok", store);
        server.kill();
        let (code, findings) = examine(doctor(&place));
        assert_eq!(code, 0, "{findings:#?}");
        has(&findings, "server", "ok", "was killed");
    }
}

#[test]
fn where_nothing_is_nothing_is_made() {
    let place = Place::embedded();
    let mut command = doctor(&place);
    command.env("TATUSCAN_DB_DIR", place.path().join("nowhere"));
    let (code, findings) = examine(command);
    assert_eq!(code, 0, "{findings:#?}");
    has(&findings, "directory", "ok", "the first start makes it");
    has(&findings, "store", "ok", "the first start makes it");
    assert!(names(place.path()).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_the_files_is_said_with_what_to_do() {
    let place = place_of(Place::embedded()).await;
    set_mode(&place.path().join("admin.token"), 0o644);
    set_mode(place.path(), 0o755);
    let (code, findings) = examine(doctor(&place));
    assert_eq!(code, 0, "{findings:#?}");
    has(&findings, "permissions", "warn", "chmod 0600");
    has(&findings, "directory", "warn", "chmod 0700");

    let whole = fs::read(place.file()).unwrap();
    let at = whole.windows(7).rposition(|bytes| bytes == b"host-m5").unwrap();
    let mut damaged = whole.clone();
    damaged[at] ^= 1;
    fs::write(place.file(), &damaged).unwrap();
    let (code, findings) = examine(doctor(&place));
    assert_eq!(code, 1, "{findings:#?}");
    has(&findings, "store", "FAIL", "damaged");
    has(&findings, "store", "FAIL", "tatuscan restore");
    assert_eq!(fs::read(place.file()).unwrap(), damaged);

    fs::remove_file(place.file()).unwrap();
    let (code, findings) = examine(doctor(&place));
    assert_eq!(code, 1, "{findings:#?}");
    has(&findings, "store", "FAIL", "is missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slips_in_the_settings_are_found() {
    let place = place_of(Place::embedded()).await;
    let mut command = doctor(&place);
    command.env("TATUSCAN_PROT", "8040").env("TATUSCAN_SOMETHING_ELSE", "1");
    command.env("GUNICORN_WORKERS", "4").env("TATUSCAN_SERVICE_HOST", "10.0.0.1");
    let (code, findings) = examine(command);
    assert_eq!(code, 0, "{findings:#?}");
    has(&findings, "settings", "warn", "nothing reads TATUSCAN_PROT. Did you mean TATUSCAN_PORT?");
    has(&findings, "settings", "warn", "nothing reads TATUSCAN_SOMETHING_ELSE");
    has(&findings, "settings", "warn", "GUNICORN_WORKERS: ignored");
    has(&findings, "settings", "warn", "enableServiceLinks");
    let mut command = doctor(&place);
    command.env("TATUSCAN_AUTH", "open");
    let (code, findings) = examine(command);
    assert_eq!(code, 1, "{findings:#?}");
    has(&findings, "settings", "FAIL", "TATUSCAN_AUTH");
}

/// Rows of an adopted database that would not be taken today are named, both ways, and the names
/// cannot draw on the terminal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_rows_of_an_older_database_are_named() {
    let database = sqlite_database();
    let url = uri(&database).replace("sqlite:///", "sqlite://");
    let mut old = sqlx::SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
    sqlx::raw_sql(
        "CREATE TABLE inventory (machine_id TEXT PRIMARY KEY, hostname TEXT, ip TEXT, os TEXT, \
         os_version TEXT, cpu_percent FLOAT, memory_total_mb BIGINT, memory_used_mb BIGINT, \
         computer_model TEXT, computer_activation TEXT, activation_days INTEGER, created_at TEXT, \
         updated_at TEXT); \
         INSERT INTO inventory VALUES \
         ('hot', 'a', '', 'linux', '', 9e999, 1, 1, NULL, NULL, NULL, '2024-01-01 00:00:00', NULL), \
         ('an id\x1b[2J', 'b', '', 'x', '', 1, 1, 1, NULL, NULL, NULL, '2024-01-01 00:00:00', NULL), \
         ('debt', 'c', '', 'x', '', 1, -5, 1, NULL, NULL, NULL, '2024-01-01 00:00:00', NULL)",
    )
    .execute(&mut old)
    .await
    .unwrap();
    old.close().await.unwrap();
    let place = Place::sql(database);
    let check = |findings: &[(String, String, String)]| {
        has(findings, "machines", "warn", "1 with a load that is no number: hot");
        has(findings, "machines", "warn", "1 with memory below zero: debt");
        has(findings, "machines", "warn", "an id\\u{1b}[2J");
    };
    let (code, findings) = examine(doctor(&place));
    assert_eq!(code, 0, "{findings:#?}");
    check(&findings);

    // The same in the embedded store, without its server and beside it.
    let embedded = Place::embedded();
    place.succeeds(&["backup", "odd.redb"]);
    let file = place.path().join("odd.redb");
    embedded.succeeds(&["restore", file.to_str().unwrap()]);
    check(&examine(doctor(&embedded)).1);
    let server = ServerProcess::spawn(embedded.serve());
    check(&examine(doctor(&embedded)).1);
    drop(server);
}

#[tokio::test]
async fn a_wrong_clock_is_seen_by_reports_from_the_future() {
    let place = Place::embedded();
    let store = RedbStore::open(&place.file()).unwrap();
    let received_at = clock::now() + chrono::TimeDelta::days(2);
    let id = MachineId::stored("early");
    let early = Report { received_at, id, ..report("", 0) };
    tatuscan::store::Store::record_reports(&store, vec![early]).await.unwrap();
    tatuscan::store::Store::close(&store).await;
    drop(store);
    let (_, findings) = examine(doctor(&place));
    has(&findings, "machines", "warn", "1 that reported in the future: early");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_are_looked_at() {
    let place = place_of(Place::embedded()).await;
    let directory = place.path().join("backups");
    let with = || {
        let mut command = doctor(&place);
        command.env("TATUSCAN_BACKUP_DIR", &directory);
        command
    };
    let (code, findings) = examine(with());
    assert_eq!(code, 0, "{findings:#?}");
    has(&findings, "backups", "warn", "is not there yet");
    fs::create_dir(&directory).unwrap();
    has(&examine(with()).1, "backups", "warn", "there is none");
    place.succeeds(&["backup", "backups/tatuscan-20200101T000000Z.redb"]);
    let (code, findings) = examine(with());
    assert_eq!(code, 1, "{findings:#?}");
    has(&findings, "backups", "FAIL", "hours old, but one is due every");
    let now = clock::now().format("tatuscan-%Y%m%dT%H%M%SZ.redb").to_string();
    let newest = directory.join(now);
    fs::copy(directory.join("tatuscan-20200101T000000Z.redb"), &newest).unwrap();
    let (code, findings) = examine(with());
    assert_eq!(code, 0, "{findings:#?}");
    has(&findings, "backups", "ok", "12 machines, every checksum right");
    let half = fs::read(&newest).unwrap();
    fs::write(&newest, &half[..half.len() / 2]).unwrap();
    let (code, findings) = examine(with());
    assert_eq!(code, 1, "{findings:#?}");
    has(&findings, "backups", "FAIL", "damaged");

    // What failed in the server is known without it too.
    fs::remove_dir_all(&directory).unwrap();
    fs::write(&directory, "in the way").unwrap();
    let mut serve = place.serve();
    serve.env("TATUSCAN_BACKUP_DIR", &directory);
    let mut server = ServerProcess::spawn(serve);
    server.wait_for("a backup failed");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while about(&examine(with()).1, "backups").iter().all(|(_, found)| !found.contains("failed")) {
        assert!(std::time::Instant::now() < until);
    }
    server.kill();
    has(&examine(with()).1, "backups", "FAIL", "the last one failed: ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_or_newer_is_said_without_its_password() {
    let place = Place::embedded();
    let mut command = doctor(&place);
    let uri = "postgresql://keeper:s3cr3t@127.0.0.1:1/tatuscan";
    command.env("SQLALCHEMY_DATABASE_URI", uri);
    let (code, findings) = examine(command);
    assert_eq!(code, 1, "{findings:#?}");
    has(&findings, "store", "FAIL", "keeper:***@127.0.0.1");
    assert!(!format!("{findings:?}").contains("s3cr3t"));

    let place = place_of(Place::sql(sqlite_database())).await;
    let url = crate::process::uri(place.database.as_ref().unwrap());
    let url = url.replace("sqlite:///", "sqlite://");
    let mut database = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let newer = "UPDATE tatuscan_meta SET value = 99 WHERE name = 'schema'";
    sqlx::raw_sql(newer).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    let (code, findings) = examine(doctor(&place));
    assert_eq!(code, 1, "{findings:#?}");
    has(&findings, "store", "FAIL", "has the schema 99");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_runs_out_is_said_before_it_does() {
    let place = place_of(Place::embedded()).await;
    let authority = Authority::new("school");
    let mut soon = params();
    let end = clock::now() + chrono::TimeDelta::days(5);
    let date = |at: chrono::DateTime<chrono::Utc>| {
        use chrono::Datelike as _;
        let (month, day) = (at.month().try_into().unwrap(), at.day().try_into().unwrap());
        rcgen::date_time_ymd(at.year(), month, day)
    };
    (soon.not_before, soon.not_after) = (date(end - chrono::TimeDelta::days(60)), date(end));
    for (name, params, code, verdict, advice) in [
        ("gone", expired(), 1, "FAIL", "It has run out"),
        ("soon", soon, 0, "warn", "Renew it"),
        ("good", params(), 0, "ok", "its certificate ends on"),
    ] {
        let pair = authority.issue(place.path(), name, &params);
        let mut command = doctor(&place);
        command.env("TATUSCAN_TLS_CERT", &pair.certificate).env("TATUSCAN_TLS_KEY", &pair.key);
        let (is, findings) = examine(command);
        assert_eq!(is, code, "{findings:#?}");
        has(&findings, "certificate", verdict, advice);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_is_made_smaller_while_the_server_is_stopped() {
    let place = place_of(Place::embedded()).await;
    let store = place.open().await;
    let reports = (0..30_000).map(|number| report(&format!("x{number}"), 0)).collect();
    store.record_reports(reports).await.unwrap();
    // Closed, everything is in the file.
    drop(store);
    let store = place.open().await;
    let ids: Vec<_> = (0..30_000).map(|number| MachineId::stored(&format!("x{number}"))).collect();
    tatuscan::store::transact(&*store, tatuscan::store::Pace::AtOnce, move |transaction| {
        for id in &ids {
            transaction.delete_machine(id)?;
        }
        Ok(())
    })
    .await
    .unwrap();
    drop(store);
    let before = fs::metadata(place.file()).unwrap().len();
    let server = ServerProcess::spawn(place.serve());
    let said = place.fails(3, &["doctor", "--compact"]);
    assert!(said.contains("needs the server stopped"), "{said}");
    server.kill();
    let said = place.succeeds(&["doctor", "--compact"]);
    let after = fs::metadata(place.file()).unwrap().len();
    assert!(said.contains(&format!("{after} now")), "{said}");
    assert!(after < before / 2, "{before} {after}");
    assert!(said.contains("12 machines"), "{said}");
    let sql = Place::sql(sqlite_database());
    let said = sql.fails(1, &["doctor", "--compact"]);
    assert!(said.contains("looks after its space itself"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_get_json() {
    let place = place_of(Place::embedded()).await;
    let output = place.run(&["doctor", "--json"]);
    assert!(output.status.success(), "{}", text(&output));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["result"], "warn");
    let checks = found["checks"].as_array().unwrap();
    let store = checks.iter().find(|check| check["check"] == "store").unwrap();
    assert_eq!(store["verdict"], "ok");
    assert!(store["found"].as_str().unwrap().contains("12 machines"));
    assert!(store.get("advice").is_none());
    fs::write(place.file(), "Dear diary").unwrap();
    let output = place.run(&["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["result"], "fail");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_the_connection_to_a_database_is_encrypted_is_said() {
    for (kind, checked) in
        [(Kind::Postgres, "sslmode=verify-full&sslrootcert"), (Kind::Mysql, "ssl_ca")]
    {
        let authority = Authority::new("ours");
        let Some(database) = DatabaseServer::start_with(kind, Some(&authority)) else { continue };
        let place = Place::embedded();
        let ca = authority.write(place.path(), "ours");
        let examine = |options: String| {
            let mut command = doctor(&place);
            let uri = format!("{}?{options}", database.uri());
            command.env("SQLALCHEMY_DATABASE_URI", uri);
            examine(command)
        };
        let (code, findings) = examine(format!("{checked}={}", ca.display()));
        assert_eq!(code, 0, "{findings:#?}");
        has(&findings, "database tls", "ok", "TLS");
        has(&findings, "database tls", "ok", "the certificate is checked");
        has(&findings, "store", "ok", "the first start makes them");
        has(&findings, "clock", "ok", "agree");
        let (_, findings) = examine(String::new());
        has(&findings, "database tls", "ok", "on this computer");
    }
}
