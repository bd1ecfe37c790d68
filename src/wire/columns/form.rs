//! How a table is written, as it stands in a URL.

use super::Language;
use crate::model::{Text, clean};
use crate::wire::{BadBody, Parameter};

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TableForm {
    /// The language of the headers, whose spreadsheets are to read it.
    pub language: Language,
    /// What separates the fields of a CSV file.
    pub delimiter: u8,
}

impl From<Language> for TableForm {
    fn from(language: Language) -> Self {
        Self { language, delimiter: language.delimiter() }
    }
}

const fn parameter(
    name: &'static str,
    default: &'static str,
    values: &'static [&'static str],
    description: &'static str,
) -> Parameter {
    let (pattern, repeats, is_number) = ("", false, false);
    Parameter { name, description, default, values, pattern, repeats, is_number, is_search: false }
}

/// Parameters that choose columns of machines.
pub const COLUMN_PARAMETERS: &[Parameter] = &[Parameter {
    pattern: "^((hostname|status|os|ip|tags|custom)(,(hostname|status|os|ip|tags|custom))*)?$",
    ..parameter(
        "columns",
        "",
        &[],
        "Names of the columns, in order, with commas between them: fields of the list, \
         `custom.KEY` for one custom field and `custom` for all of them. Without it: every one.",
    )
}];

/// Parameters of a table with headers.
pub const LANGUAGE_PARAMETERS: &[Parameter] = &[parameter(
    "lang",
    "pt-BR",
    &["pt-BR", "en", "es"],
    "Language of the headers and, in CSV, of numbers: `12,5` in pt-BR and es, `12.5` in en.",
)];

/// Parameters of a CSV file.
pub const CSV_PARAMETERS: &[Parameter] = &[parameter(
    "delimiter",
    "",
    &[";", ",", "|", "tab"],
    "What separates fields. Without it what spreadsheets of the language expect: `;` in pt-BR and \
     es, `,` in en.",
)];

/// Reads how a table is to be written from a URL's query.
///
/// # Errors
/// [`BadBody`] names the parameter and says what it takes.
pub fn parse_table_form(query: &str) -> Result<TableForm, BadBody> {
    let (mut language, mut delimiter) = (Language::default(), None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match (&*name, value.trim()) {
            ("delimiter", _) if value == "\t" => delimiter = Some(b'\t'),
            (_, "") => {}
            ("lang", tag) => {
                let wrong = || wrong("lang", tag, "pt-BR, en or es");
                language = Language::of(tag).ok_or_else(wrong)?;
            }
            ("delimiter", text) => {
                delimiter = Some(match text {
                    ";" => b';',
                    "," => b',',
                    "|" => b'|',
                    _ if text.eq_ignore_ascii_case("tab") => b'\t',
                    _ => return Err(wrong("delimiter", text, "; , | or tab")),
                });
            }
            _ => {}
        }
    }
    Ok(TableForm { language, delimiter: delimiter.unwrap_or_else(|| language.delimiter()) })
}

fn wrong(name: &str, value: &str, takes: &str) -> BadBody {
    let value: Text = clean(value, 40);
    BadBody(format!("{name} is '{value}', but takes {takes}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_brings_its_delimiter_unless_another_is_asked_for() {
        for (query, language, delimiter) in [
            ("", Language::PtBr, b';'),
            ("lang=es&delimiter=", Language::Es, b';'),
            ("lang=EN", Language::En, b','),
            ("lang=en&delimiter=;", Language::En, b';'),
            ("delimiter=%09", Language::PtBr, b'\t'),
            ("delimiter=TAB", Language::PtBr, b'\t'),
            ("delimiter=%7C&os=linux", Language::PtBr, b'|'),
        ] {
            let form = parse_table_form(query).unwrap();
            assert_eq!(form, TableForm { language, delimiter }, "{query}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, named) in [
            ("lang=fr", "lang is 'fr', but takes pt-BR, en or es"),
            ("delimiter=x", "delimiter is 'x', but takes ; , | or tab"),
            ("delimiter=%00%1b", "delimiter is '', but takes"),
        ] {
            let BadBody(said) = parse_table_form(query).unwrap_err();
            assert!(said.starts_with(named), "{said}");
        }
    }
}
