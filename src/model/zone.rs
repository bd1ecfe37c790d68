//! Wall-clock time.

use chrono::{DateTime, Days, NaiveDateTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::Tz;

/// The instant of a wall-clock time in `zone`. Of an hour that occurs twice it is the first one;
/// a time that does not exist (clocks went forward) shifts forward.
#[must_use]
pub fn wall_time(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    if let Some(instant) = zone.from_local_datetime(&local).earliest() {
        return instant.to_utc();
    }
    let day_before = local.checked_sub_days(Days::new(1)).unwrap_or(local);
    let offset = zone.offset_from_utc_datetime(&day_before).fix();
    DateTime::from_naive_utc_and_offset(local - offset, Utc)
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::Cuiaba;

    use super::{NaiveDateTime, wall_time};

    #[test]
    fn an_hour_that_occurs_twice_is_the_first_and_a_missing_one_shifts_forward() {
        let at = |text: &str| {
            let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
            wall_time(local, Cuiaba).to_rfc3339()
        };
        // Clocks went back from 00:00 to 23:00 on 2018-02-18, and forward at 00:00 on 2018-11-04.
        assert_eq!(at("2018-02-17 23:30"), "2018-02-18T02:30:00+00:00");
        assert_eq!(at("2018-11-04 00:30"), "2018-11-04T04:30:00+00:00");
    }
}
