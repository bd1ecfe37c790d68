//! A machine's search text: one line a field, as [`super::field::FIELDS`] has them, and one for the
//! fields that admins defined.

use memchr::memchr_iter;

use super::field::{FIELDS, Texts, custom_texts};
use super::fold::fold_into;
use crate::model::Machine;

/// Ends the texts of a field.
const LINE: char = '\n';
/// Stands between the texts of a field that has several.
pub(super) const NEXT: char = '\u{1f}';

/// What words and texts are looked for in, without regard to case and accents. It need only be made
/// again when one of the fields changes that it is made of: the machine's id, host name, address,
/// operating system and version, what people know about it, and what its agent found out.
#[must_use]
pub fn search_text(machine: &Machine) -> String {
    let mut text = String::with_capacity(96);
    let texts = FIELDS.iter().map(|field| field.texts);
    for texts in texts.chain([custom_texts as Texts]) {
        let mut is_first = true;
        texts(machine, &mut |value| {
            if !std::mem::take(&mut is_first) {
                text.push(NEXT);
            }
            fold_into(value, &mut text);
        });
        text.push(LINE);
    }
    text.truncate(text.trim_end_matches(LINE).len());
    text
}

/// The texts of a field, by its line.
pub(super) fn line(text: &str, number: usize) -> &str {
    let bytes = text.as_bytes();
    let mut ends = memchr_iter(b'\n', bytes);
    let start = if number == 0 { 0 } else { ends.nth(number - 1).map_or(text.len(), |at| at + 1) };
    let end = ends.next().unwrap_or(text.len());
    text.get(start..end).unwrap_or_default()
}
