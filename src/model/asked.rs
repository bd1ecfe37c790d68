//! Lengths of time and dates, as questions have them.

use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{Activation, CustomField, DAYS_PER_MONTH, Period, StatusRules, wall_time};

/// What the words of a question mean where and when it is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// When.
    pub now: DateTime<Utc>,
    /// The zone whose days ages are counted in.
    pub zone: Tz,
    /// The limits between the states.
    pub rules: StatusRules,
    /// The fields that admins defined.
    pub fields: &'a [Arc<CustomField>],
}

/// Calendar days from one (included) to another (excluded).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Days {
    from: Option<NaiveDate>,
    before: Option<NaiveDate>,
}

impl Days {
    pub(super) fn contains(self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| day >= from) && self.before.is_none_or(|before| day < before)
    }
}

/// What a value is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Comparison<T> {
    /// `>x`, or `>=x`.
    Over(T, OrEqual),
    /// `<x`, or `<=x`.
    Under(T, OrEqual),
    /// `x..y`, `x..` or `..y`.
    Between(Option<T>, Option<T>),
    /// `x`.
    Is(T),
}

/// Whether the value itself is meant too.
pub(super) type OrEqual = bool;

impl<'a> Comparison<&'a str> {
    pub(super) fn of(text: &'a str) -> Self {
        let text = text.trim();
        let or_equal = |rest: &'a str| match rest.strip_prefix('=') {
            Some(rest) => (rest.trim(), true),
            None => (rest.trim(), false),
        };
        if let Some(rest) = text.strip_prefix('>') {
            let (value, or_equal) = or_equal(rest);
            return Self::Over(value, or_equal);
        }
        if let Some(rest) = text.strip_prefix('<') {
            let (value, or_equal) = or_equal(rest);
            return Self::Under(value, or_equal);
        }
        let given = |text: &'a str| Some(text.trim()).filter(|text| !text.is_empty());
        match text.split_once("..") {
            Some((least, most)) => Self::Between(given(least), given(most)),
            None => Self::Is(text),
        }
    }

    /// The comparison with what the texts stand for; `None` when one of them stands for nothing, or
    /// there is none.
    pub(super) fn read<T>(self, read: impl Fn(&str) -> Option<T>) -> Option<Comparison<T>> {
        let end = |text: Option<&str>| match text {
            Some(text) => read(text).map(Some),
            None => Some(None),
        };
        Some(match self {
            Self::Over(text, or_equal) => Comparison::Over(read(text)?, or_equal),
            Self::Under(text, or_equal) => Comparison::Under(read(text)?, or_equal),
            Self::Between(None, None) => return None,
            Self::Between(least, most) => Comparison::Between(end(least)?, end(most)?),
            Self::Is(text) => Comparison::Is(read(text)?),
        })
    }
}

/// More than, less than, or between two lengths of time, in days: at least the first, and less
/// than the second.
type Span = (Option<f64>, Option<f64>);

impl Asked<'_> {
    /// The instants that lie a length of time before now: `>7d`, `<1h` or `1d..30d`.
    #[must_use]
    pub fn ago(&self, text: &str) -> Option<Period> {
        let (least, most) = span(text)?;
        let ago = |days: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "the length was limited")]
            let delta = TimeDelta::seconds((days * 86_400.0) as i64);
            self.now - delta
        };
        Some(Period { from: most.map(ago), before: least.map(ago) })
    }

    /// The dates of activation of computers of an age: `>60mo`, `<1y`, `12mo..36mo`, `none` or
    /// `future`.
    #[must_use]
    pub fn age(&self, text: &str) -> Option<Activation> {
        let tomorrow = Some(self.start_of_day_before(-1.0));
        match text.to_ascii_lowercase().as_str() {
            "none" => return Some(Activation::Unknown),
            "future" => return Some(Activation::In(Period { from: tomorrow, before: None })),
            _ => {}
        }
        let (least, most) = span(text)?;
        // A computer is D days old or older when it went into use before the day after D days ago.
        let day_after = |days: f64| self.start_of_day_before(days.ceil() - 1.0);
        let before = least.map_or(tomorrow, |days| Some(day_after(days)));
        Some(Activation::In(Period { from: most.map(day_after), before }))
    }

    /// The instants of dates; see `Days::named`.
    #[must_use]
    pub fn dates(&self, text: &str) -> Option<Period> {
        let Days { from, before } = Days::named(text)?;
        let start = |day: NaiveDate| wall_time(day.and_time(NaiveTime::MIN), self.zone);
        Some(Period { from: from.map(start), before: before.map(start) })
    }

    /// The days that lie a length of time before today: `>3y`, `<1y` or `12mo..36mo`.
    pub(super) fn days_ago(&self, text: &str) -> Option<Days> {
        let (least, most) = span(text)?;
        let day_after = |days: f64| self.day_before(days.ceil() - 1.0);
        let before = least.map_or_else(|| self.day_before(-1.0), day_after);
        Some(Days { from: most.map(day_after), before: Some(before) })
    }

    /// The days that lie a length of time after today, or are past: `<90d`, `>1y`, `30d..90d` or
    /// `expired`.
    pub(super) fn days_left(&self, text: &str) -> Option<Days> {
        let today = self.day_before(0.0);
        if text.eq_ignore_ascii_case("expired") {
            return Some(Days { from: None, before: Some(today) });
        }
        let (least, most) = span(text)?;
        let day_in = |days: f64| self.day_before(-days.ceil());
        Some(Days { from: Some(least.map_or(today, day_in)), before: most.map(day_in) })
    }

    /// When the day began that lies so many days before today.
    fn start_of_day_before(&self, days: f64) -> DateTime<Utc> {
        wall_time(self.day_before(days).and_time(NaiveTime::MIN), self.zone)
    }

    /// The day so many days before today; a negative number is after it.
    fn day_before(&self, days: f64) -> NaiveDate {
        let today = self.now.with_timezone(&self.zone).date_naive();
        #[expect(clippy::cast_possible_truncation, reason = "the length was limited")]
        let days = TimeDelta::days(days as i64);
        today.checked_sub_signed(days).unwrap_or(NaiveDate::MIN)
    }
}

impl Days {
    /// The days of dates: `2026-11-23` or `23/11/2026`, a month `2026-11` or a year `2026`, `>` or
    /// `<` one of them (`>=` and `<=` with it), or `2026-01..2026-03` with both.
    pub(super) fn named(text: &str) -> Option<Self> {
        let (from, before) = match Comparison::of(text).read(calendar_days)? {
            Comparison::Over(days, or_equal) => {
                (Some(if or_equal { days.start } else { days.end }), None)
            }
            Comparison::Under(days, or_equal) => {
                (None, Some(if or_equal { days.end } else { days.start }))
            }
            Comparison::Between(first, last) => {
                (first.map(|days| days.start), last.map(|days| days.end))
            }
            Comparison::Is(days) => (Some(days.start), Some(days.end)),
        };
        Some(Self { from, before })
    }
}

/// Reads `>7d`, `<7d`, `7d..30d`, `7d..` or `..30d`.
fn span(text: &str) -> Option<Span> {
    match Comparison::of(text).read(days)? {
        Comparison::Over(days, _) => Some((Some(days), None)),
        Comparison::Under(days, _) => Some((None, Some(days))),
        Comparison::Between(least, most) => Some((least, most)),
        Comparison::Is(_) => None,
    }
}

/// A length of time in days: a number and a unit.
fn days(text: &str) -> Option<f64> {
    /// Longer than any machine lives, and short enough to subtract from a date.
    const MOST: f64 = 366.0 * 500.0;
    let (number, unit) = number_and_unit(text)?;
    let unit = match unit.as_str() {
        "s" => 1.0 / 86_400.0,
        "m" | "min" => 1.0 / 1_440.0,
        "h" => 1.0 / 24.0,
        "d" => 1.0,
        "w" => 7.0,
        "mo" => DAYS_PER_MONTH,
        "y" => 12.0 * DAYS_PER_MONTH,
        _ => return None,
    };
    let days = number * unit;
    (0.0..=MOST).contains(&days).then_some(days)
}

/// A number, and its unit in lower case.
pub(super) fn number_and_unit(text: &str) -> Option<(f64, String)> {
    let text = text.trim();
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let number = text[..unit_at].trim().parse().ok()?;
    Some((number, text[unit_at..].to_ascii_lowercase()))
}

/// A day, a month or a year, up to the day after it.
fn calendar_days(text: &str) -> Option<Range<NaiveDate>> {
    let digits = |text: &str, length: usize| {
        let is_number = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { text.parse::<u32>().ok() } else { None }
    };
    let day = |year: u32, month: u32, day: u32| {
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
    };
    if let [d, m, y] = *text.split('/').collect::<Vec<_>>() {
        let first = day(digits(y, 4)?, digits(m, 2)?, digits(d, 2)?)?;
        return Some(first..first.succ_opt()?);
    }
    match *text.split('-').collect::<Vec<_>>() {
        [y] => {
            let year = digits(y, 4)?;
            Some(day(year, 1, 1)?..day(year + 1, 1, 1)?)
        }
        [y, m] => {
            let (year, month) = (digits(y, 4)?, digits(m, 2)?);
            let after = if month == 12 { day(year + 1, 1, 1) } else { day(year, month + 1, 1) };
            Some(day(year, month, 1)?..after?)
        }
        [y, m, d] => {
            let first = day(digits(y, 4)?, digits(m, 2)?, digits(d, 2)?)?;
            Some(first..first.succ_opt()?)
        }
        _ => None,
    }
}
