//! Dates as people and scripts write them.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;

use crate::model::wall_time;

/// Years that a computer's date of activation can lie in; beyond them it is a slip of the pen, or
/// a number that no store can keep. Zones had odd seconds before.
const YEARS: std::ops::RangeInclusive<i32> = 1950..=9998;

/// Reads RFC 3339 with or without a zone, `YYYY-MM-DD`, `DD/MM/YYYY` or epoch seconds. What has
/// no zone is wall time in `zone`.
pub(super) fn parse_activation(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let local = || {
        let local = parse_local(text).filter(|local| YEARS.contains(&local.year()))?;
        Some(wall_time(local, zone))
    };
    let parsed = parse_instant(text).or_else(local).or_else(|| parse_epoch(text))?;
    // A leap second becomes the next one, as it will be when it is stored.
    let parsed = DateTime::from_timestamp_micros(parsed.timestamp_micros())?;
    YEARS.contains(&parsed.year()).then_some(parsed)
}

/// The instant of a number of seconds since 1970, with fractions down to the microsecond.
pub(super) fn from_epoch_seconds(seconds: f64) -> Option<DateTime<Utc>> {
    let micros = seconds * 1e6;
    if micros.is_nan() || micros.abs() >= 1e18 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked above")]
    DateTime::from_timestamp_micros(micros as i64).filter(|at| YEARS.contains(&at.year()))
}

/// Seconds since 1970 as text. Eight digits are rather a date without separators, which could be
/// either way round: it is refused.
fn parse_epoch(text: &str) -> Option<DateTime<Utc>> {
    let is_date = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_date { None } else { text.parse().ok().and_then(from_epoch_seconds) }
}

fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    let instant = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%:z"))
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%:z"))
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .ok()?;
    Some(instant.to_utc())
}

fn parse_local(text: &str) -> Option<NaiveDateTime> {
    const DATES: [&str; 2] = ["%Y-%m-%d", "%d/%m/%Y"];
    const TIMES: [&str; 4] =
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let date = DATES.iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok());
    date.map(|date| date.and_time(NaiveTime::MIN))
        .or_else(|| TIMES.iter().find_map(|f| NaiveDateTime::parse_from_str(text, f).ok()))
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::Cuiaba;

    use super::parse_activation;

    fn utc(text: &str) -> Option<String> {
        parse_activation(text, Cuiaba).map(|at| at.to_rfc3339())
    }

    #[test]
    fn every_documented_form_is_read() {
        for (text, expected) in [
            ("2024-02-20", "2024-02-20T04:00:00+00:00"),
            ("15/01/2024", "2024-01-15T04:00:00+00:00"),
            ("2022-02-20T12:00:00Z", "2022-02-20T12:00:00+00:00"),
            ("2022-02-20T12:00:00-03:00", "2022-02-20T15:00:00+00:00"),
            ("2022-02-20T12:00:00", "2022-02-20T16:00:00+00:00"),
            ("2022-02-20 12:00:00.25", "2022-02-20T16:00:00.250+00:00"),
            ("1700000000", "2023-11-14T22:13:20+00:00"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ] {
            assert_eq!(utc(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in [
            "31/31/2020",
            "2024-13-01",
            "soon",
            "",
            "1e300",
            "0001-01-01",
            "1900-01-01",
            "NaN",
            "inf",
            "20240115",
            "+262142-12-31T23:59:59",
            "-262143-01-01",
            "99999999999999999999",
        ] {
            assert_eq!(utc(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_on_which_midnight_does_not_exist_is_its_first_moment() {
        assert_eq!(utc("2018-11-04").as_deref(), Some("2018-11-04T04:00:00+00:00"));
    }
}
