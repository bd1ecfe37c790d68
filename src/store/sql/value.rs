//! A value on its way to or from a database. What is null still has a type: PostgreSQL asks for it.

use chrono::{DateTime, NaiveDateTime, Utc};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Integer(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Instant(Option<DateTime<Utc>>),
    Local(Option<NaiveDateTime>),
}

/// A row of values.
pub(super) type Row = Vec<Value>;

impl Value {
    pub(super) fn number(number: u64) -> Self {
        Self::Integer(Some(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    pub(super) fn text(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }

    /// A whole number, whatever type the column has.
    pub(super) fn into_integer(self) -> Option<i64> {
        match self {
            Self::Integer(number) => number,
            #[expect(clippy::cast_possible_truncation, reason = "a cast saturates")]
            Self::Real(number) => number.filter(|number| number.is_finite()).map(|n| n as i64),
            Self::Text(text) => text.and_then(|text| text.trim().parse().ok()),
            _ => None,
        }
    }

    pub(super) fn into_real(self) -> Option<f64> {
        match self {
            Self::Real(number) => number,
            #[expect(clippy::cast_precision_loss, reason = "a load is a small number")]
            Self::Integer(number) => number.map(|number| number as f64),
            Self::Text(text) => text.and_then(|text| text.trim().parse().ok()),
            _ => None,
        }
    }

    pub(super) fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => text,
            Self::Bytes(bytes) => bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            Self::Integer(number) => number.map(|number| number.to_string()),
            Self::Real(number) => number.map(|number| number.to_string()),
            Self::Instant(_) | Self::Local(_) => None,
        }
    }

    pub(super) fn into_bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Text(text) => text.map(String::into_bytes),
            _ => None,
        }
    }
}
