//! What a monitor says of itself: EDID, the first 128 bytes.

use crate::wire::sections::{Monitor, is_junk_identifier};

const HEADER: [u8; 8] = [0, 255, 255, 255, 255, 255, 255, 0];
const BLOCK: usize = 128;
/// Where the four descriptors begin; each has 18 bytes.
const DESCRIPTORS: [usize; 4] = [54, 72, 90, 108];
const SERIAL_TEXT: u8 = 0xff;
const NAME: u8 = 0xfc;

/// The monitor that a block describes; `None` for what is none, or damaged.
#[must_use]
pub fn parse(edid: &[u8]) -> Option<Monitor> {
    let block: &[u8; BLOCK] = edid.first_chunk()?;
    let sum = block.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    if !block.starts_with(&HEADER) || sum != 0 {
        return None;
    }
    let number = u32::from_le_bytes([block[12], block[13], block[14], block[15]]);
    let serial = text(block, SERIAL_TEXT).or_else(|| Some(number.to_string()));
    let product = u16::from_le_bytes([block[10], block[11]]);
    // Projectors say no size.
    let size = |at: usize| Some(block[at]).filter(|cm| *cm > 0);
    Some(Monitor {
        manufacturer: maker(u16::from_be_bytes([block[8], block[9]])),
        model: text(block, NAME).or_else(|| Some(format!("0x{product:04x}"))),
        serial: serial.filter(|serial| !is_junk_identifier(serial)),
        year: Some(block[17]).filter(|years| *years > 0).map(|years| 1990 + u16::from(years)),
        width_cm: size(21),
        height_cm: size(22),
    })
}

/// Three letters of five bits each.
fn maker(bits: u16) -> Option<String> {
    let letter = |shift: u16| {
        let number = u8::try_from((bits >> shift) & 31).ok()?;
        (1..=26).contains(&number).then(|| char::from(b'A' + number - 1))
    };
    [10, 5, 0].into_iter().map(letter).collect()
}

/// The text of a descriptor of that kind, up to its line end.
fn text(block: &[u8; BLOCK], kind: u8) -> Option<String> {
    let descriptors = DESCRIPTORS.iter().map(|at| &block[*at..at + 18]);
    let mut found = descriptors.filter(|one| one.starts_with(&[0, 0, 0, kind]));
    let text = found.next()?[5..].split(|byte| *byte == b'\n').next()?;
    let is_shown = |byte: &&u8| (0x20..0x7f).contains(*byte);
    let text: String = text.iter().filter(is_shown).map(|byte| char::from(*byte)).collect();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
pub(in crate::agent) mod tests {
    use super::*;

    /// A block with these descriptors, with its sum in order.
    pub(in crate::agent) fn block(number: u32, descriptors: &[(u8, &str)]) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        block[..8].copy_from_slice(&HEADER);
        // D, E, L: 4, 5, 12.
        block[8..10].copy_from_slice(&(4_u16 << 10 | 5 << 5 | 12).to_be_bytes());
        block[10..12].copy_from_slice(&0xa0c7_u16.to_le_bytes());
        block[12..16].copy_from_slice(&number.to_le_bytes());
        block[16..18].copy_from_slice(&[30, 31]);
        block[21..23].copy_from_slice(&[53, 30]);
        for ((kind, text), at) in descriptors.iter().zip(DESCRIPTORS) {
            block[at + 3] = *kind;
            block[at + 5..at + 18].fill(b' ');
            block[at + 5..at + 5 + text.len()].copy_from_slice(text.as_bytes());
        }
        let sum = block.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        block[127] = sum.wrapping_neg();
        block
    }

    #[test]
    fn a_monitor_says_who_it_is() {
        let monitor =
            parse(&block(7, &[(0xfe, "other"), (NAME, "DELL P2419H\n"), (SERIAL_TEXT, "CN0A1\n")]));
        let expected = Monitor {
            manufacturer: Some("DEL".into()),
            model: Some("DELL P2419H".into()),
            serial: Some("CN0A1".into()),
            year: Some(2021),
            width_cm: Some(53),
            height_cm: Some(30),
        };
        assert_eq!(monitor, Some(expected));
        let bare = parse(&block(123_400, &[])).unwrap();
        assert_eq!(
            (bare.model.as_deref(), bare.serial.as_deref()),
            (Some("0xa0c7"), Some("123400"))
        );
        for number in [0, u32::from_le_bytes([1, 1, 1, 1])] {
            let serial = parse(&block(number, &[])).unwrap().serial;
            assert_eq!(serial.is_none(), number == 0, "{number}");
        }
    }

    #[test]
    fn what_is_damaged_is_no_monitor() {
        let whole = block(7, &[(NAME, "X")]);
        assert!(parse(&whole).is_some());
        assert_eq!(parse(&[]), None);
        assert_eq!(parse(&whole[..127]), None);
        for at in 0..BLOCK {
            let mut damaged = whole.clone();
            damaged[at] = damaged[at].wrapping_add(1);
            assert_eq!(parse(&damaged), None, "byte {at}");
        }
        assert_eq!(parse(&[0; BLOCK]), None);
    }
}
