//! What an export writes is read back: as it is nothing changes, and what was lost comes back.

use serde_json::{Value, json};
use tatuscan::model::with_tags;

use super::import;
use crate::export::open_to_all;
use crate::export::rows::any_kept;
use crate::query::filled;
use crate::store::places::{self, Place};
use crate::support::seed::{Round, campaign};
use crate::support::server::Server;

#[tokio::test]
async fn an_export_is_imported_as_it_was() {
    for mut round in campaign(1) {
        there_and_back(places::plain().await, &mut round).await;
    }
}

#[tokio::test]
async fn an_export_of_sqlite_is_imported_as_it_was() {
    for mut round in campaign(1) {
        there_and_back(places::sqlite().await, &mut round).await;
    }
}

#[tokio::test]
async fn an_export_of_postgres_is_imported_as_it_was() {
    for mut round in campaign(1) {
        there_and_back(places::postgres().await, &mut round).await;
    }
}

#[tokio::test]
async fn an_export_of_mysql_is_imported_as_it_was() {
    for mut round in campaign(1) {
        there_and_back(places::mysql().await, &mut round).await;
    }
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

async fn there_and_back(place: Option<Box<dyn Place>>, round: &mut Round) {
    let Some(place) = place else { return };
    let (store, mut machines) = filled(&*place, round, any_kept).await;
    for machine in &mut machines {
        // As every way in orders them.
        let kept = &machine.human.asset;
        machine.human.asset = kept.with(|fields| fields.tags = with_tags(&fields.tags, &[]));
        machine.human.activation_days = round.any(proptest::option::of(0..10_000));
        let models = proptest::sample::select(&["=Dell", "'x", "HP; 1"][..]);
        let model = round.any(proptest::option::of(models));
        machine.human.computer_model = model.map(Into::into);
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
