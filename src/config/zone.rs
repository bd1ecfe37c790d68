//! Time zones by name, with advice for a name that is none.

use chrono_tz::{TZ_VARIANTS, Tz};

use super::{ConfigError, present};

const SETTING: &str = "TIMEZONE (--timezone)";

/// The zone of whoever names none, as the original has it.
const DEFAULT: Tz = Tz::America__Cuiaba;

/// The zone that is named, or the default.
///
/// # Errors
/// As [`parse`].
pub(super) fn choose(named: Option<String>) -> Result<Tz, ConfigError> {
    present(named).map_or(Ok(DEFAULT), |name| parse(&name))
}

/// The zone of that name.
///
/// # Errors
/// An unknown name; the message offers the names that are close to it and this computer's zone.
fn parse(name: &str) -> Result<Tz, ConfigError> {
    name.parse().map_err(|_| {
        let close = close_names(name);
        let advice = if close.is_empty() {
            let here = iana_time_zone::get_timezone().unwrap_or_else(|_| "Etc/UTC".to_owned());
            format!("Write a name such as America/Cuiaba, Etc/UTC or this computer's: {here}")
        } else {
            format!("Did you mean {}?", close.join(" or "))
        };
        ConfigError::new(SETTING, name, "is not a time zone", &advice)
    })
}

/// At most three zone names that differ little from `name`, the closest first.
fn close_names(name: &str) -> Vec<&'static str> {
    let plain = |text: &str| text.to_lowercase().replace([' ', '-'], "_");
    let wanted = plain(name);
    let allowed = (wanted.chars().count() / 4).clamp(1, 3);
    let mut close: Vec<(usize, &str)> = TZ_VARIANTS
        .iter()
        .filter_map(|zone| {
            let full = plain(zone.name());
            let city = full.rsplit('/').next().unwrap_or(&full);
            let distance = distance(&wanted, &full).min(distance(&wanted, city) + 1);
            (distance <= allowed).then_some((distance, zone.name()))
        })
        .collect();
    close.sort_unstable();
    close.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Levenshtein distance in characters.
pub(super) fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, l) in left.chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (at, r) in right.iter().enumerate() {
            let replace = diagonal + usize::from(l != *r);
            diagonal = row[at + 1];
            row[at + 1] = replace.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_zone_gets_the_close_names() {
        for (wrong, meant) in [
            ("America/Cuiabá", "America/Cuiaba"),
            ("america/cuiaba", "America/Cuiaba"),
            ("Cuiaba", "America/Cuiaba"),
            ("America/Sao Paulo", "America/Sao_Paulo"),
            ("Europe/Berln", "Europe/Berlin"),
        ] {
            let message = parse(wrong).unwrap_err().to_string();
            assert!(message.contains(meant), "{wrong}: {message}");
            assert!(message.starts_with("TIMEZONE (--timezone): "), "{message}");
        }
    }

    #[test]
    fn a_zone_like_no_other_gets_an_example() {
        let message = parse("somewhere over the rainbow").unwrap_err().to_string();
        assert!(message.contains("America/Cuiaba"), "{message}");
    }
}
