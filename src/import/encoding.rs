//! From bytes to text.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::model::{Text, clean};
use crate::wire::BadBody;

/// The encoding with a name, as `encoding` takes it.
pub(super) fn named(name: &str) -> Result<&'static Encoding, BadBody> {
    let known = [UTF_8, WINDOWS_1252].into_iter();
    known.into_iter().find(|one| one.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
        let name: Text = clean(name, 40);
        BadBody(format!("encoding is '{name}', but takes utf-8 or windows-1252"))
    })
}

/// The text, and the name of its encoding: what a byte order mark says, else what was asked for, else
/// UTF-8 where it is that, and Windows-1252 otherwise.
pub(super) fn decode<'a>(
    bytes: &'a [u8],
    asked: Option<&'static Encoding>,
) -> Result<(Cow<'a, str>, &'static str), BadBody> {
    let marked = Encoding::for_bom(bytes);
    let (encoding, mark) = marked.unwrap_or_else(|| {
        let is_utf8 = || std::str::from_utf8(bytes).is_ok();
        let guessed = || if is_utf8() { UTF_8 } else { WINDOWS_1252 };
        (asked.unwrap_or_else(guessed), 0)
    });
    let bytes = &bytes[mark..];
    let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) else {
        let line = std::str::from_utf8(bytes).err().filter(|_| encoding == UTF_8).map(|error| {
            1 + bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count()
        });
        let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        return Err(BadBody(format!(
            "{line}the file is not {}, but another encoding; save it as CSV in UTF-8, or say \
             encoding=windows-1252",
            encoding.name()
        )));
    };
    if text.contains('\0') {
        return Err(BadBody(
            "The file has characters of value 0 and is no CSV; save it as CSV in UTF-8".into(),
        ));
    }
    Ok((text, encoding.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_in_which_spreadsheets_save_is_read() {
        let utf16: Vec<u8> = "\u{feff}São".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, encoding) in [
            ("São".as_bytes(), "UTF-8"),
            ("\u{feff}São".as_bytes(), "UTF-8"),
            (b"S\xe3o", "windows-1252"),
            (&utf16, "UTF-16LE"),
        ] {
            assert_eq!(decode(bytes, None).unwrap(), ("São".into(), encoding));
        }
        assert_eq!(decode(b"10 \x80", None).unwrap().0, "10 €");
        let asked = named("Windows-1252").unwrap();
        assert_eq!(decode("ã".as_bytes(), Some(asked)).unwrap().0, "Ã£");
    }

    #[test]
    fn what_is_no_text_is_refused_with_what_to_do() {
        let asked = named("utf-8").unwrap();
        let BadBody(said) = decode(b"a\nb\nS\xe3o", Some(asked)).unwrap_err();
        assert!(said.starts_with("line 3: the file is not UTF-8"), "{said}");
        let BadBody(said) = decode(b"PK\x03\x04\0\0", None).unwrap_err();
        assert!(said.contains("is no CSV"), "{said}");
        let BadBody(said) = named("latin\u{1b}").unwrap_err();
        assert_eq!(said, "encoding is 'latin', but takes utf-8 or windows-1252");
    }
}
