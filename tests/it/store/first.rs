//! What the first versions wrote is still read.

use std::fs;
use std::path::Path;

use sqlx::Connection as _;
use tatuscan::model::access::{Kind, RemovedMachine};
use tatuscan::model::{AssetEdit, HumanEdit, Lifecycle, MachineId, MachineQuery, SectionName};
use tatuscan::store::redb::RedbStore;
use tatuscan::store::sql::{Address, SqlStore};
use tatuscan::store::{self, Store};

use super::places::sqlite_database;
use super::sections::{agree, put};
use crate::support::machines::{report, section};

const STORES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/first");

/// Unpacks a store that the program wrote before machines had tags, places and owners.
async fn unpack(name: &str, directory: &Path) {
    use async_compression::tokio::write::ZstdDecoder;
    use tokio::io::AsyncWriteExt as _;
    for file in fs::read_dir(format!("{STORES}/{name}")).unwrap() {
        let packed = file.unwrap().path();
        let mut decoder = ZstdDecoder::new(Vec::new());
        decoder.write_all(&fs::read(&packed).unwrap()).await.unwrap();
        decoder.shutdown().await.unwrap();
        let name = packed.file_stem().unwrap();
        fs::write(directory.join(name), decoder.into_inner()).unwrap();
    }
}

fn id(text: &str) -> MachineId {
    MachineId::stored(text)
}

fn retire() -> HumanEdit {
    let asset = AssetEdit { lifecycle: Some(Lifecycle::Retired), ..AssetEdit::default() };
    HumanEdit { asset, ..HumanEdit::default() }
}

/// One that was closed in order, and one whose journal was not folded because it was killed.
#[tokio::test]
async fn a_store_of_the_first_version_opens_and_goes_on() {
    for name in ["folded", "unfolded"] {
        let directory = tempfile::tempdir().unwrap();
        unpack(name, directory.path()).await;
        let path = directory.path().join("tatuscan.redb");
        let mut store = RedbStore::open(&path).unwrap();
        for round in 0..2 {
            let page = store.machines(&MachineQuery::default()).await.unwrap();
            let ids: Vec<_> = page.machines.iter().map(|machine| machine.id.as_str()).collect();
            assert_eq!(ids, ["old-1", "old-3"], "{name}");
            let first = &page.machines[0];
            assert_eq!(first.hostname, "lab-01 ção");
            assert_eq!(first.human.computer_model.as_deref(), Some("Dell 7090"));
            assert_eq!((first.human.activation_days, first.interval_s), (Some(7), Some(300)));
            let expected = [Lifecycle::Active, Lifecycle::Retired][round];
            assert_eq!(first.human.asset.lifecycle, expected, "{name}");
            assert!(page.machines[1].human.asset.is_empty());
            let removed = store::record::<RemovedMachine>(&store, "old-2").await.unwrap().unwrap();
            assert_eq!(removed.machine.hostname, "lab-02 ção");
            assert!(!store.records(Kind::Founding).await.unwrap().is_empty(), "{name}");
            let kept = agree(&store).await;
            assert_eq!(kept.len(), round, "{name}");
            if round == 0 {
                store.edit_machine(&id("old-1"), retire()).await.unwrap();
                let cpu = section(SectionName::Cpu, "{}", 0);
                put(&store, &id("old-1"), cpu, None).await.unwrap();
                store.close().await;
                drop(store);
                store = RedbStore::open(&path).unwrap();
            }
        }
    }
}

/// What is beside the original's table is as the first version wrote it, or as a later one did.
#[tokio::test]
async fn details_of_other_versions_are_read_and_kept() {
    let database = sqlite_database();
    let store = SqlStore::connect(database.settings()).await.unwrap();
    store.record_reports(vec![report("a", 0), report("b", 0)]).await.unwrap();
    store.close().await;
    drop(store);
    let Address::Sqlite(path) = &database.address else { unreachable!() };
    let url = format!("sqlite://{}", path.display());
    let mut beside = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let written = r#"INSERT INTO tatuscan_machines (machine_id, details) VALUES
        ('a', '{"interval_s":300}'),
        ('b', '{"site":"Norte","shelf":{"row":7},"lifecycle":"borrowed","custom":{"x":[1]}}')"#;
    sqlx::raw_sql(written).execute(&mut beside).await.unwrap();

    let store = SqlStore::connect(database.settings()).await.unwrap();
    let a = store.machine(&id("a")).await.unwrap();
    assert_eq!((a.interval_s, a.human.asset.is_empty()), (Some(300), true));
    let b = store.machine(&id("b")).await.unwrap();
    assert_eq!(b.human.asset.site.as_deref(), Some("Norte"));
    assert_eq!(b.human.asset.lifecycle, Lifecycle::Active);
    let again = tatuscan::model::Report { interval_s: Some(60), ..report("b", 60) };
    store.record_reports(vec![again]).await.unwrap();
    store.edit_machine(&id("a"), retire()).await.unwrap();
    store.close().await;
    let details = async |beside: &mut sqlx::SqliteConnection, id: &str| -> serde_json::Value {
        let sql = "SELECT details FROM tatuscan_machines WHERE machine_id = ?";
        let text: String = sqlx::query_scalar(sql).bind(id).fetch_one(beside).await.unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let a = details(&mut beside, "a").await;
    assert_eq!(a, serde_json::json!({"interval_s": 300, "lifecycle": "retired"}));
    let b = details(&mut beside, "b").await;
    let later = serde_json::json!({"interval_s": 60, "site": "Norte", "shelf": {"row": 7},
        "lifecycle": "borrowed", "custom": {"x": [1]}});
    assert_eq!(b, later, "what a later version wrote stays");
}
