//! Machines and changes as files: what stands in them, who gets them, and what they cannot do.

mod audit;
mod commands;
mod download;
mod hostile;
pub(crate) mod rows;

use std::io::{Cursor, Read as _};
use std::sync::Arc;

use calamine::{Data, Reader as _, Xlsx};
use serde_json::{Map, Value};
use tatuscan::access::Mode;
use tatuscan::store::Store;

use crate::support::machines::noon;
use crate::support::server::{Guarded, Server};

/// A server at noon that asks nobody who they are.
pub(crate) async fn open_to_all(store: Arc<dyn Store>) -> Server {
    let mut guard = Guarded { now: noon, ..Guarded::compat() };
    guard.rules.mode = Mode::Off;
    Server::guarded(store, guard).await
}

async fn bytes(server: &Server, path: &str) -> Vec<u8> {
    let answer = server.client.get(server.url(path)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.bytes().await.unwrap().to_vec()
}

/// The records of a CSV file, its headers first.
fn csv_rows(file: &[u8], delimiter: u8) -> Vec<Vec<String>> {
    let text = file.strip_prefix("\u{feff}".as_bytes()).expect("a byte order mark");
    let mut builder = csv::ReaderBuilder::new();
    let mut reader = builder.delimiter(delimiter).has_headers(false).from_reader(text);
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
    rows.collect()
}

/// The cells of a workbook's only sheet, its headers first.
fn sheet_rows(file: &[u8]) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    range.rows().map(<[Data]>::to_vec).collect()
}

/// A part of a workbook as it is stored.
fn part(file: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn json_rows(file: &[u8]) -> Vec<Value> {
    let lines = std::str::from_utf8(file).unwrap().lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What a column's name stands for in a machine of the list.
fn field<'a>(machine: &'a Value, column: &str) -> &'a Value {
    match column.strip_prefix("custom.") {
        Some(key) => &machine["custom"][key],
        None => &machine[column],
    }
}

/// The machine with these columns alone, as the list would have it.
fn picked(machine: &Value, columns: &[&str]) -> Value {
    let mut picked = Map::new();
    for column in columns {
        match column.strip_prefix("custom.") {
            None => {
                // What the list leaves out where it is not known, a row has all the same.
                let is_list = ["macs", "users"].contains(column);
                let unknown = if is_list { Value::Array(Vec::new()) } else { Value::Null };
                let value = machine.get(*column).cloned().unwrap_or(unknown);
                picked.insert((*column).to_owned(), value);
            }
            Some(key) => {
                let custom = picked.entry("custom").or_insert_with(|| Map::new().into());
                if let Some(value) = machine["custom"].get(key) {
                    custom[key] = value.clone();
                }
            }
        }
    }
    picked.into()
}
