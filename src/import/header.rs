//! What the columns of a file are.

use std::sync::Arc;

use super::cell::unguarded;
use super::field::{FIELDS, Field};
use crate::model::search::fold;
use crate::model::{CustomField, MatchBy, Text, clean};
use crate::wire::BadBody;
use crate::wire::columns::{Language, MACHINE_COLUMNS};

/// Other names of columns, as the original's files have them.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("numero", "number"),
    ("data da carga", "computer_activation"),
    ("activation date", "computer_activation"),
    ("model", "computer_model"),
];

/// Most characters of a header that an answer repeats.
const SHOWN: usize = 100;

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its header, harmless to show.
    pub(super) header: String,
    /// `None` for one that is left out.
    pub(super) field: Option<Field>,
}

/// The columns of a file.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) columns: Vec<Column>,
    /// Whether numbers in it have a comma before their fraction, by the language of the headers.
    pub(super) has_decimal_comma: bool,
}

impl Header {
    /// The columns of a file with these headers. A header may stand for several fields, when an admin
    /// called a custom one as another: the first of them that no column before has.
    pub(super) fn read<'a>(
        headers: impl IntoIterator<Item = &'a str>,
        map: &[(String, String)],
        fields: &[Arc<CustomField>],
    ) -> Result<Self, BadBody> {
        let names = Names::new(fields);
        let mapped = mapped(map, fields)?;
        let mut used = vec![false; mapped.len()];
        let (mut english, mut others) = (0, 0);
        let mut columns: Vec<Column> = Vec::new();
        for header in headers {
            let plain = plain(unguarded(header));
            let header: Text = clean(unguarded(header), SHOWN);
            let given = mapped.iter().position(|(name, _)| *name == plain);
            let taken = |field: &Field| columns.iter().any(|one| one.field.as_ref() == Some(field));
            let field = match given {
                Some(place) => {
                    used[place] = true;
                    let field = mapped[place].1.clone();
                    if let Some(twice) = field.as_ref().filter(|field| taken(field)) {
                        return Err(BadBody(format!(
                            "Two columns are {}; the second is '{header}'. Leave one of them out \
                             with map={header}:",
                            twice.name()
                        )));
                    }
                    field
                }
                None => {
                    let wanted_elsewhere = |field: &Field| {
                        mapped.iter().any(|(_, mapped)| mapped.as_ref() == Some(field))
                    };
                    let mut candidates = names.of(&plain);
                    let found =
                        candidates.find(|(field, _)| !taken(field) && !wanted_elsewhere(field));
                    if let Some((_, language)) = &found {
                        english += usize::from(*language == Some(Language::En));
                        others += usize::from(language.is_some_and(Language::has_decimal_comma));
                    }
                    found.map(|(field, _)| field)
                }
            };
            columns.push(Column { header: header.into(), field });
        }
        if let Some(missing) = used.iter().position(|used| !used) {
            let header: Text = clean(&map[missing].0, SHOWN);
            return Err(BadBody(format!(
                "map names the column '{header}', but the file has {}",
                shown(&columns)
            )));
        }
        Ok(Self { columns, has_decimal_comma: others > english })
    }

    /// How many columns are known.
    pub(super) fn known(&self) -> usize {
        self.columns.iter().filter(|column| column.field.is_some()).count()
    }

    /// What rows are matched by, and in which column that stands.
    pub(super) fn key(&self, asked: Option<MatchBy>) -> Result<(MatchBy, usize), BadBody> {
        let place = |wanted: MatchBy| {
            let of = |wanted: &Field| {
                self.columns.iter().position(|column| column.field.as_ref() == Some(wanted))
            };
            match wanted {
                MatchBy::AssetNumber => of(&Field::Human("asset_number")),
                other => of(&Field::Key(other)),
            }
        };
        let Some(by) = asked else {
            let mut found = MatchBy::ALL.into_iter().filter_map(|by| Some((by, place(by)?)));
            return found.next().ok_or_else(|| {
                BadBody(format!(
                    "No column says which machine a row is about. The file has {}. Say which one is \
                     what with map=Header:machine_id, hostname, number, asset_number or serial",
                    shown(&self.columns)
                ))
            });
        };
        // The number may stand in a host name.
        let hostname = || (by == MatchBy::Number).then(|| place(MatchBy::Hostname)).flatten();
        place(by).or_else(hostname).map(|place| (by, place)).ok_or_else(|| {
            BadBody(format!(
                "match is {0}, but no column is that. The file has {1}. Say which one is with \
                 map=Header:{0}",
                by.name(),
                shown(&self.columns)
            ))
        })
    }
}

/// What headers stand for, in the form in which they are compared.
struct Names {
    all: Vec<(String, Field, Option<Language>)>,
}

impl Names {
    fn new(fields: &[Arc<CustomField>]) -> Self {
        let mut all = Vec::new();
        for column in MACHINE_COLUMNS {
            let Some(field) = Field::named(column.name, &[]) else { continue };
            all.push((plain(column.name), field.clone(), None));
            for language in Language::ALL {
                all.push((plain(column.header(language)), field.clone(), Some(language)));
            }
        }
        for (header, name) in OTHER_NAMES {
            if let Some(field) = Field::named(name, &[]) {
                all.push(((*header).to_owned(), field, None));
            }
        }
        for custom in fields {
            let field = Field::Custom(Arc::clone(custom));
            let labels = &custom.labels;
            all.push((plain(&field.name()), field.clone(), None));
            let labels = [&labels.pt_br, &labels.en, &labels.es].into_iter().flatten();
            for label in labels.chain([&custom.key]) {
                all.push((plain(label), field.clone(), None));
            }
        }
        Self { all }
    }

    fn of<'a>(&'a self, header: &'a str) -> impl Iterator<Item = (Field, Option<Language>)> + 'a {
        let fitting = self.all.iter().filter(move |(name, ..)| name == header);
        fitting.map(|(_, field, language)| (field.clone(), *language))
    }
}

/// A header in the form in which headers are compared: without case and accents, and with single
/// blanks.
fn plain(header: &str) -> String {
    let words = fold(header).replace(['_', '\u{a0}'], " ");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn mapped(
    map: &[(String, String)],
    fields: &[Arc<CustomField>],
) -> Result<Vec<(String, Option<Field>)>, BadBody> {
    let field = |(header, name): &(String, String)| {
        if name.is_empty() {
            return Ok((plain(header), None));
        }
        let field = Field::named(name, fields).ok_or_else(|| {
            let name: Text = clean(name, 60);
            BadBody(format!(
                "map has the field '{name}', but takes machine_id, hostname, number, {}, and \
                 custom.KEY of the fields that GET /api/fields lists",
                FIELDS.join(", ")
            ))
        })?;
        Ok((plain(header), Some(field)))
    };
    map.iter().map(field).collect()
}

/// The headers, as an error repeats them.
fn shown(columns: &[Column]) -> String {
    /// Headers that an error repeats.
    const MOST: usize = 30;
    let names: Vec<_> =
        columns.iter().take(MOST).map(|column| format!("'{}'", column.header)).collect();
    let more = columns.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("the columns {}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CustomKind, Labels};

    fn rack() -> Arc<CustomField> {
        let labels = Labels { pt_br: Some("Sala".into()), en: None, es: Some("Bastidor".into()) };
        Arc::new(CustomField { key: "rack".into(), kind: CustomKind::Text, labels, order: 0 })
    }

    fn names(headers: &[&str], map: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let map: Vec<_> = map.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
        let header = Header::read(headers.iter().copied(), &map, &[rack()]);
        let header = header.map_err(|BadBody(said)| said)?;
        let name = |column: &Column| column.field.as_ref().map_or("-".into(), Field::name);
        Ok(header.columns.iter().map(name).collect())
    }

    #[test]
    fn every_header_that_an_export_writes_is_known() {
        for language in Language::ALL {
            let headers: Vec<_> =
                MACHINE_COLUMNS.iter().map(|column| column.header(language)).collect();
            let header = Header::read(headers, &[], &[]).unwrap();
            assert_eq!(header.has_decimal_comma, language.has_decimal_comma());
            for (column, read) in MACHINE_COLUMNS.iter().zip(&header.columns) {
                let is_set = FIELDS.contains(&column.name);
                let is_key = ["machine_id", "hostname", "serial"].contains(&column.name);
                let name = read.field.as_ref().map(Field::name);
                assert_eq!(name.as_deref(), (is_set || is_key).then_some(column.name));
            }
        }
    }

    #[test]
    fn the_originals_headers_custom_fields_and_maps_are_known() {
        let originals = ["NUMERO", "DATA DA CARGA", "hostname", "model", "status"];
        let expected = ["number", "computer_activation", "hostname", "computer_model", "-"];
        assert_eq!(names(&originals, &[]).unwrap(), expected);
        assert_eq!(
            names(&[" ativacao ", "Activation_Date", "BASTIDOR"], &[]).unwrap(),
            ["computer_activation", "-", "custom.rack"]
        );
        // Called as another field is: the second one is the custom one, as an export writes them.
        assert_eq!(names(&["Sala", "Sala"], &[]).unwrap(), ["room", "custom.rack"]);
        assert_eq!(names(&["rack", "custom.rack"], &[]).unwrap(), ["custom.rack", "-"]);
        let map = [("onde", "room"), ("sala", "custom.rack"), ("tags", "")];
        assert_eq!(names(&["Sala", "ONDE", "Tags"], &map).unwrap(), ["custom.rack", "room", "-"]);
        assert_eq!(names(&["n", "Patrimônio"], &[("n", "number")]).unwrap()[1], "asset_number");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (headers, map, said) in [
            (&["a"][..], &[("b", "room")][..], "map names the column 'b', but the file has the"),
            (&["a"], &[("a", "colour")], "map has the field 'colour', but takes machine_id, "),
            (&["a", "A"], &[("a", "room")], "Two columns are room; the second is 'A'."),
        ] {
            let error = names(headers, map).unwrap_err();
            assert!(error.starts_with(said), "{error}");
        }
        let header = Header::read(["Sala", "a\u{1b}b"], &[], &[]).unwrap();
        let BadBody(said) = header.key(None).unwrap_err();
        assert!(said.contains("The file has the columns 'Sala', 'ab'."), "{said}");
        let BadBody(said) = header.key(Some(MatchBy::Number)).unwrap_err();
        assert!(said.starts_with("match is number, but no column is that."), "{said}");
    }
}
