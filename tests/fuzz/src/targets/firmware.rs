//! What firmware and monitors say of themselves: the word `edid` or `smbios` on a line, and the bytes.

use serde::Serialize;
use tatuscan::agent::inventory::{edid, smbios};
use tatuscan::wire::sections::is_junk_identifier;

use super::head;

pub fn run(data: &[u8]) {
    let Some((what, bytes)) = head(data) else { return };
    match what {
        "edid" => monitor(bytes),
        "smbios" => tables(bytes),
        _ => {}
    }
}

fn monitor(bytes: &[u8]) {
    let mut block = bytes.to_vec();
    assert_eq!(edid::parse(&block[..block.len().min(127)]), None);
    // A checksum that fits, which no luck would find.
    if let Some((last, before)) = block.get_mut(..128).and_then(<[u8]>::split_last_mut) {
        *last = before.iter().fold(0_u8, |sum, byte| sum.wrapping_sub(*byte));
    }
    let Some(monitor) = edid::parse(&block) else { return };
    assert_eq!(edid::parse(&block[..128]).as_ref(), Some(&monitor), "what follows says nothing");
    let texts = [&monitor.manufacturer, &monitor.model, &monitor.serial];
    for text in texts.into_iter().flatten() {
        assert!(!text.is_empty() && text.len() <= 13, "{text:?}");
        assert!(text.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "{text:?}");
    }
    assert!(monitor.manufacturer.is_none_or(|maker| maker.len() == 3));
    assert!(monitor.serial.is_none_or(|serial| !is_junk_identifier(&serial)));
}

fn tables(bytes: &[u8]) {
    let (system, cpu, memory) = (smbios::system(bytes), smbios::cpu(bytes), smbios::memory(bytes));
    let length = shown(&system) + shown(&smbios::firmware(bytes)) + shown(&cpu) + shown(&memory);
    // A text is said as often as somebody points to it, by a structure of four bytes and more.
    let structures = bytes.len() / 4 + 1;
    assert!(length <= 1_000 + structures * (6 * bytes.len() + 200), "{length}");
    assert!(memory.modules.len() <= structures);
    let serials = [system.serial, smbios::chassis_serial(bytes), system.board_serial];
    assert!(serials.iter().flatten().all(|serial| !is_junk_identifier(serial)));
    // Where the table is cut off nothing more is said than in the whole one.
    let half = smbios::memory(&bytes[..bytes.len() / 2]);
    assert!(memory.modules.starts_with(&half.modules));
}

/// How long it is as it is sent.
fn shown(value: &impl Serialize) -> usize {
    serde_json::to_string(value).unwrap().len()
}
