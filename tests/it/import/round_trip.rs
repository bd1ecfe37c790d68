//! What an export writes is read back: as it is nothing changes, and what was lost comes back.

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tatuscan::model::with_tags;

use super::import;
use crate::export::open_to_all;
use crate::export::rows::any_kept;
use crate::query::any_report;
use crate::store::places::{self, Place};
use crate::support::server::Server;

#[tokio::test]
async fn an_export_is_imported_as_it_was() {
    there_and_back(places::plain().await).await;
}

#[tokio::test]
async fn an_export_of_sqlite_is_imported_as_it_was() {
    there_and_back(places::sqlite().await).await;
}

#[tokio::test]
async fn an_export_of_postgres_is_imported_as_it_was() {
    there_and_back(places::postgres().await).await;
}

#[tokio::test]
async fn an_export_of_mysql_is_imported_as_it_was() {
    there_and_back(places::mysql().await).await;
}

async fn export(server: &Server, question: &str) -> Vec<u8> {
    let url = server.url(&format!("/api/export/machines.csv?{question}"));
    let answer = server.client.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap().to_vec()
}

/// What people know of every machine: times to the second, as a file has them.
async fn known(server: &Server) -> Vec<Value> {
    let list = server.get("/api/machines?sort=hostname").await.1;
    let mut machines = list["items"].as_array().unwrap().clone();
    for machine in &mut machines {
        let at = machine["computer_activation"].as_str().map(|text| text[..19].to_owned());
        machine["computer_activation"] = json!(at);
    }
    machines
}

async fn there_and_back(place: Option<Box<dyn Place>>) {
    let Some(place) = place else { return };
    let mut runner = TestRunner::default();
    let reports = proptest::collection::vec(any_report(), 40..80).new_tree(&mut runner).unwrap();
    let store = place.open().await;
    store.record_reports(reports.current()).await.unwrap();
    let everything = store.machines(&Default::default()).await.unwrap().machines;
    let mut machines: Vec<_> = everything.iter().map(|machine| (**machine).clone()).collect();
    for machine in &mut machines {
        let kept = any_kept().new_tree(&mut runner).unwrap().current();
        // As every way in orders them.
        machine.human.asset = kept.with(|fields| fields.tags = with_tags(&fields.tags, &[]));
        machine.human.activation_days =
            proptest::option::of(0..10_000).new_tree(&mut runner).unwrap().current();
        machine.human.computer_model =
            proptest::option::of(proptest::sample::select(&["=Dell", "'x", "HP; 1"][..]))
                .prop_map(|model| model.map(Into::into))
                .new_tree(&mut runner)
                .unwrap()
                .current();
    }
    store.import_machines(machines).await.unwrap();
    let server = open_to_all(store).await;
    for (key, kind) in
        [("rack", "text"), ("watts", "number"), ("checked", "date"), ("loaned", "yes_no")]
    {
        // One is called as another column is.
        let field = json!({"key": key, "type": kind, "labels": {"pt-BR": "Sala", "en": "Tags"}});
        let made = server.client.post(server.url("/api/fields")).json(&field).send().await.unwrap();
        assert_eq!(made.status(), 200);
    }
    let before = known(&server).await;
    for question in ["", "lang=en", "lang=es", "lang=pt-BR&delimiter=,", "lang=en&delimiter=tab"] {
        let file = export(&server, question).await;
        let (status, answer) = import(&server, "empty=clear", file.clone()).await;
        assert_eq!(status, 200, "{question} {answer}");
        let counts = ["changed", "matched", "rows"].map(|name| answer[name].as_u64().unwrap());
        let count = before.len() as u64;
        assert_eq!(counts, [0, count, count], "{question}: {}", answer["changes"]);
        assert_eq!(answer["matched_by"], "machine_id");

        let nothing = json!({"computer_model": null, "computer_activation": null,
            "activation_days": null, "tags": [], "notes": null, "site": null, "building": null,
            "room": null, "owner": null, "asset_number": null, "lifecycle": null,
            "purchase_date": null, "warranty_end_date": null, "custom": null});
        let ids: Vec<_> = before.iter().map(|machine| machine["machine_id"].clone()).collect();
        let edit = json!({"ids": ids, "set": nothing});
        let request = server.client.patch(server.url("/api/machines")).json(&edit);
        assert_eq!(request.send().await.unwrap().status(), 200);
        assert_ne!(known(&server).await, before);
        let (status, answer) = import(&server, "", file).await;
        assert_eq!((status, &answer["problems"]), (200, &json!([])), "{question}");
        assert_eq!(known(&server).await, before, "{question}");
    }
}
