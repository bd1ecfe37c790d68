//! Names of PCI devices, from the list `pci.ids`.

use std::io::{self, BufRead};

use super::lines;
use crate::agent::inventory::words::short;

/// A device by its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Id {
    pub(super) vendor: u16,
    pub(super) device: u16,
}

/// Maker and model.
pub(super) type Names = (Option<String>, Option<String>);

/// The names of each of these devices, as far as the list has them.
pub(super) fn names(list: impl BufRead, ids: &[Id]) -> io::Result<Vec<Names>> {
    let mut names = vec![Names::default(); ids.len()];
    let mut vendor = None;
    lines::each(list, |line| {
        // Device classes come after the makers, with a letter before their numbers.
        if !line.starts_with('\t') && !line.starts_with('#') {
            vendor = entry(line);
        }
        let Some((vendor, maker)) = &vendor else { return };
        let device = line.strip_prefix('\t').filter(|rest| !rest.starts_with('\t'));
        let device = device.and_then(entry);
        for (id, (of_maker, of_model)) in ids.iter().zip(&mut names) {
            if id.vendor != *vendor {
                continue;
            }
            if of_maker.is_none() {
                *of_maker = short(maker);
            }
            if let Some((number, model)) = &device
                && id.device == *number
            {
                *of_model = short(model);
            }
        }
    })?;
    Ok(names)
}

/// `NUMBER  NAME`
fn entry(line: &str) -> Option<(u16, String)> {
    let (number, name) = line.split_once("  ")?;
    let is_number = number.len() == 4;
    let number = u16::from_str_radix(number, 16).ok().filter(|_| is_number)?;
    Some((number, name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# comment\n\n8086  Intel Corporation\n\t0007  82379AB\n\
        \t9bc5  CometLake-S GT2 [UHD Graphics 630]\n\t\t103c 8703  Not this\n\
        \t9bc6  Other\nffff  Illegal Vendor ID\n\n# Classes\nC 03  Display controller\n\t00  VGA\n\
        \t9bc5  Not a device\n";

    #[test]
    fn names_are_of_the_maker_that_stands_above() {
        let id = |vendor, device| Id { vendor, device };
        let ids = [id(0x8086, 0x9bc5), id(0xffff, 0x9bc5), id(0x8086, 0x8703), id(1, 1)];
        let name = |text: &str| Some(text.to_owned());
        let expected = [
            (name("Intel Corporation"), name("CometLake-S GT2 [UHD Graphics 630]")),
            (name("Illegal Vendor ID"), None),
            (name("Intel Corporation"), None),
            (None, None),
        ];
        assert_eq!(names(LIST.as_bytes(), &ids).unwrap(), expected);
    }
}
