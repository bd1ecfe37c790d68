//! A machine's search text: one line a field, as [`super::field::FIELDS`] has them, and one for the
//! fields that admins defined.

use memchr::{Memchr, memchr_iter};

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

/// The most lines that a search text has.
const LINES: usize = FIELDS.len() + 1;

/// The lines of a search text, each found when it is first asked for: a search with several conditions
/// reads the text once.
pub(super) struct Lines<'a> {
    text: &'a str,
    ends: Memchr<'a>,
    /// Where lines begin, as far as that is known.
    starts: [u32; LINES + 1],
    known: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, ends: memchr_iter(b'\n', text.as_bytes()), starts: [0; LINES + 1], known: 1 }
    }

    /// The texts of a field, by its line; empty where there is none.
    pub(super) fn line(&mut self, number: usize) -> &'a str {
        while self.known < number + 2 {
            let end = self.ends.next().unwrap_or(self.text.len());
            self.starts[self.known] = u32::try_from(end + 1).unwrap_or(u32::MAX);
            self.known += 1;
        }
        let [start, next] = [self.starts[number], self.starts[number + 1]].map(|at| at as usize);
        self.text.get(start..next - 1).unwrap_or_default()
    }
}
