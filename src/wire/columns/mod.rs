//! The columns of tables of machines and of changes: what each is called by programs and by people,
//! and what stands in it. Whatever writes or reads such a table finds its columns here.

mod audit;
mod cell;
mod chosen;
mod form;
mod machines;

pub use audit::AUDIT_COLUMNS;
pub use cell::Cell;
pub use chosen::{MachineColumn, MachineColumns, parse_columns};
pub use form::{
    COLUMN_PARAMETERS, CSV_PARAMETERS, LANGUAGE_PARAMETERS, TableForm, parse_table_form,
};
pub use machines::MACHINE_COLUMNS;

/// How a text begins that a spreadsheet takes for a formula; those of East Asian languages read the
/// wide forms too. A file has `'` before such a text, and what reads the file takes that away.
pub const FORMULA: [char; 10] =
    ['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// A language that columns have names in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Portuguese.
    #[default]
    PtBr,
    /// English.
    En,
    /// Spanish.
    Es,
}

/// A column of a table whose rows are `R`.
#[derive(Debug)]
pub struct Column<R> {
    /// Its name in the API.
    pub name: &'static str,
    /// What people call it: in Portuguese, English and Spanish.
    pub headers: [&'static str; 3],
    /// How many characters of it are shown where there is room.
    pub width: u8,
    /// What stands in it in a row.
    pub cell: fn(&R) -> Cell<'_>,
}

impl Language {
    /// All of them, in the order of [`Column::headers`].
    pub const ALL: [Self; 3] = [Self::PtBr, Self::En, Self::Es];

    /// Its tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::PtBr => "pt-BR",
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// The one with this tag, in any case.
    #[must_use]
    pub fn of(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.tag().eq_ignore_ascii_case(tag))
    }

    /// Whether a comma separates a number's fraction, as spreadsheets of the language expect.
    #[must_use]
    pub fn has_decimal_comma(self) -> bool {
        self != Self::En
    }

    /// What separates the fields of a CSV file that spreadsheets of the language open as a table.
    #[must_use]
    pub fn delimiter(self) -> u8 {
        if self.has_decimal_comma() { b';' } else { b',' }
    }
}

impl<R> Column<R> {
    /// What people call it.
    #[must_use]
    pub fn header(&self, language: Language) -> &'static str {
        let [pt_br, en, es] = self.headers;
        match language {
            Language::PtBr => pt_br,
            Language::En => en,
            Language::Es => es,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::wire::Machine;
    use poem_openapi::types::Example as _;

    #[test]
    fn every_field_of_the_list_is_a_column_and_no_two_are_called_the_same() {
        let example = serde_json::to_value(Machine::example()).unwrap();
        let fields: HashSet<_> = example.as_object().unwrap().keys().map(String::as_str).collect();
        let mut columns: HashSet<_> = MACHINE_COLUMNS.iter().map(|column| column.name).collect();
        for language in Language::ALL {
            let headers = MACHINE_COLUMNS.iter().map(|column| column.header(language));
            assert_eq!(headers.collect::<HashSet<_>>().len(), columns.len(), "{language:?}");
        }
        // The one field that holds columns of its own.
        columns.insert("custom");
        assert_eq!(columns, fields);
    }

    #[test]
    fn what_stands_in_a_column_is_what_the_list_says() {
        let machine = Machine::example();
        let example = serde_json::to_value(&machine).unwrap();
        for column in MACHINE_COLUMNS {
            let cell = serde_json::to_value((column.cell)(&machine)).unwrap();
            assert_eq!(cell, example[column.name], "{}", column.name);
        }
    }
}
