//! Free text from agents and people, made harmless to show, log and store.

/// Text of a machine. Up to 24 bytes, which most of it is, are kept where the text is referred to:
/// a look at 20,000 machines then misses the processor's caches far less often.
pub type Text = compact_str::CompactString;

/// Most characters kept of a host name.
pub const HOSTNAME_CHARS: usize = 100;
/// Most characters kept of an address.
pub const IP_CHARS: usize = 45;
/// Most characters kept of an operating system's name or version.
pub const OS_CHARS: usize = 100;
/// Most characters kept of a computer model.
pub const MODEL_CHARS: usize = 100;

/// Most characters kept of an agent's version.
pub const AGENT_VERSION_CHARS: usize = 30;

/// Most characters of a place, an owner or an asset number.
pub const PLACE_CHARS: usize = 100;
/// Most characters of notes.
pub const NOTES_CHARS: usize = 4_000;

/// Removes control characters, line separators and bidirectional overrides, trims white space at
/// both ends and cuts to `max_chars` characters.
///
/// Control characters could forge log lines and terminal output, bidirectional ones could make a
/// name read as another; no store ever sees NUL.
#[must_use]
pub fn clean(text: &str, max_chars: usize) -> Text {
    let harmless = |byte: u8| (0x20..0x7f).contains(&byte);
    let trimmed = text.trim();
    if trimmed.len() <= max_chars && trimmed.bytes().all(harmless) {
        return trimmed.into();
    }
    let kept: Text = text.chars().filter(|&c| !is_harmful(c)).collect();
    kept.trim().chars().take(max_chars).collect::<Text>().trim_end().into()
}

/// As [`clean`], of text with several lines: their ends stay, as `\n`, and so do tabs inside.
#[must_use]
pub fn clean_lines(text: &str) -> Text {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept: Text = text.chars().filter(|&c| matches!(c, '\n' | '\t') || !is_harmful(c)).collect();
    kept.trim().into()
}

/// What a terminal may be given of a text, wherever that is from: lines and tabs, and nothing that it
/// would obey.
#[must_use]
pub fn for_terminal(text: &str) -> String {
    text.chars().filter(|&c| matches!(c, '\n' | '\t') || !is_harmful(c)).collect()
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::{clean, clean_lines, for_terminal};

    #[test]
    fn ordinary_text_is_kept_as_it_is() {
        for text in ["", "lab-01", "ção-04-pc09", "Windows 11", "日本語 😀"] {
            assert_eq!(clean(text, 100), text);
        }
    }

    #[test]
    fn control_and_bidirectional_characters_are_removed() {
        assert_eq!(
            clean("a\0b\nc\r\x1b[31md\u{202e}e\u{2066}f\u{2028}g\u{85}", 100),
            "abc[31mdefg"
        );
        assert_eq!(clean("\t pc \n", 100), "pc");
    }

    #[test]
    fn lines_stay_lines_and_nothing_harmful_stays_in_them() {
        assert_eq!(clean_lines(" \r\na\r\nb\rc\n\td\u{1b}[0m\0\u{202e} \n"), "a\nb\nc\n\td[0m");
        assert_eq!(clean_lines(" \n\t "), "");
    }

    #[test]
    fn a_terminal_obeys_nothing() {
        assert_eq!(for_terminal(" a\tb\n\u{1b}]0;c\u{7}\r\u{9b}2J\u{202e}\n"), " a\tb\n]0;c2J\n");
    }

    #[test]
    fn long_text_is_cut_on_a_character_boundary() {
        assert_eq!(clean(&"é".repeat(150), 100), "é".repeat(100));
        assert_eq!(clean(&"x".repeat(150), 100), "x".repeat(100));
    }
}
