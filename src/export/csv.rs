//! CSV: UTF-8 with a byte order mark, which is how spreadsheets know that it is, lines that end as
//! RFC 4180 has it, and quotes where a field needs them.

use std::borrow::Cow;
use std::io;

use csv::{Terminator, Writer, WriterBuilder};

use super::text::{inert, printable};
use crate::wire::columns::{Cell, TableForm};

/// A piece of a CSV file.
#[derive(Debug)]
pub struct CsvPiece {
    form: TableForm,
    writer: Writer<Vec<u8>>,
}

impl CsvPiece {
    /// The beginning of a file: its headers.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn first<'a>(
        form: TableForm,
        headers: impl IntoIterator<Item = &'a str>,
    ) -> io::Result<Self> {
        let mut piece = Self::starting("\u{feff}".into(), form);
        for header in headers {
            piece.writer.write_field(inert(&printable(header)).as_bytes())?;
        }
        piece.end_row()?;
        Ok(piece)
    }

    /// What comes after another piece.
    #[must_use]
    pub fn next(form: TableForm) -> Self {
        Self::starting(Vec::new(), form)
    }

    fn starting(start: Vec<u8>, form: TableForm) -> Self {
        let mut builder = WriterBuilder::new();
        builder.delimiter(form.delimiter).terminator(Terminator::CRLF);
        Self { form, writer: builder.from_writer(start) }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> io::Result<()> {
        for cell in cells {
            let text = self.written(cell);
            self.writer.write_field(text.as_bytes())?;
        }
        self.end_row()
    }

    fn end_row(&mut self) -> io::Result<()> {
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    fn written<'a>(&self, cell: Cell<'a>) -> Cow<'a, str> {
        let safe = |text: Cow<'a, str>| match inert(&printable(&text)) {
            Cow::Borrowed(same) if same.len() == text.len() => text,
            other => Cow::Owned(other.into_owned()),
        };
        match cell {
            Cell::Empty => "".into(),
            Cell::Text(text) => safe(text.into()),
            Cell::Texts(texts) => safe(texts.join(", ").into()),
            Cell::Whole(number) => number.to_string().into(),
            Cell::Number(number) if self.form.language.has_decimal_comma() => {
                number.to_string().replace('.', ",").into()
            }
            Cell::Number(number) => number.to_string().into(),
            Cell::Time(at) => at.wall().format("%Y-%m-%d %H:%M:%S").to_string().into(),
            Cell::Day(day) => day.to_string().into(),
            Cell::YesNo(is_so) => if is_so { "true" } else { "false" }.into(),
        }
    }

    /// The piece as it stands in the file.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        self.writer.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::columns::Language;

    fn text_of(form: TableForm, headers: &[&str], row: &[Cell<'_>]) -> String {
        let mut piece = CsvPiece::first(form, headers.iter().copied()).unwrap();
        piece.row(row.iter().copied()).unwrap();
        String::from_utf8(piece.finish().unwrap()).unwrap()
    }

    #[test]
    fn numbers_stay_numbers_and_texts_never_become_formulas() {
        let tags = ["-lab".to_owned(), "x".to_owned()];
        let row = [
            Cell::Whole(-5),
            Cell::Number(-0.5),
            Cell::Text("-5"),
            Cell::Text("\0=1"),
            Cell::Text("a;\"b\"\nc"),
            Cell::Texts(&tags),
            Cell::YesNo(true),
            Cell::Empty,
        ];
        let headers = ["=a", "b", "c", "d", "e", "f", "g", "h"];
        assert_eq!(
            text_of(Language::PtBr.into(), &headers, &row),
            "\u{feff}'=a;b;c;d;e;f;g;h\r\n-5;-0,5;'-5;'=1;\"a;\"\"b\"\"\nc\";'-lab, x;true;\r\n"
        );
        assert_eq!(
            text_of(Language::En.into(), &headers, &row),
            "\u{feff}'=a,b,c,d,e,f,g,h\r\n-5,-0.5,'-5,'=1,\"a;\"\"b\"\"\nc\",\"'-lab, x\",true,\r\n"
        );
    }

    #[test]
    fn a_row_of_one_empty_field_is_a_row() {
        let text = text_of(Language::En.into(), &["a"], &[Cell::Empty]);
        assert_eq!(text, "\u{feff}a\r\n\"\"\r\n");
    }
}
