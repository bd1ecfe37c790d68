//! A file of CSV, read into rows.

use std::sync::Arc;

use chrono_tz::Tz;
use csv::{ReaderBuilder, StringRecord};
use serde_json::Value;

use super::cell::{unguarded, value};
use super::encoding::decode;
use super::field::Field;
use super::header::{Column, Header};
use super::options::Options;
use crate::model::{CustomField, HumanEdit, ImportRow, MatchBy, Text, clean, hostname_number};
use crate::wire::{BadBody, ImportColumn, ImportProblem, custom_value, read_human};

/// Most rows of a file.
const MOST_ROWS: usize = 50_000;
/// Most columns of a file.
const MOST_COLUMNS: usize = 500;
/// Most characters of a key that an answer repeats.
const KEY_CHARS: usize = 200;
/// What may separate fields; of two that do as well, the first.
const DELIMITERS: [u8; 4] = *b";,\t|";

/// A file.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its rows, without those that are empty.
    pub rows: Vec<ImportRow>,
    /// How many they are.
    pub count: usize,
    /// What a row and its machine have in common.
    pub by: MatchBy,
    /// Its columns, and what they are.
    pub columns: Vec<ImportColumn>,
    /// What is wrong with cells.
    pub problems: Vec<ImportProblem>,
    /// How its characters are encoded.
    pub encoding: &'static str,
    /// What separates its fields.
    pub delimiter: char,
}

/// Reads a file. Dates without a zone are wall time in `zone`; `fields` are the custom fields that
/// there are. What is wrong with a cell is one of [`Table::problems`].
///
/// # Errors
/// [`BadBody`] when it is no table, or nothing says which machines it is about.
pub fn read(
    bytes: &[u8],
    options: &Options,
    zone: Tz,
    fields: &[Arc<CustomField>],
) -> Result<Table, BadBody> {
    let (text, encoding) = decode(bytes, options.encoding)?;
    let (text, said, skipped) = without_separator_line(&text);
    let asked = options.delimiter.or(said);
    let (delimiter, header) = header(text, asked, options, fields)?;
    let (by, key) = header.key(options.by)?;
    let mut table = Table {
        rows: Vec::new(),
        count: 0,
        by,
        columns: header.columns.iter().map(shown).collect(),
        problems: Vec::new(),
        encoding,
        delimiter: char::from(delimiter),
    };
    let mut lines = Lines { text, counted: 0, line: 1 };
    for record in records(text, delimiter).skip(1) {
        let record = record?;
        let line = skipped + lines.at(&record);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if table.rows.len() == MOST_ROWS {
            return Err(BadBody(format!(
                "The file has more than {MOST_ROWS} rows; split it, each part with the header"
            )));
        }
        let row = Row { record: &record, line, by, key, options, zone, fields };
        table.rows.push(row.read(&header, &mut table.problems));
    }
    table.count = table.rows.len();
    if table.rows.is_empty() {
        return Err(BadBody("The file has a header, but no rows below it".into()));
    }
    Ok(table)
}

/// A row of a file, and what it takes to read it.
struct Row<'a> {
    record: &'a StringRecord,
    line: u64,
    by: MatchBy,
    key: usize,
    options: &'a Options,
    zone: Tz,
    fields: &'a [Arc<CustomField>],
}

impl Row<'_> {
    fn read(&self, header: &Header, problems: &mut Vec<ImportProblem>) -> ImportRow {
        let (mut edit, mut is_day) = (HumanEdit::default(), false);
        let mut wrong = |column: Option<&str>, error: String| {
            let column = column.map(str::to_owned);
            problems.push(ImportProblem { line: self.line, column, error });
        };
        let columns = header.columns.len();
        if self.record.iter().skip(columns).any(|cell| !cell.trim().is_empty()) {
            wrong(
                None,
                format!(
                    "the row has {} cells, but the header has {columns}; put text that has the \
                     delimiter in it into quotation marks",
                    self.record.len()
                ),
            );
        }
        for (place, (column, text)) in header.columns.iter().zip(self.record).enumerate() {
            let Some(field) = &column.field else { continue };
            // What the machine is found by is what it has.
            if place == self.key {
                continue;
            }
            match self.cell(field, text, header.has_decimal_comma, &mut edit) {
                Ok(day) => is_day |= day,
                Err(BadBody(error)) => wrong(Some(&column.header), error),
            }
        }
        let mut key = self.key_text();
        let is_in_hostname = header.columns[self.key].field == Some(Field::Key(MatchBy::Hostname));
        if self.by == MatchBy::Number && is_in_hostname {
            key = hostname_number(&key).into();
        }
        ImportRow { line: self.line, key, edit, is_day }
    }

    fn key_text(&self) -> Text {
        let key = self.record.get(self.key).map(unguarded).unwrap_or_default();
        clean(key, KEY_CHARS)
    }

    /// Reads a cell into the change, and answers whether it is a day of activation.
    fn cell(
        &self,
        field: &Field,
        text: &str,
        has_decimal_comma: bool,
        edit: &mut HumanEdit,
    ) -> Result<bool, BadBody> {
        let (value, is_day) = value(field, text, has_decimal_comma)?;
        if value == Value::Null && !self.options.clears {
            return Ok(false);
        }
        match field {
            Field::Human(name) => read_human(edit, name, &value, self.zone, self.fields)?,
            Field::Custom(custom) => {
                let value = custom_value(custom, &value)?;
                edit.asset.custom.insert(custom.key.clone(), value);
            }
            Field::Key(_) => {}
        }
        Ok(is_day)
    }
}

/// Counts lines as editors do: the reader's own count lags behind where lines end in CRLF or are empty.
struct Lines<'a> {
    text: &'a str,
    /// Bytes whose line ends are counted.
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line on which a record begins, which is not before that of the one before.
    fn at(&mut self, record: &StringRecord) -> u64 {
        let byte = record.position().map_or(0, csv::Position::byte);
        let bytes = self.text.as_bytes();
        let mut start = usize::try_from(byte).unwrap_or(bytes.len()).min(bytes.len());
        while bytes.get(start).is_some_and(|byte| b"\r\n".contains(byte)) {
            start += 1;
        }
        let ends = (self.counted..start).filter(|&at| match bytes[at] {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        self.line += ends.count() as u64;
        self.counted = start.max(self.counted);
        self.line
    }
}

/// The text without the line `sep=;` that some spreadsheets begin with, what that says, and how many
/// lines it is.
fn without_separator_line(text: &str) -> (&str, Option<u8>, u64) {
    let line = text.split(['\r', '\n']).next().unwrap_or_default();
    let said = line.trim_matches('"').strip_prefix("sep=").map(str::as_bytes);
    match said {
        Some(&[delimiter]) if DELIMITERS.contains(&delimiter) => {
            let rest = &text[line.len()..];
            let rest = rest.strip_prefix('\r').unwrap_or(rest);
            (rest.strip_prefix('\n').unwrap_or(rest), Some(delimiter), 1)
        }
        _ => (text, None, 0),
    }
}

/// The header, and what separates it: of what may, the one with which the most columns are known and
/// then the most are there.
fn header(
    text: &str,
    asked: Option<u8>,
    options: &Options,
    fields: &[Arc<CustomField>],
) -> Result<(u8, Header), BadBody> {
    let first = |delimiter: u8| match records(text, delimiter).next() {
        None => Err(BadBody("The file is empty; its first line must name the columns".into())),
        Some(Err(error)) => Err(error),
        Some(Ok(record)) if record.len() > MOST_COLUMNS => {
            Err(BadBody(format!("The file has more than {MOST_COLUMNS} columns")))
        }
        Some(Ok(record)) => Ok(record),
    };
    let read = |delimiter: u8| {
        let record = first(delimiter)?;
        Ok((delimiter, Header::read(&record, &options.map, fields)?))
    };
    if let Some(delimiter) = asked {
        return read(delimiter);
    }
    let mut best: Option<(u8, Header)> = None;
    let mut refused = None;
    for delimiter in DELIMITERS {
        let merit = |header: &Header| (header.known(), header.columns.len());
        match read(delimiter) {
            Ok(found) if best.as_ref().is_none_or(|(_, one)| merit(&found.1) > merit(one)) => {
                best = Some(found);
            }
            Ok(_) => {}
            // The one that splits the most says best what is wrong.
            Err(error) => {
                let columns = first(delimiter).map_or(0, |record| record.len());
                if refused.as_ref().is_none_or(|(most, _)| columns > *most) {
                    refused = Some((columns, error));
                }
            }
        }
    }
    let refused = refused.map(|(_, error)| error);
    best.ok_or_else(|| refused.unwrap_or_else(|| BadBody("The file is empty".into())))
}

fn records(text: &str, delimiter: u8) -> impl Iterator<Item = Result<StringRecord, BadBody>> + '_ {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).has_headers(false).flexible(true);
    let records = builder.from_reader(text.as_bytes()).into_records();
    records.map(|record| record.map_err(|error| BadBody(error.to_string())))
}

fn shown(column: &Column) -> ImportColumn {
    let field = column.field.as_ref().map(Field::name);
    ImportColumn { header: column.header.clone(), field }
}
