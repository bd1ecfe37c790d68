//! Text that no spreadsheet takes for a formula.

use std::borrow::Cow;

use crate::wire::columns::FORMULA;

/// The text; with `'` before it where a spreadsheet would take it for a formula, and where it looks as
/// if it had one: an import takes it off again.
pub(super) fn inert(text: &str) -> Cow<'_, str> {
    if text.trim_start_matches('\'').starts_with(FORMULA) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text without the control characters that neither a line nor a table is made of: some readers
/// skip them, and would take what follows for a formula, and a workbook cannot hold them.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    let is_foreign = |c: char| {
        c.is_control() && !matches!(c, '\t' | '\n' | '\r') || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    if text.contains(is_foreign) {
        Cow::Owned(text.replace(is_foreign, ""))
    } else {
        Cow::Borrowed(text)
    }
}

/// As much of the text as fits into a cell of a workbook.
pub(super) fn cut(text: &str) -> &str {
    /// Most characters of a cell, in UTF-16.
    const MOST: usize = 32_767;
    if text.len() <= MOST {
        return text;
    }
    let mut room = MOST;
    let too_much = |c: char| {
        let takes = c.len_utf16();
        let is_too_much = takes > room;
        room = room.saturating_sub(takes);
        is_too_much
    };
    text.find(too_much).map_or(text, |end| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_begins_as_a_formula_does_is_marked() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''-x"] {
            assert_eq!(inert(formula), format!("'{formula}"));
        }
        for text in ["", "a=1", "'a", "''", "' =1", " =1", "1-1", "ção"] {
            assert_eq!(inert(text), text);
        }
    }

    #[test]
    fn what_no_file_can_hold_is_left_out() {
        assert_eq!(printable("a\nb\tc\0\u{1b}\u{ffff}\u{85}"), "a\nb\tc");
        assert_eq!(inert(&printable("\u{1}=1")), "'=1");
    }

    #[test]
    fn a_cell_holds_so_many_characters_of_utf_16_and_no_half_of_one() {
        let long = "😀".repeat(20_000);
        assert_eq!(cut(&long).encode_utf16().count(), 32_766);
        assert_eq!(cut(&"x".repeat(40_000)).len(), 32_767);
        assert_eq!(cut(&"é".repeat(32_767)).chars().count(), 32_767);
    }
}
