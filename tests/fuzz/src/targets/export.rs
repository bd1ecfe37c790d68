//! Machines into a file and back: the form, as in an address, on a line, and a change of machines. No
//! cell begins as a formula does, and what people keep is read as it was written.

use serde_json::Value;
use tatuscan::export::CsvPiece;
use tatuscan::import::{parse_options, read};
use tatuscan::wire::columns::{MachineColumns, parse_table_form};
use tatuscan::wire::parse_edit;

use super::head;
use crate::sample::{self, FIELDS, ZONE};

pub fn run(data: &[u8]) {
    let Some((form, body)) = head(data) else { return };
    let Ok(form) = parse_table_form(form) else { return };
    let Ok(edit) = parse_edit(body, ZONE, &FIELDS) else { return };
    let machine = sample::machine().edited(&edit);
    let shown = sample::presenter().machine(&machine);
    let columns = MachineColumns::all(&FIELDS);
    let headers = columns.iter().map(|column| column.header(form.language));
    let mut piece = CsvPiece::first(form, headers).unwrap();
    piece.row(columns.iter().map(|column| column.cell(&shown))).unwrap();
    let file = piece.finish().unwrap();

    let mut reader = csv::ReaderBuilder::new();
    let reader = reader.delimiter(form.delimiter).has_headers(false).from_reader(&file[..]);
    let rows: Vec<csv::StringRecord> = reader.into_records().map(Result::unwrap).collect();
    assert_eq!((rows.len(), rows[1].len()), (2, columns.iter().count()));
    let is_number = |cell: &str| cell.replace(',', ".").parse::<f64>().is_ok();
    for cell in rows.iter().flatten() {
        let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        assert!(!is_formula || is_number(cell), "{cell:?}");
    }

    let options = parse_options("match=machine_id&empty=clear").unwrap();
    let table = read(&file, &options, ZONE, &FIELDS).unwrap();
    assert!(table.problems.is_empty(), "{:?}", table.problems);
    assert_eq!(char::from(form.delimiter), table.delimiter);
    let again = sample::machine().edited(&table.rows[0].edit);
    assert_eq!(kept(&again), kept(&machine));
}

/// What people keep, with times to the second, as a file has them.
fn kept(machine: &tatuscan::model::Machine) -> Value {
    let mut shown = serde_json::to_value(sample::presenter().machine(machine)).unwrap();
    let at = shown["computer_activation"].as_str().map(|at| at[..19].to_owned());
    shown["computer_activation"] = at.into();
    shown
}
