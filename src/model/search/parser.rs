//! From text to terms.

use std::ops::Range;

use super::error::Wrong;
use super::field::{self, CUSTOM};
use super::scanner::Scanner;
use super::term::{Subject, Term, Value};
use crate::model::{clean, is_key};

/// Words and values in one search; more would only keep the server busy.
pub const MOST_VALUES: usize = 200;
/// Characters of what was written that a message repeats.
const SHOWN: usize = 40;

/// How a word is understood.
enum Word {
    Plain,
    /// A condition, whose subject's name is so many characters long.
    Condition(Subject, usize),
    /// It looks like a condition, but there is no field of this name.
    Unknown(String),
}

pub(super) fn terms(text: &str) -> Result<Vec<Term>, Wrong> {
    let mut scanner = Scanner::new(text);
    let (mut terms, mut values) = (Vec::new(), 0);
    while scanner.skip_space() {
        let from = scanner.at();
        let term = term(&mut scanner)?;
        values += term.values.len();
        if values > MOST_VALUES {
            let message =
                format!("There are more than {MOST_VALUES} words and values: ask in parts");
            return Err(Wrong::new(from..scanner.at(), message));
        }
        terms.push(term);
    }
    Ok(terms)
}

fn term(scanner: &mut Scanner) -> Result<Term, Wrong> {
    // A dash alone is a word.
    let is_negated = scanner.begins_with('-') && !scanner.ends_after(1);
    if is_negated {
        scanner.skip(1);
    }
    let from = scanner.at();
    if scanner.begins_with('"') {
        let text = scanner.quoted()?;
        let at = from..scanner.at();
        if text.is_empty() {
            let message = "There is nothing between the quotes; `no:FIELD` finds machines without \
                           a value";
            return Err(Wrong::new(at, message));
        }
        space_follows(scanner, false)?;
        return Ok(word_term(is_negated, text, at));
    }
    let word = scanner.peek_word();
    match understood(&word) {
        Word::Plain => {
            scanner.skip(word.chars().count());
            Ok(word_term(is_negated, word, from..scanner.at()))
        }
        Word::Condition(subject, length) => {
            scanner.skip(length + 1);
            let values = values(scanner, &subject, from)?;
            Ok(Term { is_negated, subject, values, at: from..from + length })
        }
        Word::Unknown(name) => {
            let message = format!(
                "'{}' is no field to search in, as {} and {CUSTOM}KEY are. To look for the text \
                 itself, put it in quotes: \"{}\"",
                clean(&name, SHOWN),
                field::names(),
                clean(&word, SHOWN),
            );
            Err(Wrong::new(from..from + name.chars().count(), message))
        }
    }
}

fn word_term(is_negated: bool, text: String, at: Range<usize>) -> Term {
    let value = Value { text, is_whole: false, at: at.clone() };
    Term { is_negated, subject: Subject::Everything, values: vec![value], at }
}

fn values(scanner: &mut Scanner, subject: &Subject, from: usize) -> Result<Vec<Value>, Wrong> {
    let mut values = Vec::new();
    loop {
        let start = scanner.at();
        let is_whole = subject.has_whole() && scanner.begins_with('=');
        if is_whole {
            scanner.skip(1);
        }
        let text = if scanner.begins_with('"') {
            let text = scanner.quoted()?;
            space_follows(scanner, true)?;
            text
        } else {
            let text = scanner.until_comma();
            if text.is_empty() {
                let takes = match subject {
                    Subject::Field(field) => format!("; it takes {}", field.takes),
                    _ => String::new(),
                };
                let place = if values.is_empty() { "colon" } else { "comma" };
                let message = format!("{subject} needs a value right after the {place}{takes}");
                return Err(Wrong::new(from..scanner.at(), message));
            }
            text
        };
        values.push(Value { text, is_whole, at: start..scanner.at() });
        if !scanner.begins_with(',') {
            return Ok(values);
        }
        scanner.skip(1);
    }
}

/// Something may follow closing quotes, but not at once.
fn space_follows(scanner: &Scanner, or_comma: bool) -> Result<(), Wrong> {
    if scanner.ends_after(0) || (or_comma && scanner.begins_with(',')) {
        return Ok(());
    }
    let at = scanner.at();
    Err(Wrong::new(at..at + 1, "A space is missing after the closing quote"))
}

fn understood(word: &str) -> Word {
    let Some((name, rest)) = word.split_once(':') else { return Word::Plain };
    if let Some(field) = field::named(name) {
        return Word::Condition(Subject::Field(field), name.chars().count());
    }
    if let Some(key) = field::custom_key(name) {
        let length = name.chars().count();
        return if is_key(&key) {
            Word::Condition(Subject::Custom(key), length)
        } else {
            Word::Unknown(name.to_owned())
        };
    }
    let begins = name.starts_with(char::is_alphabetic);
    let is_name = begins && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if !is_name || rest.starts_with("//") || is_address(word) {
        return Word::Plain;
    }
    Word::Unknown(name.to_owned())
}

/// Whether a word is made as a MAC or IPv6 address, a network, or the beginning of one is.
fn is_address(word: &str) -> bool {
    let digits = word.split(['/', '%']).next().unwrap_or(word);
    digits.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.'))
}

/// Whether a text reads as this one word when it stands alone, after a dash or not.
pub(super) fn is_bare_word(text: &str) -> bool {
    let begins_plain = text == "-" || !text.starts_with(['-', '"']);
    !text.is_empty()
        && begins_plain
        && !text.contains(char::is_whitespace)
        && matches!(understood(text), Word::Plain)
}

/// Whether a text reads as this one value of a field.
pub(super) fn is_bare_value(text: &str) -> bool {
    let separates = |c: char| c.is_whitespace() || c == ',';
    !text.is_empty() && !text.starts_with('"') && !text.contains(separates)
}
