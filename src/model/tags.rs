//! Tags: short words by which people gather machines.

use super::filter::same;
use super::{Text, clean};

/// Most characters of a tag.
pub const TAG_CHARS: usize = 50;
/// Most tags of a machine.
pub const TAGS: usize = 50;

/// Why a text is no tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTag {
    /// Nothing is left of it.
    #[error("a tag is empty")]
    Empty,
    /// It is too long.
    #[error("the tag '{0}…' has more than {TAG_CHARS} characters")]
    Long(Text),
    /// It has a character that separates tags elsewhere.
    #[error("the tag '{0}' has a comma or a semicolon, which separate tags")]
    Separator(Text),
}

/// The tag that somebody wrote, without white space around it or more than one blank inside.
///
/// # Errors
/// [`BadTag`] when it is none.
pub fn tag(text: &str) -> Result<Text, BadTag> {
    let words = text.split_whitespace().map(|word| clean(word, usize::MAX));
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let tag = Text::from(words.join(" "));
    if tag.is_empty() {
        return Err(BadTag::Empty);
    }
    if tag.chars().count() > TAG_CHARS {
        return Err(BadTag::Long(tag.chars().take(20).collect()));
    }
    if tag.contains([',', ';']) {
        return Err(BadTag::Separator(tag));
    }
    Ok(tag)
}

/// These tags with others added: each once, whatever its case, in one order. Of two spellings the
/// first stays.
#[must_use]
pub fn with_tags(tags: &[Text], added: &[Text]) -> Vec<Text> {
    let mut all: Vec<Text> = Vec::with_capacity(tags.len() + added.len());
    for tag in tags.iter().chain(added) {
        if !all.iter().any(|known| same(known, tag)) {
            all.push(tag.clone());
        }
    }
    all.sort_by_cached_key(|tag| (tag.to_lowercase(), tag.clone()));
    all
}

/// These tags without others, whatever their case.
#[must_use]
pub fn without_tags(tags: &[Text], removed: &[Text]) -> Vec<Text> {
    let stays = |tag: &&Text| !removed.iter().any(|removed| same(removed, tag));
    tags.iter().filter(stays).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_trimmed_cleaned_and_measured() {
        for (text, expected) in [
            (" lab ", "lab"),
            ("sala\u{a0} 12\t b", "sala 12 b"),
            ("a\u{202e}b\0c \u{200f} d", "abc d"),
            ("ção 😀", "ção 😀"),
        ] {
            assert_eq!(tag(text), Ok(expected.into()), "{text:?}");
        }
        assert_eq!(tag(" \u{200e}\n"), Err(BadTag::Empty));
        assert_eq!(tag("a,b"), Err(BadTag::Separator("a,b".into())));
        assert_eq!(tag("a;b"), Err(BadTag::Separator("a;b".into())));
        assert_eq!(tag(&"é".repeat(50)), Ok("é".repeat(50).into()));
        assert_eq!(tag(&"é".repeat(51)), Err(BadTag::Long("é".repeat(20).into())));
    }

    #[test]
    fn tags_are_kept_once_whatever_their_case_and_in_one_order() {
        let tags = |texts: &[&str]| texts.iter().map(|text| Text::from(*text)).collect::<Vec<_>>();
        let all = with_tags(&tags(&["beta", "Alfa"]), &tags(&["ALFA", "ÇÃO", "ção", "Beta 2"]));
        assert_eq!(all, tags(&["Alfa", "beta", "Beta 2", "ÇÃO"]));
        assert_eq!(without_tags(&all, &tags(&["çÃo", "BETA", "other"])), tags(&["Alfa", "Beta 2"]));
    }
}
