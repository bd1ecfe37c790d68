//! What stands in one cell of a table.

use chrono::NaiveDate;
use serde::{Serialize, Serializer};

use crate::wire::{Day, Timestamp};

/// What stands in one cell. Written as JSON it is what the API says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Empty,
    /// Text, from whomever.
    Text(&'a str),
    /// Texts, none of which has a comma.
    Texts(&'a [String]),
    /// A whole number.
    Whole(i64),
    /// A finite number.
    Number(f64),
    /// An instant.
    Time(Timestamp),
    /// A calendar date.
    Day(NaiveDate),
    /// Yes or no.
    YesNo(bool),
}

impl<'a> Cell<'a> {
    /// The text, if there is one.
    #[must_use]
    pub fn text(text: Option<&'a String>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(text))
    }

    /// The instant, if there is one.
    #[must_use]
    pub fn time(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Empty, Self::Time)
    }

    /// The date, if there is one.
    #[must_use]
    pub fn day(day: Option<Day>) -> Self {
        day.map_or(Self::Empty, |Day(day)| Self::Day(day))
    }
}

impl std::fmt::Display for Cell<'_> {
    /// For people who compare: as it stands in a file, without what is for spreadsheets alone.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Texts(texts) => f.write_str(&texts.join(", ")),
            Self::Whole(number) => number.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Time(at) => at.wall().format("%Y-%m-%d %H:%M:%S").fmt(f),
            Self::Day(day) => day.fmt(f),
            Self::YesNo(is_so) => is_so.fmt(f),
        }
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Empty => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Texts(texts) => texts.serialize(serializer),
            Self::Whole(number) => serializer.serialize_i64(*number),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Time(at) => at.serialize(serializer),
            Self::Day(day) => Day(*day).serialize(serializer),
            Self::YesNo(is_so) => serializer.serialize_bool(*is_so),
        }
    }
}
