//! Long files, line by line, in little memory.

use std::io::{self, BufRead};

/// Longer lines are left out.
const LONGEST: usize = 64 * 1024;
/// More bytes than this is no file of a machine's.
const MOST_BYTES: u64 = 256 << 20;

/// Calls `each` with every line, without its end; bytes that are no text are replaced.
///
/// # Errors
/// Those of reading; a file that does not come to an end.
pub(super) fn each(mut reader: impl BufRead, mut each: impl FnMut(&str)) -> io::Result<()> {
    let (mut line, mut is_too_long, mut read) = (Vec::new(), false, 0_u64);
    loop {
        let part = reader.fill_buf()?;
        let end = part.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(part.len(), |end| end + 1);
        is_too_long |= line.len() + used > LONGEST;
        if !is_too_long {
            line.extend_from_slice(&part[..end.unwrap_or(used)]);
        }
        reader.consume(used);
        read += used as u64;
        if read > MOST_BYTES {
            return Err(io::Error::other("there is no end"));
        }
        if end.is_some() || used == 0 {
            if !is_too_long && (used > 0 || !line.is_empty()) {
                each(String::from_utf8_lossy(&line).trim_end_matches('\r'));
            }
            line.clear();
            is_too_long = false;
        }
        if used == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read as _};

    use super::*;

    fn of(text: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        // A buffer that is smaller than the lines.
        each(BufReader::with_capacity(3, text), |line| lines.push(line.to_owned())).unwrap();
        lines
    }

    #[test]
    fn lines_come_as_they_are() {
        assert_eq!(of(b"one\r\n\ntwo three\nfour"), ["one", "", "two three", "four"]);
        assert_eq!(of(b""), Vec::<String>::new());
        assert_eq!(of(b"\n"), [""]);
        assert_eq!(of(b"\xff\n"), ["\u{fffd}"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_left_out() {
        let text = format!("a\n{}\nb\n{}", "x".repeat(LONGEST), "y".repeat(LONGEST + 1));
        assert_eq!(of(text.as_bytes()), ["a", "b"]);
        let longest = "x".repeat(LONGEST - 1);
        assert_eq!(of(format!("{longest}\n").as_bytes()), [longest]);
    }

    #[test]
    fn what_never_ends_is_an_error() {
        let endless = BufReader::with_capacity(1 << 20, io::repeat(b'x').take(MOST_BYTES * 2));
        assert!(each(endless, |_| {}).is_err());
    }
}
