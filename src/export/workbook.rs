//! XLSX: one sheet, written row by row into a file that nobody else sees, so that it takes no more
//! memory the longer it gets.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _};

use chrono::{NaiveDate, NaiveDateTime};
use rust_xlsxwriter::{Format, FormatAlign, Worksheet, XlsxError};

use super::text::{cut, inert, printable};
use crate::wire::columns::{Cell, Language};

/// A workbook that is being written.
pub struct Workbook {
    book: rust_xlsxwriter::Workbook,
    columns: u16,
    rows: u32,
    time: Format,
    day: Format,
}

impl Workbook {
    /// A workbook with nothing but its headers, each with the width of its column in characters.
    ///
    /// # Errors
    /// When the directory for temporary files takes none.
    pub fn new<'a>(
        language: Language,
        headers: impl IntoIterator<Item = (&'a str, u8)>,
    ) -> io::Result<Self> {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet_with_constant_memory().map_err(failed)?;
        let bold = Format::new().set_bold().set_align(FormatAlign::Top);
        let mut columns = 0;
        for (header, width) in headers {
            sheet.set_column_width(columns, f64::from(width)).map_err(failed)?;
            let header = inert(&printable(header)).into_owned();
            sheet.write_string_with_format(0, columns, cut(&header), &bold).map_err(failed)?;
            columns += 1;
        }
        sheet.set_freeze_panes(1, 0).map_err(failed)?;
        let day = if language == Language::En { "yyyy-mm-dd" } else { "dd/mm/yyyy" };
        let time = Format::new().set_num_format(format!("{day} hh:mm:ss"));
        let day = Format::new().set_num_format(day);
        Ok(Self { book, columns, rows: 0, time, day })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When there is no space left for temporary files, or no room in the sheet.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> io::Result<()> {
        self.rows += 1;
        let sheet = self.book.worksheet_from_index(0).map_err(failed)?;
        for (cell, column) in cells.into_iter().zip(0..) {
            let at = (self.rows, column);
            match cell {
                Cell::Empty | Cell::Text("") => Ok(&mut *sheet),
                Cell::Text(text) => write_text(sheet, at, text),
                Cell::Texts(texts) => write_text(sheet, at, &texts.join(", ")),
                #[expect(clippy::cast_precision_loss, reason = "sheets know no other numbers")]
                Cell::Whole(number) => sheet.write_number(at.0, at.1, number as f64),
                Cell::Number(number) => sheet.write_number(at.0, at.1, number),
                Cell::Time(time) => {
                    let wall = time.wall();
                    if is_in_calendar(wall.date()) {
                        sheet.write_datetime_with_format(at.0, at.1, wall, &self.time)
                    } else {
                        write_text(sheet, at, &written(wall))
                    }
                }
                Cell::Day(day) if is_in_calendar(day) => {
                    sheet.write_datetime_with_format(at.0, at.1, day, &self.day)
                }
                Cell::Day(day) => write_text(sheet, at, &day.to_string()),
                Cell::YesNo(is_so) => sheet.write_boolean(at.0, at.1, is_so),
            }
            .map_err(failed)?;
        }
        Ok(())
    }

    /// The file, to be read from its beginning, and its length in bytes. It is gone when it is closed.
    ///
    /// # Errors
    /// When there is no space left for temporary files.
    pub fn finish(mut self) -> io::Result<(File, u64)> {
        if let Some(last) = self.columns.checked_sub(1) {
            let sheet = self.book.worksheet_from_index(0).map_err(failed)?;
            sheet.autofilter(0, 0, self.rows, last).map_err(failed)?;
        }
        let mut file = tempfile::tempfile()?;
        let mut writer = BufWriter::new(&mut file);
        self.book.save_to_writer(&mut writer).map_err(failed)?;
        writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        let length = file.stream_position()?;
        file.rewind()?;
        Ok((file, length))
    }
}

fn write_text<'a>(
    sheet: &'a mut Worksheet,
    (row, column): (u32, u16),
    text: &str,
) -> Result<&'a mut Worksheet, XlsxError> {
    sheet.write_string(row, column, cut(&inert(&printable(text))))
}

/// Whether it lies among the dates that sheets know.
fn is_in_calendar(day: NaiveDate) -> bool {
    let first = NaiveDate::from_ymd_opt(1900, 1, 1);
    let last = NaiveDate::from_ymd_opt(9999, 12, 31);
    first.is_some_and(|first| first <= day) && last.is_some_and(|last| day <= last)
}

fn written(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

fn failed(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        other => io::Error::other(other),
    }
}
