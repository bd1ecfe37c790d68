//! How the stores keep values of their own: sealed by a version and a checksum, and the payload in
//! bincode, which nothing outside this module knows.

mod changes;
pub(super) mod machine;
mod record;
mod seal;
mod section;

pub(super) use changes::{Contents, decode_changes, encode_changes};
pub(super) use machine::{decode_machine, encode_machine};
pub(super) use record::{decode_entry, decode_record, encode_entry, encode_record};
pub(super) use seal::{BadValue, is_intact};
pub(super) use section::{decode_section, encode_section};

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::DateTime;

    use super::seal::{FIRST, WITH_ASSET, WITH_HARDWARE, WITH_PROOF, seal};
    use super::*;
    use crate::model::{
        AssetFields, HardwareFields, HumanFields, Machine, MachineId, Proof, Report, SectionHash,
        SectionName,
    };
    use crate::store::Section;
    use crate::store::change::{Change, Changes, SectionChange};

    fn machine() -> Machine {
        Machine::first_seen(Report {
            id: MachineId::stored("m"),
            hostname: "pc".into(),
            ip: "10.0.0.1".into(),
            os: "linux".into(),
            os_version: None,
            cpu_percent: 1.5,
            memory_total_mb: 1,
            memory_used_mb: None,
            interval_s: None,
            proof: Proof::Legacy,
            human: HumanFields::default(),
            agent_version: None,
            sections: Vec::new(),
            received_at: DateTime::UNIX_EPOCH,
        })
    }

    fn changes(machine: &Machine) -> Changes {
        let (key, id, after) = (7, machine.id.clone(), Some(Arc::new(machine.clone())));
        let machines = vec![Change { key, id, before: None, after }];
        Changes { machines, ..Changes::default() }
    }

    #[test]
    fn a_damaged_count_of_changes_asks_for_no_memory() {
        for count in [u64::MAX, u64::MAX / 1024, 1 << 40, 1] {
            let read = decode_changes(9, &seal(FIRST, 9, count)).map(|_| ());
            assert_eq!(read, Err(BadValue::Damaged));
        }
        assert!(decode_changes(9, &seal(FIRST, 9, 0_u64)).is_ok());
    }

    /// A version is used only where something is kept that needs it.
    #[test]
    fn each_machine_is_written_as_the_first_version_that_knows_all_of_it_and_comes_back() {
        let mut machine = machine();
        type Add = fn(&mut Machine);
        let add: [(u8, Add); 4] = [
            (FIRST, |_| {}),
            (WITH_ASSET, |machine| {
                let room = Some("12".into());
                machine.human.asset = AssetFields { room, ..AssetFields::default() }.into();
            }),
            (WITH_PROOF, |machine| machine.proof = Proof::Token),
            (WITH_HARDWARE, |machine| {
                let serial = Some("S1".into());
                machine.hardware = HardwareFields { serial, ..HardwareFields::default() }.into();
            }),
        ];
        for (version, add) in add {
            add(&mut machine);
            let value = encode_machine(7, &machine);
            assert_eq!((value[0], decode_machine(7, &value)), (version, Ok(machine.clone())));
            let value = encode_changes(9, &changes(&machine), Contents::Whole);
            assert_eq!(value[0], version);
            let read = decode_changes(9, &value).unwrap();
            assert_eq!(read.machines[0].after.as_deref(), Some(&machine));
        }
    }

    #[test]
    fn sections_are_kept_under_their_machine_and_name_and_not_in_the_machine() {
        let at = DateTime::UNIX_EPOCH;
        let hash = SectionHash::parse("3").unwrap();
        let section = Section::new(SectionName::Cpu, hash, at, "[1]").unwrap();
        let mut machine = machine();
        machine.hardware = machine.hardware.with_sections(&[*section.received()]);
        assert_eq!(encode_machine(7, &machine)[0], FIRST);
        let value = encode_section(7, &section);
        assert_eq!(decode_section(7, SectionName::Cpu, &value), Ok(section.clone()));
        for (key, name) in [(8, SectionName::Cpu), (7, SectionName::Os)] {
            assert_eq!(decode_section(key, name, &value), Err(BadValue::Damaged));
        }
        let put = SectionChange { key: 7, section: Arc::new(section) };
        let changes = Changes { sections: vec![put], ..changes(&machine) };
        for (contents, packed) in [(Contents::Whole, true), (Contents::Apart, false)] {
            let value = encode_changes(9, &changes, contents);
            let read = decode_changes(9, &value).unwrap().sections;
            assert_eq!((value[0], read[0].key), (WITH_HARDWARE, 7));
            assert_eq!(read[0].section.received(), changes.sections[0].section.received());
            assert_eq!(!read[0].section.as_packed().is_empty(), packed);
        }
    }
}
