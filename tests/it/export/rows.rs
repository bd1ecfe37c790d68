//! A file holds the rows of the list, for every question, on every store.

use std::collections::BTreeMap;

use calamine::{Data, DataType as _};
use chrono::{NaiveDate, NaiveDateTime, Timelike as _};
use proptest::prelude::*;
use serde_json::{Value, json};
use tatuscan::model::{Asset, CustomValue};

use super::{bytes, csv_rows, field, json_rows, open_to_all, picked, sheet_rows};
use crate::query::{any_asset, any_conditions, filled};
use crate::store::places::{self, Place};
use crate::support::seed::{Round, campaign};

const COLUMNS: &[&str] = &[
    "hostname",
    "status",
    "lifecycle",
    "ip",
    "os",
    "os_version",
    "computer_model",
    "manufacturer",
    "model_reported",
    "serial",
    "macs",
    "users",
    "cpu_percent",
    "memory_used_mb",
    "memory_total_mb",
    "tags",
    "site",
    "building",
    "room",
    "owner",
    "asset_number",
    "computer_activation",
    "activation_days",
    "purchase_date",
    "warranty_end_date",
    "created_at",
    "updated_at",
    "proof",
    "agent_version",
    "uuid",
    "notes",
    "machine_id",
    "custom.rack",
    "custom.watts",
    "custom.checked",
    "custom.loaned",
];

pub(crate) fn any_kept() -> impl Strategy<Value = Asset> {
    let text = |values: &'static [&'static str]| prop::option::of(prop::sample::select(values));
    let day = (0..20_000_i32).prop_map(|days| NaiveDate::from_epoch_days(days).unwrap());
    let custom = (
        text(&["R1", "-R2", "=R3"]),
        prop::option::of(prop::sample::select(
            &[-2.5, 0.0, 120.0, 0.1, 9_007_199_254_740_991.0][..],
        )),
        prop::option::of(day.clone()),
        prop::option::of(any::<bool>()),
    );
    let kept = (
        text(&["first\nsecond", "+55 65", "a;b,c\t\"d\"", "@x"]),
        text(&["0012", "-7", "1e5"]),
        prop::option::of(day),
    );
    (any_asset(), kept, custom).prop_map(|(asset, kept, custom)| {
        asset.with(|fields| {
            let (notes, asset_number, bought) = kept;
            fields.notes = notes.map(Into::into);
            fields.asset_number = asset_number.map(Into::into);
            fields.purchase_date = bought;
            fields.warranty_end_date = bought;
            let (rack, watts, checked, loaned) = custom;
            let custom: BTreeMap<_, _> = [
                ("rack", rack.map(|text| CustomValue::Text(text.into()))),
                ("watts", watts.map(CustomValue::Number)),
                ("checked", checked.map(CustomValue::Date)),
                ("loaned", loaned.map(CustomValue::YesNo)),
            ]
            .into_iter()
            .filter_map(|(key, value)| Some((key.into(), value?)))
            .collect();
            fields.custom = custom.into_iter().collect();
        })
    })
}

#[tokio::test]
async fn every_file_holds_the_rows_of_the_list() {
    for mut round in campaign(3) {
        compare(places::plain().await, &mut round).await;
    }
}

#[tokio::test]
async fn an_sqlite_file_is_exported_the_same() {
    for mut round in campaign(1) {
        compare(places::sqlite().await, &mut round).await;
    }
}

#[tokio::test]
async fn postgres_is_exported_the_same() {
    for mut round in campaign(1) {
        compare(places::postgres().await, &mut round).await;
    }
}

#[tokio::test]
async fn mysql_is_exported_the_same() {
    for mut round in campaign(1) {
        compare(places::mysql().await, &mut round).await;
    }
}

async fn compare(place: Option<Box<dyn Place>>, round: &mut Round) {
    let Some(place) = place else { return };
    let (store, _) = filled(&*place, round, any_kept).await;
    let server = open_to_all(store).await;
    for (key, kind) in
        [("rack", "text"), ("watts", "number"), ("checked", "date"), ("loaned", "yes_no")]
    {
        let field = json!({"key": key, "type": kind, "labels": {"en": format!("Our {key}")}});
        let made = server.client.post(server.url("/api/fields")).json(&field).send().await.unwrap();
        assert_eq!(made.status(), 200);
    }
    let mut rows = 0;
    for number in 0..12 {
        // The first one is about every machine.
        let question = match number {
            0 => "sort=hostname".to_owned(),
            _ => round.any(any_conditions()).url(),
        };
        let columns = round.any(prop::sample::subsequence(COLUMNS, 1..8).prop_shuffle());
        let list = server.get(&format!("/api/machines?{question}")).await.1;
        let list = list["items"].as_array().unwrap();
        rows += list.len();

        let whole = bytes(&server, &format!("/api/export/machines.jsonl?{question}")).await;
        assert_eq!(json_rows(&whole), *list, "{question}");
        let chosen = format!("{question}&columns={}", columns.join(","));
        let part = bytes(&server, &format!("/api/export/machines.jsonl?{chosen}")).await;
        let expected: Vec<_> = list.iter().map(|machine| picked(machine, &columns)).collect();
        assert_eq!(json_rows(&part), expected, "{chosen}");

        for (lang, delimiter, comma) in [("pt-BR", b';', ','), ("en", b',', '.'), ("es", b';', ',')]
        {
            for (question, columns) in [(&question, COLUMNS), (&chosen, columns.as_slice())] {
                let question = format!("{question}&lang={lang}");
                let file = bytes(&server, &format!("/api/export/machines.csv?{question}")).await;
                let found = csv_rows(&file, delimiter);
                let row = |machine: &Value| -> Vec<String> {
                    let cells = columns.iter();
                    cells.map(|name| written(name, field(machine, name), comma)).collect()
                };
                let expected: Vec<_> = list.iter().map(row).collect();
                assert_eq!(found[1..], expected, "{question}");
                let file = bytes(&server, &format!("/api/export/machines.xlsx?{question}")).await;
                let cells = sheet_rows(&file);
                assert_eq!(
                    cells[0].iter().map(|cell| cell.get_string().unwrap()).collect::<Vec<_>>(),
                    found[0],
                    "the headers are the same"
                );
                // The reader leaves out rows at the end that hold nothing.
                let left_out = expected[cells.len() - 1..].iter().flatten();
                assert!(left_out.into_iter().all(String::is_empty), "{question}");
                for (cells, machine) in cells[1..].iter().zip(list) {
                    for (cell, name) in cells.iter().zip(columns) {
                        check_cell(cell, name, field(machine, name));
                    }
                }
            }
        }
    }
    assert!(rows > 0, "not one question was about a machine");
    server.stop().await;
}

fn is_time(name: &str) -> bool {
    matches!(name, "computer_activation" | "created_at" | "updated_at")
}

fn is_day(name: &str) -> bool {
    matches!(name, "purchase_date" | "warranty_end_date" | "custom.checked")
}

fn inert(text: &str) -> String {
    let first = text.chars().next();
    let mark = if first.is_some_and(|first| "=+-@\t\r".contains(first)) { "'" } else { "" };
    format!("{mark}{text}")
}

/// A value of the list as it stands in CSV.
fn written(name: &str, value: &Value, comma: char) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if is_time(name) => text[..19].replace('T', " "),
        Value::String(text) => inert(text),
        Value::Number(number) => {
            let number = number.to_string();
            number.trim_end_matches(".0").replace('.', &comma.to_string())
        }
        Value::Bool(is_so) => is_so.to_string(),
        Value::Array(texts) => {
            let texts: Vec<_> = texts.iter().map(|text| text.as_str().unwrap()).collect();
            inert(&texts.join(", "))
        }
        Value::Object(_) => panic!("{name} is an object"),
    }
}

/// Numbers are numbers and dates are dates.
fn check_cell(cell: &Data, name: &str, value: &Value) {
    match value {
        Value::Null => assert_eq!(*cell, Data::Empty, "{name}"),
        Value::String(text) if text.is_empty() => assert_eq!(*cell, Data::Empty, "{name}"),
        Value::Array(texts) if texts.is_empty() => assert_eq!(*cell, Data::Empty, "{name}"),
        Value::String(text) if is_time(name) => {
            let expected = NaiveDateTime::parse_from_str(&text[..19], "%Y-%m-%dT%H:%M:%S").unwrap();
            assert!(matches!(cell, Data::DateTime(_)), "{name}: {cell:?}");
            let found = cell.as_datetime().unwrap() + chrono::TimeDelta::milliseconds(500);
            assert_eq!(found.with_nanosecond(0).unwrap(), expected, "{name}");
        }
        Value::String(text) if is_day(name) => {
            assert!(matches!(cell, Data::DateTime(_)), "{name}: {cell:?}");
            assert_eq!(cell.as_date().unwrap().to_string(), *text, "{name}");
        }
        Value::Number(number) => {
            assert_eq!(cell.get_float(), number.as_f64(), "{name}: {cell:?}");
        }
        Value::Bool(is_so) => assert_eq!(*cell, Data::Bool(*is_so), "{name}"),
        other => assert_eq!(cell.get_string(), Some(&*written(name, other, '.')), "{name}"),
    }
}
