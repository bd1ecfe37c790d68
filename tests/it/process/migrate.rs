//! `tatuscan migrate`: the real program copies an inventory between every two stores.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use chrono::{NaiveDate, SubsecRound as _};
use sqlx::Connection as _;
use tatuscan::model::access::{Kind, RemovedMachine};
use tatuscan::model::{
    AssetEdit, CustomField, CustomKind, CustomValue, HumanEdit, Labels, Lifecycle, Machine,
    MachineId, MachineQuery, Proof, SectionName,
};
use tatuscan::store::redb::RedbStore;
use tatuscan::store::sql::SqlStore;
use tatuscan::store::{Pace, Store, Transaction, transact};
use tempfile::TempDir;

use super::adoption::{LEGACY, fill, uri};
use crate::store::places::{Database, mysql_database, postgres_database, sqlite_database};
use crate::store::sections::{agree, put};
use crate::support::database::PASSWORD;
use crate::support::edge::{tatuscan, text};
use crate::support::machines::{noon, report, section};

/// Where an inventory is, and how `tatuscan migrate` is told so.
enum Location {
    Embedded(TempDir),
    Sql(Box<Database>),
}

fn sql(database: Database) -> Location {
    Location::Sql(Box::new(database))
}

/// A place for the embedded store.
fn embedded() -> Location {
    Location::Embedded(TempDir::new().unwrap())
}

fn file(directory: &TempDir) -> PathBuf {
    directory.path().join("tatuscan.redb")
}

impl Location {
    fn name(&self) -> String {
        match self {
            Self::Embedded(directory) => file(directory).display().to_string(),
            Self::Sql(database) => uri(database),
        }
    }

    async fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Embedded(directory) => Arc::new(RedbStore::open(&file(directory)).unwrap()),
            Self::Sql(database) => Arc::new(SqlStore::connect(database.settings()).await.unwrap()),
        }
    }

    /// Every machine, by id.
    async fn machines(&self) -> BTreeMap<String, Arc<Machine>> {
        let store = self.open().await;
        let page = store.machines(&MachineQuery::default()).await.unwrap();
        store.close().await;
        page.machines.into_iter().map(|machine| (machine.id.to_string(), machine)).collect()
    }
}

/// One of each kind that is here.
async fn places() -> Vec<Location> {
    let mut places = vec![embedded(), sql(sqlite_database())];
    places.extend(postgres_database().await.map(sql));
    places.extend(mysql_database().await.map(sql));
    places
}

fn migrate(from: &str, to: &str, options: &[&str]) -> Output {
    let directory = TempDir::new().unwrap();
    let mut command = tatuscan(directory.path());
    command.args(["migrate", "--from", from, "--to", to]).args(options);
    command.output().unwrap()
}

fn succeeds(from: &str, to: &str, options: &[&str]) -> String {
    let output = migrate(from, to, options);
    assert!(output.status.success(), "{from} -> {to}: {}", text(&output));
    text(&output)
}

fn fails(from: &str, to: &str, options: &[&str]) -> String {
    let output = migrate(from, to, options);
    assert_eq!(output.status.code(), Some(1), "{from} -> {to}: {}", text(&output));
    text(&output)
}

/// What every store keeps exactly: times to the second, loads to a hundredth.
fn comparable(machine: &Machine) -> Machine {
    let mut machine = machine.clone();
    machine.created_at = machine.created_at.trunc_subsecs(0);
    machine.updated_at = machine.updated_at.map(|at| at.trunc_subsecs(0));
    machine.human.computer_activation =
        machine.human.computer_activation.map(|at| at.trunc_subsecs(0));
    machine.cpu_percent = (machine.cpu_percent * 100.0).round() / 100.0;
    machine
}

fn same(found: &BTreeMap<String, Arc<Machine>>, expected: &BTreeMap<String, Arc<Machine>>) {
    assert_eq!(found.len(), expected.len());
    for (id, machine) in expected {
        assert_eq!(comparable(&found[id]), comparable(machine), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inventory_moves_between_every_two_stores() {
    let original = sqlite_database();
    fill(&original, "sqlite.db").await;
    let sources = places().await;
    let mut expected = None;
    for source in &sources {
        let said = succeeds(&uri(&original), &source.name(), &[]);
        assert!(said.contains("copied 250 machines"), "{said}");
        assert!(said.contains("read again: 250 machines, checksum"), "{said}");
        let machines = source.machines().await;
        same(&machines, expected.get_or_insert_with(|| machines.clone()));
    }
    let expected = expected.unwrap();
    assert!(expected.values().any(|machine| machine.human.computer_activation.is_some()));
    for source in &sources {
        for target in places().await {
            let said = succeeds(&source.name(), &target.name(), &[]);
            assert!(said.contains("checksum"), "{said}");
            same(&target.machines().await, &expected);
        }
    }
}

/// What the original's table has no columns for comes along: details, what people keep, and records.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_originals_table_does_not_hold_moves_too() {
    let from = embedded();
    let store = from.open().await;
    let mut mine = report("m1", 0);
    mine.interval_s = Some(300);
    mine.proof = Proof::Signature;
    store.record_reports(vec![mine, report("m2", 0), report("gone", 0)]).await.unwrap();
    let kept = AssetEdit {
        add_tags: vec!["ção 😀".into()],
        notes: Some(Some("first\nsecond".into())),
        lifecycle: Some(Lifecycle::Retired),
        purchase_date: Some(NaiveDate::from_ymd_opt(2024, 2, 29)),
        custom: [("rack".into(), Some(CustomValue::Number(0.1 + 0.2)))].into(),
        ..AssetEdit::default()
    };
    let edit = HumanEdit { activation_days: Some(Some(90)), asset: kept, ..HumanEdit::default() };
    store.edit_machine(&MachineId::stored("m1"), edit.clone()).await.unwrap();
    let gone = store.edit_machine(&MachineId::stored("gone"), edit).await.unwrap();
    store.delete_machine(&gone.id).await.unwrap();
    for (id, text) in [("m1", r#"["ção 😀"]"#), ("m2", "[]")] {
        let software = section(SectionName::Software, text, 7);
        put(&*store, &MachineId::stored(id), software, Some(id)).await.unwrap();
    }
    let sections = agree(&*store).await;
    let put = move |transaction: &mut Transaction<'_>| {
        transaction.put_record(CustomField {
            key: "rack".into(),
            kind: CustomKind::Number,
            labels: Labels::default(),
            order: 3,
        });
        let (machine, removed_by) = (Arc::clone(&gone), "user ana".into());
        transaction.put_record(RemovedMachine { machine, removed_at: noon(), removed_by });
        Ok(())
    };
    transact(&*store, Pace::AtOnce, put).await.unwrap();
    let records = async |store: &dyn Store| {
        let fields = store.records(Kind::CustomField).await.unwrap();
        let removed = store.records(Kind::RemovedMachine).await.unwrap();
        assert_eq!((fields.len(), removed.len()), (1, 1));
        (fields, removed)
    };
    let expected = records(&*store).await;
    store.close().await;
    drop(store);
    let machines = from.machines().await;
    let mut from = from;
    for to in places().await.into_iter().chain([embedded()]) {
        let said = succeeds(&from.name(), &to.name(), &[]);
        assert!(said.contains("2 inventory sections, and 2 records"), "{said}");
        same(&to.machines().await, &machines);
        assert_eq!(to.machines().await["m1"].human.asset, machines["m1"].human.asset);
        let store = to.open().await;
        assert_eq!(records(&*store).await, expected);
        assert_eq!(agree(&*store).await, sections);
        store.close().await;
        from = to;
    }
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let directory = TempDir::new().unwrap();
    let original = sqlite_database();
    fill(&original, "sqlite.db").await;
    let target = directory.path().join("to.redb");
    let said = succeeds(&uri(&original), &target.display().to_string(), &["--dry-run"]);
    assert!(said.contains("would copy 250 machines"), "{said}");
    assert!(said.contains("which holds 0"), "{said}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "{said}");

    let full = sqlite_database();
    succeeds(&uri(&original), &uri(&full), &[]);
    let said = succeeds(&uri(&original), &uri(&full), &["--dry-run"]);
    assert!(said.contains("which holds 250"), "{said}");
}

#[tokio::test]
async fn what_a_target_holds_is_removed_only_by_force() {
    let original = sqlite_database();
    fill(&original, "sqlite.db").await;
    for target in places().await {
        let store = target.open().await;
        store.record_reports(vec![report("mine", 0)]).await.unwrap();
        let mine = CustomField {
            key: "mine".into(),
            kind: CustomKind::Text,
            labels: Labels::default(),
            order: 0,
        };
        let put = move |transaction: &mut Transaction<'_>| {
            transaction.put_record(mine.clone());
            Ok(())
        };
        transact(&*store, Pace::AtOnce, put).await.unwrap();
        store.close().await;
        drop(store);
        let said = fails(&uri(&original), &target.name(), &[]);
        assert!(said.contains("holds 1 machine"), "{said}");
        assert!(said.contains("--force"), "{said}");
        assert_eq!(target.machines().await.len(), 1);

        let said = succeeds(&uri(&original), &target.name(), &["--force"]);
        assert!(said.contains("removed before"), "{said}");
        let machines = target.machines().await;
        assert_eq!(machines.len(), 250);
        assert!(!machines.contains_key("mine"));
        let store = target.open().await;
        assert!(store.records(Kind::CustomField).await.unwrap().is_empty());
        store.close().await;
    }
}

/// What people keep is not left behind in silence: a table of ours that cannot be read is an error, and
/// a target with nothing but people in it is not an empty one.
#[tokio::test]
async fn nobody_is_lost_on_the_way() {
    let field = |transaction: &mut Transaction<'_>| {
        transaction.put_record(CustomField {
            key: "rack".into(),
            kind: CustomKind::Text,
            labels: Labels::default(),
            order: 0,
        });
        Ok(())
    };
    let from = sqlite_database();
    let source = sql(from);
    let store = source.open().await;
    store.record_reports(vec![report("a", 0)]).await.unwrap();
    transact(&*store, Pace::AtOnce, field).await.unwrap();
    store.close().await;
    drop(store);
    let path = source.name().replace("sqlite:///", "sqlite://");
    let mut connection = sqlx::SqliteConnection::connect(&path).await.unwrap();
    sqlx::raw_sql("ALTER TABLE tatuscan_records RENAME TO away")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let target = embedded();
    let output = migrate(&source.name(), &target.name(), &[]);
    let said = crate::support::edge::text(&output);
    assert!(!output.status.success() && said.contains("tatuscan_records"), "{said}");

    let original = sqlite_database();
    fill(&original, "sqlite.db").await;
    for target in places().await {
        let store = target.open().await;
        transact(&*store, Pace::AtOnce, field).await.unwrap();
        store.close().await;
        drop(store);
        let said = fails(&uri(&original), &target.name(), &[]);
        assert!(said.contains("0 machines and 1 users") && said.contains("--force"), "{said}");
        succeeds(&uri(&original), &target.name(), &["--force"]);
        let store = target.open().await;
        assert!(store.records(Kind::CustomField).await.unwrap().is_empty());
        store.close().await;
    }
}

/// Tables of the original's first versions: fewer columns, other capitals, dates that are none.
#[tokio::test]
async fn an_older_table_is_read_as_far_as_it_goes() {
    let old = sqlite_database();
    let mut connection = sqlx::SqliteConnection::connect(&format!(
        "{}?mode=rwc",
        uri(&old).replace("sqlite:///", "sqlite://")
    ))
    .await
    .unwrap();
    sqlx::raw_sql(
        "CREATE TABLE Inventory (MACHINE_ID VARCHAR(64), HostName VARCHAR(255), ip VARCHAR(45), \
         OS VARCHAR(50), Created_At TEXT, updated_at TEXT, notes TEXT); \
         INSERT INTO Inventory VALUES \
         ('a', 'LAB-1', '10.0.0.1', 'windows', '2024-01-02 03:04:05', 'yesterday', 'x'), \
         ('b', 'LAB-2', '', 'linux', NULL, '2024-05-06 07:08:09.5', NULL), \
         (NULL, 'nobody', '', '', NULL, NULL, NULL)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    let before = match &old.address {
        tatuscan::store::sql::Address::Sqlite(path) => fs::read(path).unwrap(),
        _ => unreachable!(),
    };
    let target = embedded();
    let said = succeeds(&uri(&old), &target.name(), &[]);
    assert!(said.contains("copied 2 machines"), "{said}");
    assert!(said.contains("warning: the table has no column os_version"), "{said}");
    assert!(said.contains("warning: a: updated_at is no date and is left out"), "{said}");
    assert!(said.contains("warning: b: has no created_at; it is now"), "{said}");
    let machines = target.machines().await;
    assert_eq!(machines["a"].hostname, "LAB-1");
    assert_eq!(machines["a"].updated_at, None);
    // 03:04:05 in America/Cuiaba, which was four hours behind.
    assert_eq!(machines["a"].created_at.to_rfc3339(), "2024-01-02T07:04:05+00:00");
    assert_eq!(machines["b"].updated_at.unwrap().to_rfc3339(), "2024-05-06T11:08:09.500+00:00");
    match &old.address {
        tatuscan::store::sql::Address::Sqlite(path) => assert!(fs::read(path).unwrap() == before),
        _ => unreachable!(),
    }
}

#[tokio::test]
async fn what_cannot_be_copied_is_said_without_a_password() {
    let directory = TempDir::new().unwrap();
    let target = directory.path().join("to.redb").display().to_string();
    let away = format!("postgresql://keeper:{PASSWORD}@127.0.0.1:1/tatuscan");
    let elsewhere = format!("sqlite:///{}", directory.path().join("x.db").display());
    let original = format!("sqlite:///{LEGACY}/sqlite.db");
    for (from, to, why) in [
        (away.as_str(), target.as_str(), "onnection refused"),
        (&original, &away, "onnection refused"),
        (&target, &elsewhere, "there is no"),
    ] {
        let output = migrate(from, to, &[]);
        let said = text(&output);
        assert!(!output.status.success(), "{said}");
        assert!(said.contains(why), "{said}");
        assert!(!said.contains(PASSWORD), "{said}");
    }
    let output = migrate(&original, &original, &[]);
    assert!(text(&output).contains("the same store"), "{}", text(&output));
    let output = migrate(&original, "elsewhere.txt", &[]);
    assert!(text(&output).contains("--to"), "{}", text(&output));
    let nothing = sqlite_database();
    let path = uri(&nothing).replace("sqlite:///", "");
    let connection = sqlx::SqliteConnection::connect(&format!("sqlite://{path}?mode=rwc"));
    sqlx::raw_sql("CREATE TABLE other (id)").execute(&mut connection.await.unwrap()).await.unwrap();
    let said = fails(&uri(&nothing), &target, &[]);
    assert!(said.contains("no table \"inventory\""), "{said}");
    assert!(!Path::new(&target).exists(), "nothing was made");
}

#[tokio::test]
async fn where_no_store_is_named_to_read_it_is_the_servers_own() {
    let directory = TempDir::new().unwrap();
    let store = RedbStore::open(&file(&directory)).unwrap();
    store.record_reports(vec![report("a", 0)]).await.unwrap();
    store.close().await;
    drop(store);
    let copy = directory.path().join("copy.db");
    let mut command = tatuscan(directory.path());
    command.args(["migrate", "--to", &format!("sqlite:///{}", copy.display())]);
    let output = command.env("TATUSCAN_DB_DIR", directory.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("tatuscan.redb") && copy.exists(), "{}", text(&output));
}
