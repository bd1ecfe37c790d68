//! Records of logins: `utmp` and `wtmp`.

use chrono::{DateTime, SecondsFormat};

use crate::wire::sections::LoggedIn;

/// The kind of a record about somebody who is logged in.
const USER_PROCESS: i16 = 7;
/// Where the user's name is, and how long it may be.
const USER: std::ops::Range<usize> = 44..76;

/// Where a platform's C library has what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// Bytes of a record.
    pub(super) record: usize,
    /// Where the seconds are.
    seconds: usize,
    /// How many bytes they have.
    width: usize,
}

/// As it is on x86, and on others that came from 32 bits.
const COMPAT: Layout = Layout { record: 384, seconds: 340, width: 4 };
/// As it is on platforms that always had 64 bits.
const WIDE: Layout = Layout { record: 400, seconds: 344, width: 8 };

/// The layout of this computer's files.
pub(super) const NATIVE: Layout =
    if cfg!(any(target_arch = "aarch64", target_arch = "loongarch64")) { WIDE } else { COMPAT };

/// Everybody who is logged in by these records, in their order.
pub(super) fn logged_in(bytes: &[u8], layout: Layout) -> Vec<LoggedIn> {
    bytes.chunks_exact(layout.record).filter_map(|record| user(record, layout)).collect()
}

fn user(record: &[u8], layout: Layout) -> Option<LoggedIn> {
    if i16::from_ne_bytes([record[0], record[1]]) != USER_PROCESS {
        return None;
    }
    let name = record[USER].split(|byte| *byte == 0).next()?;
    let name = String::from_utf8_lossy(name).trim().to_owned();
    let seconds = &record[layout.seconds..];
    let seconds = if layout.width == 8 {
        i64::from_ne_bytes(*seconds.first_chunk()?)
    } else {
        // Unsigned, it lasts until 2106.
        u32::from_ne_bytes(*seconds.first_chunk()?).into()
    };
    let since = DateTime::from_timestamp(seconds, 0).filter(|_| seconds > 0);
    let since = since.map(|since| since.to_rfc3339_opts(SecondsFormat::Secs, true));
    (!name.is_empty()).then_some(LoggedIn { name, since })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn record(kind: i16, name: &str, seconds: i64, layout: Layout) -> Vec<u8> {
        let mut record = vec![0; layout.record];
        record[..2].copy_from_slice(&kind.to_ne_bytes());
        record[44..44 + name.len()].copy_from_slice(name.as_bytes());
        let at = layout.seconds;
        if layout.width == 8 {
            record[at..at + 8].copy_from_slice(&seconds.to_ne_bytes());
        } else {
            let seconds = u32::try_from(seconds).unwrap();
            record[at..at + 4].copy_from_slice(&seconds.to_ne_bytes());
        }
        record
    }

    #[test]
    fn people_are_told_from_everything_else() {
        for layout in [COMPAT, WIDE] {
            let records = [
                record(2, "reboot", 1, layout),
                record(7, "ana", 1_795_000_000, layout),
                record(8, "gone", 1_795_000_000, layout),
                record(7, "", 1_795_000_000, layout),
                record(7, &"x".repeat(32), 0, layout),
                vec![7; 20],
            ];
            let ana = LoggedIn { name: "ana".into(), since: Some("2026-11-18T11:06:40Z".into()) };
            let long = LoggedIn { name: "x".repeat(32), since: None };
            assert_eq!(logged_in(&records.concat(), layout), [ana, long]);
        }
    }
}
