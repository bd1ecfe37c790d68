//! What stands in a cell, as spreadsheets write it in the forms of each language, put into the words
//! of the API.

use std::borrow::Cow;

use chrono::{Datelike as _, NaiveDate, NaiveTime};
use serde_json::Value;

use crate::model::search::fold;
use crate::model::{CustomKind, clean};
use crate::wire::BadBody;
use crate::wire::columns::FORMULA;

use super::field::Field;

/// The text without the `'` that an export puts before what a spreadsheet would take for a formula.
pub(super) fn unguarded(text: &str) -> &str {
    let guarded = text.strip_prefix('\'');
    guarded.filter(|rest| rest.trim_start_matches('\'').starts_with(FORMULA)).unwrap_or(text)
}

/// The value of a cell as the API's JSON has it, and whether it is a day without a time; null for an
/// empty one.
pub(super) fn value(
    field: &Field,
    text: &str,
    has_decimal_comma: bool,
) -> Result<(Value, bool), BadBody> {
    let text = unguarded(text);
    if text.trim().is_empty() {
        return Ok((Value::Null, false));
    }
    let (name, kind) = match field {
        Field::Human(name) => (*name, None),
        Field::Custom(custom) => ("", Some(&custom.kind)),
        Field::Key(_) => return Ok((Value::Null, false)),
    };
    let is_lines = name == "notes";
    if !is_lines && text.trim().contains(['\n', '\r']) {
        return Err(BadBody(
            "the cell has several lines, but takes one; is a quotation mark missing?".into(),
        ));
    }
    let whole = |text: Cow<'_, str>| (Value::String(text.into_owned()), false);
    Ok(match (name, kind) {
        ("tags", _) => {
            let tags = text.split([',', ';']).map(str::trim).filter(|tag| !tag.is_empty());
            (tags.map(|tag| Value::String(tag.to_owned())).collect(), false)
        }
        ("computer_activation", _) => {
            let (text, is_day) = moment(text);
            (Value::String(text.into_owned()), is_day)
        }
        ("purchase_date" | "warranty_end_date", _) | (_, Some(CustomKind::Date)) => {
            whole(day(text))
        }
        ("activation_days", _) | (_, Some(CustomKind::Number)) => {
            whole(number(text, has_decimal_comma)?)
        }
        (_, Some(CustomKind::YesNo)) => {
            truth(text).map_or_else(|| whole(text.into()), |is_so| (Value::Bool(is_so), false))
        }
        _ => whole(text.into()),
    })
}

/// A date in one of the four forms as `YYYY-MM-DD`.
fn date(text: &str) -> Option<String> {
    let formats = ["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%Y/%m/%d"];
    let date = formats.iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok());
    date.filter(|date| (1000..=9999).contains(&date.year())).map(|date| date.to_string())
}

/// An instant or a day, and whether it is a day. What is not known is left for the API to refuse.
fn moment(text: &str) -> (Cow<'_, str>, bool) {
    let text = text.trim();
    if let Some(date) = date(text) {
        return (date.into(), true);
    }
    let parts = text.split_once([' ', 'T']).and_then(|(day, time)| Some((date(day)?, time.trim())));
    parts.map_or((text.into(), false), |(day, time)| (format!("{day}T{time}").into(), false))
}

/// A day; with a midnight after it, as spreadsheets write it, too.
fn day(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let is_midnight = |time: &str| {
        let formats = ["%H:%M:%S%.f", "%H:%M"];
        let read = formats.iter().find_map(|format| NaiveTime::parse_from_str(time, format).ok());
        read == Some(NaiveTime::MIN)
    };
    let date_alone = match text.split_once([' ', 'T']) {
        Some((day, time)) if is_midnight(time.trim()) => day,
        _ => text,
    };
    date(date_alone).map_or(text.into(), Cow::Owned)
}

/// A number with a point before its fraction. One that is read as another in another language is
/// refused.
fn number(text: &str, has_decimal_comma: bool) -> Result<Cow<'_, str>, BadBody> {
    let text = text.trim();
    let own = if has_decimal_comma { ',' } else { '.' };
    let marks = |mark: char| text.matches(mark).count();
    let last = text.rfind([',', '.']).map(|place| (place, text[place..].starts_with(own)));
    let Some((place, is_own)) = last else { return Ok(text.into()) };
    let (commas, points) = (marks(','), marks('.'));
    let last_mark = &text[place..=place];
    let others = text.replace(if last_mark == "," { '.' } else { ',' }, "");
    if commas > 0 && points > 0 {
        // Both: the last one separates the fraction.
        return Ok(others.replace(',', ".").into());
    }
    if commas + points > 1 {
        // Several of one kind separate thousands.
        return Ok(text.replace(last_mark, "").into());
    }
    let could_be_thousands = text.len() - place == 4 && place > 0 && !text.starts_with('0');
    if !is_own && could_be_thousands {
        let plain = text.replace(last_mark, "");
        let fraction = text.replace(last_mark, if last_mark == "," { "." } else { "," });
        return Err(BadBody(format!(
            "'{}' may be {} or {}; write it without that mark, or as numbers are written in the \
             language of the headers",
            clean(text, 40),
            clean(&plain, 40),
            clean(&fraction, 40)
        )));
    }
    Ok(text.replace(',', ".").into())
}

/// Yes or no, in a spreadsheet's words or a person's.
fn truth(text: &str) -> Option<bool> {
    match fold(text.trim()).as_str() {
        "true" | "verdadeiro" | "verdadero" | "sim" | "si" | "yes" | "1" => Some(true),
        "false" | "falso" | "nao" | "no" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_guard_goes_and_nothing_else() {
        for (text, read) in [
            ("'=1", "=1"),
            ("'-x", "-x"),
            ("'\tx", "\tx"),
            ("'a", "'a"),
            ("''=", "'="),
            ("''a", "''a"),
            ("=1", "=1"),
        ] {
            assert_eq!(unguarded(text), read);
        }
    }

    #[test]
    fn dates_are_read_in_every_form() {
        for text in ["15/01/2024", "15-01-2024", "2024-01-15", " 2024/01/15 ", "15/1/2024"] {
            assert_eq!(moment(text), ("2024-01-15".into(), true), "{text}");
            assert_eq!(day(text), "2024-01-15");
        }
        assert_eq!(moment("15/01/2024 10:30"), ("2024-01-15T10:30".into(), false));
        assert_eq!(moment("2024-01-15 10:30:05"), ("2024-01-15T10:30:05".into(), false));
        assert_eq!(moment("2024-01-15T10:30:05-04:00").0, "2024-01-15T10:30:05-04:00");
        assert_eq!(day("15/01/2024 00:00:00"), "2024-01-15");
        assert_eq!(day("15/01/2024 10:00"), "15/01/2024 10:00", "no day, and refused as that");
        for text in ["31/02/2024", "15/01/24", "soon", "2024-1"] {
            assert_eq!((moment(text), &*day(text)), ((text.into(), false), text));
        }
    }

    #[test]
    fn numbers_are_read_as_their_language_writes_them() {
        for (text, comma, read) in [
            ("12", true, "12"),
            ("12,5", true, "12.5"),
            ("12.5", false, "12.5"),
            ("12,5", false, "12.5"),
            ("12.5", true, "12.5"),
            ("-1.234,5", true, "-1234.5"),
            ("1,234.5", false, "1234.5"),
            ("1.234.567", true, "1234567"),
            ("1,234", true, "1.234"),
            ("1.234", false, "1.234"),
            ("0.125", true, "0.125"),
            ("x", true, "x"),
        ] {
            assert_eq!(number(text, comma).unwrap(), read, "{text} {comma}");
        }
        let BadBody(said) = number("1,234", false).unwrap_err();
        assert!(said.starts_with("'1,234' may be 1234 or 1.234;"), "{said}");
        assert!(number("1.234", true).is_err());
    }

    #[test]
    fn a_cell_of_one_line_has_one() {
        let room = Field::Human("room");
        assert_eq!(value(&room, " '=x ", true).unwrap().0, json!(" '=x "));
        assert_eq!(value(&room, "'=x", true).unwrap().0, json!("=x"));
        assert_eq!(value(&room, " \n", true).unwrap().0, Value::Null);
        assert!(value(&room, "a\nb", true).unwrap_err().0.contains("is a quotation mark missing?"));
        assert_eq!(value(&Field::Human("notes"), "a\nb", true).unwrap().0, json!("a\nb"));
        let tags = value(&Field::Human("tags"), "'-lab, b; c,", true).unwrap().0;
        assert_eq!(tags, json!(["-lab", "b", "c"]));
        assert_eq!(["Sim", "NÃO", "x"].map(truth), [Some(true), Some(false), None]);
    }
}
