//! A table that people bring: how it is to be read, as in an address, on a line, and the file.

use serde_json::Value;
use tatuscan::import::{parse_options, read};
use tatuscan::wire::BadBody;

use super::head;
use crate::sample::{self, FIELDS, MACHINES, ZONE, assert_harmless};

pub fn run(data: &[u8]) {
    let Some((options, bytes)) = head(data) else { return };
    let Ok(options) = parse_options(options) else { return };
    let table = match read(bytes, &options, ZONE, &FIELDS) {
        Ok(table) => table,
        Err(BadBody(why)) => return assert_harmless(&why, false),
    };
    assert!(table.count == table.rows.len() && table.count > 0);
    // Lines as editors count them, in whichever of the encodings.
    let lines = 1 + bytes.iter().filter(|byte| b"\r\n".contains(byte)).count() as u64;
    let mut before = 0;
    for row in &table.rows {
        assert!(row.line > before && row.line <= lines, "{} {before} {lines}", row.line);
        before = row.line;
        assert_harmless(&row.key, false);
        let machine = MACHINES[1].edited(&row.edit);
        let shown: Value = serde_json::to_value(sample::presenter().machine(&machine)).unwrap();
        assert_harmless(&shown.to_string(), false);
    }
    for problem in &table.problems {
        assert!(problem.line <= lines);
        assert_harmless(&problem.error, false);
    }
    for column in &table.columns {
        assert_harmless(&column.header, false);
    }
}
