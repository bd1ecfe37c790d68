//! Durations as Go writes them (`500ms`, `1h30m`, `1.5s`), and days (`7d`).

use std::time::Duration;

/// Why a text is no duration: the end of a sentence that starts with the text.
pub type Problem = &'static str;

const MISSING_UNIT: Problem = "has a number without a unit";

/// Reads `text` by the rules of Go's `time.ParseDuration`, with `d` (24 hours) as one more unit.
///
/// # Errors
/// Anything else, a negative time, and one above 292 years (Go's own limit).
pub fn parse(text: &str) -> Result<Duration, Problem> {
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    if text.starts_with('-') {
        return Err("is negative");
    }
    if unsigned == "0" {
        return Ok(Duration::ZERO);
    }
    if unsigned.is_empty() {
        return Err("is not a duration");
    }
    let mut nanoseconds: u128 = 0;
    let mut rest = unsigned;
    while !rest.is_empty() {
        let (amount, after) = number_and_unit(rest)?;
        nanoseconds = nanoseconds.saturating_add(amount);
        rest = after;
    }
    i64::try_from(nanoseconds)
        .map(|value| Duration::from_nanos(value.unsigned_abs()))
        .map_err(|_| "is too long")
}

/// The first number with its unit, in nanoseconds, and what follows.
fn number_and_unit(text: &str) -> Result<(u128, &str), Problem> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    if whole.is_empty() && fraction.is_empty() {
        return Err("is not a duration");
    }
    let end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(end);
    let scale = nanoseconds_per(unit)?;
    let whole: u128 =
        if whole.is_empty() { 0 } else { whole.parse().map_err(|_| "is too long")? };
    let mut amount = whole.saturating_mul(scale);
    let mut scale = scale;
    for digit in fraction.bytes() {
        scale /= 10;
        amount = amount.saturating_add(u128::from(digit - b'0') * scale);
    }
    Ok((amount, rest))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn nanoseconds_per(unit: &str) -> Result<u128, Problem> {
    Ok(match unit {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        "" => return Err(MISSING_UNIT),
        _ => return Err("has a unit other than ms, s, m, h and d"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, milliseconds) in [
            ("0", 0),
            ("0s", 0),
            ("60s", 60_000),
            ("+5s", 5_000),
            ("500ms", 500),
            ("1h30m", 5_400_000),
            ("1.5h", 5_400_000),
            (".5s", 500),
            ("1.s", 1_000),
            ("90m", 5_400_000),
            ("2m0.5s", 120_500),
            ("3000\u{b5}s", 3),
            ("7d", 604_800_000),
            ("1d12h", 129_600_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for text in
            ["", " ", "60", "s", ".s", "1x", "1h30", "-5s", "-0", "1 h", "60 s", "1e3s", "\u{661}s"]
        {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert_eq!(parse("60"), Err(MISSING_UNIT));
        assert_eq!(parse("9999999999999h"), Err("is too long"));
        assert_eq!(parse(&format!("{}s", "9".repeat(60))), Err("is too long"));
    }
}
