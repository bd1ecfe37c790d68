//! Times as the API writes them.

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, Timelike, Utc};
use chrono_tz::Tz;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde::{Serialize, Serializer};

/// An instant in the configured zone, written `YYYY-MM-DDTHH:MM:SS[.ffffff]+HH:MM`: six digits of
/// fraction or none, and never `Z`, because Python 3.10's `fromisoformat` reads nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp(DateTime<FixedOffset>);

impl Timestamp {
    /// `instant` as clocks in `zone` show it.
    #[must_use]
    pub fn new(instant: DateTime<Utc>, zone: Tz) -> Self {
        Self(instant.with_timezone(&zone).fixed_offset())
    }

    /// What clocks there show, in whole seconds.
    #[must_use]
    pub fn wall(self) -> NaiveDateTime {
        let local = self.0.naive_local();
        local.with_nanosecond(0).unwrap_or(local)
    }

    fn text(self) -> String {
        let at = self.0;
        let offset_min = at.offset().local_minus_utc() / 60;
        let mut text = String::with_capacity(32);
        let written = write!(
            text,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )
        .and_then(|()| match at.nanosecond() / 1_000 {
            0 => Ok(()),
            micros => write!(text, ".{micros:06}"),
        })
        .and_then(|()| {
            let sign = if offset_min < 0 { '-' } else { '+' };
            let offset_min = offset_min.abs();
            write!(text, "{sign}{:02}:{:02}", offset_min / 60, offset_min % 60)
        });
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
        text
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl Type for Timestamp {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string_date-time".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "date-time")))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(Some(self).into_iter())
    }
}

impl ToJSON for Timestamp {
    fn to_json(&self) -> Option<serde_json::Value> {
        Some(self.text().into())
    }
}

impl ParseFromJSON for Timestamp {
    fn parse_from_json(value: Option<serde_json::Value>) -> ParseResult<Self> {
        let text = String::parse_from_json(value).map_err(ParseError::propagate)?;
        Ok(Self(DateTime::parse_from_rfc3339(&text)?))
    }
}

#[cfg(test)]
mod tests {
    use super::{DateTime, Timestamp, Tz};

    #[test]
    fn times_have_six_digits_of_fraction_or_none_and_a_numeric_offset() {
        let text = |at: &str, zone: Tz| {
            let at = DateTime::parse_from_rfc3339(at).unwrap().to_utc();
            Timestamp::new(at, zone).text()
        };
        assert_eq!(
            text("2026-11-23T07:26:15.258264Z", Tz::America__Cuiaba),
            "2026-11-23T03:26:15.258264-04:00"
        );
        assert_eq!(text("2026-11-23T07:26:15Z", Tz::UTC), "2026-11-23T07:26:15+00:00");
        assert_eq!(
            text("2026-11-23T07:26:15.5Z", Tz::Asia__Kolkata),
            "2026-11-23T12:56:15.500000+05:30"
        );
    }
}
