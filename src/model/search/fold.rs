//! Text in the form in which it is searched: in lower case and without accents.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

/// Appends the text in the form in which it is searched. Control characters become spaces, so that
/// they can separate values.
pub(super) fn fold_into(text: &str, folded: &mut String) {
    let put = |c: char| if c.is_control() { ' ' } else { c };
    if text.is_ascii() {
        folded.extend(text.chars().map(|c| put(c.to_ascii_lowercase())));
        return;
    }
    let letters = text.chars().flat_map(char::to_lowercase).nfd();
    folded.extend(letters.filter(|&c| canonical_combining_class(c) == 0).map(put));
}

/// The text in the form in which it is searched.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    folded
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn case_and_accents_do_not_matter() {
        for (text, folded) in [
            ("", ""),
            ("LAB-01", "lab-01"),
            ("Laboratório de Informática", "laboratorio de informatica"),
            ("AÇÃO", "acao"),
            ("ac\u{327}a\u{303}o", "acao"),
            ("ÑANDÚ Über", "nandu uber"),
            ("İ", "i"),
            ("日本 😀", "日本 😀"),
            ("a\nb\u{1f}c\u{85}d", "a b c d"),
        ] {
            assert_eq!(fold(text), folded, "{text:?}");
        }
    }
}
