//! How a file is to be read, as it stands in a URL.

use encoding_rs::Encoding;

use super::encoding;
use crate::model::{MatchBy, Text, clean};
use crate::wire::{BadBody, Parameter};

/// How a file is to be read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whether to only say what would be changed.
    pub dry_run: bool,
    /// Whether days in use are counted where the file does not say them.
    pub fill_days: bool,
    /// What rows and machines have in common; what the file's columns say when it is not given.
    pub(super) by: Option<MatchBy>,
    /// Headers, and the names of the fields that they stand for; an empty one leaves the column out.
    pub(super) map: Vec<(String, String)>,
    pub(super) delimiter: Option<u8>,
    pub(super) encoding: Option<&'static Encoding>,
    /// Whether an empty cell clears what is there.
    pub(super) clears: bool,
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

/// Parameters of an import.
pub const IMPORT_PARAMETERS: &[Parameter] = &[
    parameter("dry_run", "false", &["true", "false"], "Only say what would be changed."),
    parameter(
        "match",
        "",
        &["machine_id", "hostname", "number", "asset_number", "serial"],
        "What a row and its machine have in common. `number` is the number in the host name, which \
         the file has in a column of its own (`NUMERO`) or in a host name. Without it the first of \
         `machine_id`, `number`, `hostname`, `asset_number` and `serial` that the file has a column of.",
    ),
    Parameter {
        repeats: true,
        pattern: "^([A-Za-z ]+:(machine_id|hostname|number|room|owner|site|notes|tags)?)?$",
        ..parameter(
            "map",
            "",
            &[],
            "What a column is, where its header does not say: `Header:field`, with the API's name of \
             the field, `custom.KEY` for a custom one, `machine_id`, `hostname` or `number`, or \
             nothing to leave the column out.",
        )
    },
    parameter(
        "delimiter",
        "",
        &[";", ",", "|", "tab"],
        "What separates fields. Without it the one that the header is written with.",
    ),
    parameter(
        "encoding",
        "",
        &["utf-8", "windows-1252"],
        "How characters are encoded. Without it what the byte order mark says, else UTF-8 where the \
         file is that, else Windows-1252.",
    ),
    parameter(
        "empty",
        "keep",
        &["keep", "clear"],
        "What an empty cell does to what the inventory has.",
    ),
    parameter(
        "fill_days",
        "false",
        &["true", "false"],
        "Count `activation_days` from the activation to today where the file does not say them.",
    ),
];

/// Reads how a file is to be read from a URL's query. A parameter that is misspelt must not change
/// more than was meant.
///
/// # Errors
/// [`BadBody`] names the parameter and says what it takes.
pub fn parse_options(query: &str) -> Result<Options, BadBody> {
    let mut options = Options::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if !IMPORT_PARAMETERS.iter().any(|parameter| parameter.name == name) {
            let names: Vec<_> = IMPORT_PARAMETERS.iter().map(|parameter| parameter.name).collect();
            let (name, names): (Text, _) = (clean(&name, 40), names.join(", "));
            return Err(BadBody(format!("{name} is no parameter of an import; there are {names}")));
        }
        match (&*name, value.trim()) {
            ("delimiter", _) if value == "\t" => options.delimiter = Some(b'\t'),
            (_, "") => {}
            ("dry_run", text) => options.dry_run = truth("dry_run", text)?,
            ("fill_days", text) => options.fill_days = truth("fill_days", text)?,
            ("match", text) => {
                let takes = "machine_id, hostname, number, asset_number or serial";
                let by = MatchBy::of(text).ok_or_else(|| wrong("match", text, takes))?;
                options.by = Some(by);
            }
            ("map", text) => {
                let takes = "Header:field";
                let pair = text.rsplit_once(':').ok_or_else(|| wrong("map", text, takes))?;
                options.map.push((pair.0.trim().to_owned(), pair.1.trim().to_owned()));
            }
            ("delimiter", text) => {
                options.delimiter = Some(match text {
                    ";" => b';',
                    "," => b',',
                    "|" => b'|',
                    _ if text.eq_ignore_ascii_case("tab") => b'\t',
                    _ => return Err(wrong("delimiter", text, "; , | or tab")),
                });
            }
            ("encoding", text) => options.encoding = Some(encoding::named(text)?),
            (_, "keep") => options.clears = false,
            (_, "clear") => options.clears = true,
            (_, text) => return Err(wrong("empty", text, "keep or clear")),
        }
    }
    Ok(options)
}

fn truth(name: &str, text: &str) -> Result<bool, BadBody> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(wrong(name, text, "true or false")),
    }
}

fn wrong(name: &str, value: &str, takes: &str) -> BadBody {
    let value: Text = clean(value, 60);
    BadBody(format!("{name} is '{value}', but takes {takes}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_read() {
        let query = "dry_run=true&fill_days=1&match=Number&map=Data%3A+carga:computer_activation\
                     &map=x:&delimiter=%09&encoding=UTF-8&empty=clear";
        let options = parse_options(query).unwrap();
        assert!(options.dry_run && options.fill_days && options.clears);
        assert_eq!(options.by, Some(MatchBy::Number));
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(options.map, [pair("Data: carga", "computer_activation"), pair("x", "")]);
        assert_eq!(options.delimiter, Some(b'\t'));
        let empty = parse_options("dry_run=&match=&map=&delimiter=&encoding=&empty=&fill_days=");
        assert!(!empty.unwrap().dry_run);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, named) in [
            ("dryrun=true", "dryrun is no parameter of an import; there are dry_run, match"),
            ("dry_run=yes", "dry_run is 'yes', but takes true or false"),
            ("match=colour", "match is 'colour', but takes machine_id, hostname"),
            ("map=room", "map is 'room', but takes Header:field"),
            ("delimiter=x", "delimiter is 'x', but takes ; , | or tab"),
            ("encoding=x", "encoding is 'x', but takes"),
            ("empty=x%1b", "empty is 'x', but takes keep or clear"),
        ] {
            let BadBody(said) = parse_options(query).unwrap_err();
            assert!(said.starts_with(named), "{said}");
        }
    }
}
