//! The firmware's tables: SMBIOS, structures of the types 0 to 4, 16 and 17.

use super::words::{chassis, hypervisor, iso_date};
use crate::wire::sections::{Cpu, Firmware, Memory, MemoryModule, System, is_junk_identifier};

const BIOS: u8 = 0;
const SYSTEM: u8 = 1;
const BOARD: u8 = 2;
const CHASSIS: u8 = 3;
const PROCESSOR: u8 = 4;
/// A processor that programs run on, not one for signals or pictures.
const CENTRAL: u8 = 3;
/// The bit of a socket that something is in.
const POPULATED: u8 = 0x40;
const MEMORY_ARRAY: u8 = 16;
const MEMORY_DEVICE: u8 = 17;
const END: u8 = 127;
/// The use of a memory array that programs run in.
const SYSTEM_MEMORY: u8 = 3;
/// More are no computer's.
const MOST_STRUCTURES: usize = 10_000;

/// One structure: its formatted part, and its texts.
struct Structure<'a> {
    formatted: &'a [u8],
    texts: &'a [u8],
}

/// Places for memory and the modules in them, in the order of the table. What is cut off in a damaged
/// table is absent.
#[must_use]
pub fn memory(table: &[u8]) -> Memory {
    let (mut slots, mut max_kib, mut modules) = (0_u32, 0_u64, Vec::new());
    for structure in structures(table) {
        match structure.byte(0) {
            Some(MEMORY_ARRAY) if structure.byte(5) == Some(SYSTEM_MEMORY) => {
                slots = slots.saturating_add(structure.word(0x0d).unwrap_or(0).into());
                max_kib = max_kib.saturating_add(structure.array_kib().unwrap_or(0));
            }
            Some(MEMORY_DEVICE) => modules.extend(structure.module()),
            _ => {}
        }
    }
    Memory {
        slots: Some(slots).filter(|slots| *slots > 0),
        max_mb: Some(max_kib / 1024).filter(|size| *size > 0),
        modules,
    }
}

/// The first structure of a type: the machine's own, where there are several.
fn first(table: &[u8], kind: u8) -> Option<Structure<'_>> {
    structures(table).find(|structure| structure.byte(0) == Some(kind))
}

/// The computer, its board and its chassis, where the system has no other words for them.
#[must_use]
pub fn system(table: &[u8]) -> System {
    let [system, board, case] = [SYSTEM, BOARD, CHASSIS].map(|kind| first(table, kind));
    let text = |structure: &Option<Structure<'_>>, at| structure.as_ref()?.text(at);
    let [manufacturer, model] = [4, 5].map(|at| text(&system, at));
    let [board_maker, board_model] = [4, 5].map(|at| text(&board, at));
    let makers = [&manufacturer, &model, &board_maker].map(|it| it.as_deref().unwrap_or_default());
    let kind = || chassis(case.as_ref()?.byte(5)?.into());
    let chassis = if hypervisor(&makers).is_some() { Some("virtual") } else { kind() };
    let board_name = [board_maker, board_model].into_iter().flatten().collect::<Vec<_>>().join(" ");
    System {
        manufacturer,
        model,
        serial: text(&system, 7).or_else(|| text(&case, 7)),
        uuid: uuid(table),
        chassis: chassis.map(str::to_owned),
        asset_tag: text(&case, 8),
        board: Some(board_name).filter(|name| !name.is_empty()),
        board_serial: text(&board, 7),
    }
}

/// The serial number of the chassis.
#[must_use]
pub fn chassis_serial(table: &[u8]) -> Option<String> {
    first(table, CHASSIS)?.text(7)
}

/// Who made the firmware, and which it is.
#[must_use]
pub fn firmware(table: &[u8]) -> Firmware {
    let Some(bios) = first(table, BIOS) else { return Firmware::default() };
    let date = bios.text(8);
    Firmware {
        vendor: bios.text(4),
        version: bios.text(5),
        date: date.map(|date| iso_date(&date).unwrap_or(date)),
        ..Firmware::default()
    }
}

/// The processors that are there.
#[must_use]
pub fn cpu(table: &[u8]) -> Cpu {
    let processors = || {
        let kind =
            |it: &Structure<'_>| (it.byte(0), it.byte(5)) == (Some(PROCESSOR), Some(CENTRAL));
        let is_there = |it: &Structure<'_>| it.byte(0x18).is_some_and(|it| it & POPULATED != 0);
        structures(table).filter(move |it| kind(it) && is_there(it))
    };
    let sum = |byte, word| {
        let counts = processors().filter_map(|processor| processor.count(byte, word));
        Some(counts.fold(0, u32::saturating_add)).filter(|sum| *sum > 0)
    };
    Cpu {
        model: processors().find_map(|processor| processor.text(0x10)),
        sockets: u32::try_from(processors().count()).ok().filter(|sockets| *sockets > 0),
        cores: sum(0x23, 0x2a),
        threads: sum(0x25, 0x2e),
    }
}

/// The machine's UUID, lower case, as Linux and Windows show it: its first three parts are numbers, and
/// stand there with their last byte first.
fn uuid(table: &[u8]) -> Option<String> {
    let system = first(table, SYSTEM)?;
    let bytes: &[u8; 16] = system.formatted.get(8..)?.first_chunk()?;
    const ORDER: [&[usize]; 5] =
        [&[3, 2, 1, 0], &[5, 4], &[7, 6], &[8, 9], &[10, 11, 12, 13, 14, 15]];
    let part = |part: &[usize]| -> String {
        part.iter().map(|at| format!("{:02x}", bytes[*at])).collect()
    };
    let uuid = ORDER.map(part).join("-");
    (!is_junk_identifier(&uuid)).then_some(uuid)
}

fn structures(table: &[u8]) -> impl Iterator<Item = Structure<'_>> {
    let mut rest = table;
    let next = move || {
        let length = usize::from(*rest.get(1)?);
        let formatted = rest.get(..length).filter(|part| part.len() >= 4 && part[0] != END)?;
        let after = &rest[length..];
        // The texts end with an empty one; where there are none, with two zeros.
        let texts = after.windows(2).position(|pair| pair == [0, 0])?;
        rest = &after[texts + 2..];
        Some(Structure { formatted, texts: &after[..texts] })
    };
    std::iter::from_fn(next).take(MOST_STRUCTURES)
}

impl Structure<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.formatted.get(at).copied()
    }

    fn word(&self, at: usize) -> Option<u16> {
        self.formatted.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
    }

    fn double(&self, at: usize) -> Option<u32> {
        self.formatted.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
    }

    fn quad(&self, at: usize) -> Option<u64> {
        self.formatted.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
    }

    /// The text whose number stands there, unless it says nothing.
    fn text(&self, at: usize) -> Option<String> {
        let number = usize::from(self.byte(at)?).checked_sub(1)?;
        let text = self.texts.split(|byte| *byte == 0).nth(number)?;
        let text = String::from_utf8_lossy(text).trim().to_owned();
        (!is_junk_identifier(&text)).then_some(text)
    }

    /// A number that has a byte, and a word where that is too small.
    fn count(&self, byte: usize, word: usize) -> Option<u32> {
        match self.byte(byte)? {
            0xff => self.word(word).map(u32::from),
            count => Some(count.into()),
        }
    }

    /// The most that an array takes, in KiB.
    fn array_kib(&self) -> Option<u64> {
        match self.double(7)? {
            0x8000_0000 => self.quad(0x0f).map(|bytes| bytes / 1024),
            kib => Some(kib.into()),
        }
    }

    /// The module that is there; `None` for an empty place.
    fn module(&self) -> Option<MemoryModule> {
        let size_mb = match self.word(0x0c)? {
            0 => return None,
            0xffff => None,
            0x7fff => self.double(0x1c).map(|mib| u64::from(mib & 0x7fff_ffff)),
            kib if kib & 0x8000 != 0 => Some(u64::from(kib & 0x7fff) / 1024),
            mib => Some(mib.into()),
        };
        let known = |at| self.word(at).filter(|speed| !matches!(speed, 0 | 0xffff)).map(u32::from);
        // What it runs at, where the table is new enough to say it.
        let speed_mts = known(0x20).or_else(|| known(0x15));
        Some(MemoryModule {
            slot: self.text(0x10),
            size_mb,
            kind: self.byte(0x12).and_then(kind).map(str::to_owned),
            speed_mts,
            manufacturer: self.text(0x17),
            part: self.text(0x1a),
            serial: self.text(0x18),
        })
    }
}

fn kind(number: u8) -> Option<&'static str> {
    Some(match number {
        0x03 => "DRAM",
        0x07 => "RAM",
        0x0f => "SDRAM",
        0x12 => "DDR",
        0x13 => "DDR2",
        0x14 => "DDR2 FB-DIMM",
        0x18 => "DDR3",
        0x1a => "DDR4",
        0x1b => "LPDDR",
        0x1c => "LPDDR2",
        0x1d => "LPDDR3",
        0x1e => "LPDDR4",
        0x20 => "HBM",
        0x21 => "HBM2",
        0x22 => "DDR5",
        0x23 => "LPDDR5",
        _ => return None,
    })
}

#[cfg(test)]
pub(in crate::agent) mod tests {
    use super::*;

    fn structure(kind: u8, length: u8, fields: &[(usize, &[u8])], texts: &[&str]) -> Vec<u8> {
        let mut bytes = vec![0; length.into()];
        bytes[..2].copy_from_slice(&[kind, length]);
        for (at, value) in fields {
            bytes[*at..at + value.len()].copy_from_slice(value);
        }
        for text in texts {
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(0);
        }
        bytes.extend(if texts.is_empty() { &[0, 0][..] } else { &[0] });
        bytes
    }

    /// Two places, with one module of 8 GiB in the first.
    pub(in crate::agent) fn table() -> Vec<u8> {
        let bios = structure(0, 24, &[(4, &[1])], &["LENOVO"]);
        let array = &(32_u32 << 20).to_le_bytes();
        let array = structure(16, 23, &[(5, &[3]), (7, array), (0x0d, &[2, 0])], &[]);
        let module = structure(
            17,
            40,
            &[
                (0x0c, &8192_u16.to_le_bytes()),
                (0x10, &[1]),
                (0x12, &[0x1a]),
                (0x15, &3200_u16.to_le_bytes()),
                (0x17, &[2, 3]),
                (0x1a, &[4]),
                (0x20, &2666_u16.to_le_bytes()),
            ],
            &["ChannelA-DIMM0", "Samsung", "31A5F2", "M471A1K43CB1-CTD  "],
        );
        let empty = structure(17, 40, &[(0x10, &[1])], &["ChannelB-DIMM0"]);
        [bios, array, module, empty, structure(127, 4, &[], &[])].concat()
    }

    fn module() -> MemoryModule {
        MemoryModule {
            slot: Some("ChannelA-DIMM0".into()),
            size_mb: Some(8192),
            kind: Some("DDR4".into()),
            speed_mts: Some(2666),
            manufacturer: Some("Samsung".into()),
            part: Some("M471A1K43CB1-CTD".into()),
            serial: Some("31A5F2".into()),
        }
    }

    /// A notebook's, with the UUID 4c4c4544-0042-3510-8052-b4c04f4a3132.
    pub(in crate::agent) fn notebook() -> Vec<u8> {
        let bios =
            structure(0, 24, &[(4, &[1, 2]), (8, &[3])], &["Dell Inc.", "1.31.0", "03/28/2023"]);
        let uuid = *b"DELLB\0\x105\x80R\xb4\xc0OJ12";
        let system = structure(
            1,
            27,
            &[(4, &[1, 2]), (7, &[3]), (8, &uuid)],
            &["Dell Inc.", "Latitude 5420", "5CD1234"],
        );
        let board =
            structure(2, 15, &[(4, &[1, 2]), (7, &[3])], &["Dell Inc.", "0N4K2J", "/5CD1234/"]);
        let case = structure(
            3,
            22,
            &[(4, &[1, 0x8a]), (7, &[2, 3])],
            &["Dell Inc.", "5CD1234", "INV-10422"],
        );
        [bios, system, board, case, table()].concat()
    }

    #[test]
    fn a_notebook_says_what_it_is() {
        let text = |text: &str| Some(text.to_owned());
        let expected = System {
            manufacturer: text("Dell Inc."),
            model: text("Latitude 5420"),
            serial: text("5CD1234"),
            uuid: text("4c4c4544-0042-3510-8052-b4c04f4a3132"),
            chassis: text("notebook"),
            asset_tag: text("INV-10422"),
            board: text("Dell Inc. 0N4K2J"),
            board_serial: text("/5CD1234/"),
        };
        assert_eq!(system(&notebook()), expected);
        assert_eq!(chassis_serial(&notebook()), text("5CD1234"));
        let expected = Firmware {
            vendor: text("Dell Inc."),
            version: text("1.31.0"),
            date: text("2023-03-28"),
            ..Firmware::default()
        };
        assert_eq!(firmware(&notebook()), expected);
        assert_eq!(memory(&notebook()).modules, [module()]);
    }

    #[test]
    fn a_machine_of_software_and_one_that_says_nothing_are_known() {
        let fields: &[(usize, &[u8])] = &[(4, &[1, 2]), (7, &[3]), (8, &[0xff; 16])];
        let texts = &["QEMU", "Standard PC", "Not Specified"];
        let found = system(
            &[structure(1, 27, fields, texts), structure(3, 22, &[(5, &[1])], &[])].concat(),
        );
        assert_eq!(found.chassis.as_deref(), Some("virtual"));
        assert_eq!((found.serial, found.uuid, found.board), (None, None, None));
        assert_eq!((system(&[]), firmware(&[])), (System::default(), Firmware::default()));
        let whole = notebook();
        for length in 0..whole.len() {
            let cut = &whole[..length];
            assert!(system(cut).uuid.is_none_or(|uuid| uuid.starts_with("4c4c4544")), "{length}");
            assert!(firmware(cut).version.is_none_or(|version| version == "1.31.0"), "{length}");
        }
    }

    #[test]
    fn processors_are_added_up_and_empty_sockets_are_not() {
        let processor = |kind, status, cores: u8, more: &[u8; 2]| {
            let fields: &[(usize, &[u8])] = &[
                (5, &[kind]),
                (0x10, &[1]),
                (0x18, &[status]),
                (0x23, &[cores, cores, 12]),
                (0x2a, more),
            ];
            structure(4, 48, fields, &["Intel(R) Xeon(R) Silver 4210 "])
        };
        let six = || processor(3, 0x41, 6, &[6, 0]);
        let model = Some("Intel(R) Xeon(R) Silver 4210".to_owned());
        let table = [six(), processor(3, 0, 0, &[0; 2]), six(), processor(5, 0x41, 99, &[0; 2])];
        let expected =
            Cpu { model: model.clone(), sockets: Some(2), cores: Some(12), threads: Some(24) };
        assert_eq!(cpu(&table.concat()), expected);
        let huge = cpu(&processor(3, 0x41, 0xff, &320_u16.to_le_bytes()));
        assert_eq!((huge.cores, huge.threads), (Some(320), Some(12)));
        // A table of 2001 counts none.
        let old: &[(usize, &[u8])] = &[(5, &[3]), (0x18, &[0x41])];
        let expected = Cpu { sockets: Some(1), ..Cpu::default() };
        assert_eq!(cpu(&structure(4, 0x20, old, &[])), expected);
        assert_eq!(cpu(&[]), Cpu::default());
    }

    #[test]
    fn modules_and_places_are_read() {
        let expected = Memory { slots: Some(2), max_mb: Some(32_768), modules: vec![module()] };
        assert_eq!(memory(&table()), expected);
    }

    #[test]
    fn sizes_have_four_forms() {
        let size = |size: u16, extended: u32| {
            let fields: &[(usize, &[u8])] =
                &[(0x0c, &size.to_le_bytes()), (0x1c, &extended.to_le_bytes())];
            memory(&structure(17, 40, fields, &[])).modules.first().map(|module| module.size_mb)
        };
        assert_eq!(size(0, 9), None);
        assert_eq!(size(0xffff, 9), Some(None));
        assert_eq!(size(4096, 9), Some(Some(4096)));
        assert_eq!(size(0x8000 | 2048, 9), Some(Some(2)));
        assert_eq!(size(0x7fff, 65_536), Some(Some(65_536)));
        let huge: &[(usize, &[u8])] =
            &[(5, &[3]), (7, &0x8000_0000_u32.to_le_bytes()), (0x0f, &(6_u64 << 40).to_le_bytes())];
        assert_eq!(memory(&structure(16, 23, huge, &[])).max_mb, Some(6 << 20));
    }

    #[test]
    fn what_makers_did_not_fill_in_is_absent() {
        let texts = &["DIMM 0", "Not Specified", "00000000", "To be filled by O.E.M."];
        let fields: &[(usize, &[u8])] =
            &[(0x0c, &[0, 4]), (0x10, &[1]), (0x12, &[2]), (0x17, &[2, 3]), (0x1a, &[4])];
        let expected = MemoryModule {
            slot: Some("DIMM 0".into()),
            size_mb: Some(1024),
            ..MemoryModule::default()
        };
        assert_eq!(memory(&structure(17, 34, fields, texts)).modules, [expected]);
        // A table of 2001, without speed and maker.
        let old = memory(&structure(17, 0x15, &[(0x0c, &[0, 4]), (0x10, &[9])], &[])).modules;
        assert_eq!(old, [MemoryModule { size_mb: Some(1024), ..MemoryModule::default() }]);
    }

    #[test]
    fn a_damaged_table_says_less_and_breaks_nothing() {
        let whole = table();
        for length in 0..whole.len() {
            let cut = memory(&whole[..length]);
            assert!(cut.modules.is_empty() || cut.modules == [module()], "{length}");
        }
        for at in 0..whole.len() {
            for value in [0, 1, 3, 127, 255] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                assert!(memory(&damaged).modules.len() <= 2);
            }
        }
        assert_eq!(memory(&[17; 4096]), Memory::default());
        assert_eq!(memory(&[0; 4096]), Memory::default());
    }
}
