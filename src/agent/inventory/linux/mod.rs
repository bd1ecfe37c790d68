//! What is inside a Linux machine, from files under `/proc`, `/sys`, `/etc`, `/run` and `/var`.
//!
//! Everything is read below a root directory. What is not there, or may not be read, is absent; other
//! failures of a section's main source are errors.

mod batteries;
mod cpu;
mod disks;
mod dpkg;
mod filesystems;
mod flatpak;
mod gpus;
mod lines;
mod memory;
mod monitors;
mod os;
mod pci_ids;
mod printers;
mod rpm;
mod snap;
mod software;
mod system;
mod tree;
mod users;
mod utmp;
mod virtualization;

use super::interfaces;
use super::reading::Collect;
use crate::wire::sections::SectionName;

/// In the order in which they are read: what is quick first.
pub(super) const COLLECTORS: &[(SectionName, Collect)] = &[
    (SectionName::System, system::system),
    (SectionName::Firmware, system::firmware),
    (SectionName::Cpu, cpu::collect),
    (SectionName::Memory, memory::collect),
    (SectionName::Disks, disks::collect),
    (SectionName::Interfaces, interfaces::collect),
    (SectionName::Os, os::collect),
    (SectionName::Users, users::collect),
    (SectionName::Gpus, gpus::collect),
    (SectionName::Batteries, batteries::collect),
    (SectionName::Monitors, monitors::collect),
    (SectionName::Printers, printers::collect),
    (SectionName::Filesystems, filesystems::collect),
    (SectionName::Software, software::collect),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_read_once() {
        let mut names: Vec<_> = COLLECTORS.iter().map(|(name, _)| *name).collect();
        names.sort();
        assert_eq!(names, SectionName::ALL);
    }

    /// Nothing is there: every section is empty, and none is an error.
    #[test]
    fn an_empty_machine_has_empty_sections() {
        let root = tempfile::tempdir().unwrap();
        for (name, collect) in COLLECTORS {
            let content = collect(root.path()).unwrap_or_else(|error| panic!("{name}: {error:#}"));
            assert_eq!(content.name(), *name);
        }
    }

    /// Whatever this machine is, it can be read.
    #[test]
    fn this_machine_can_be_read() {
        for (name, collect) in COLLECTORS {
            let content = collect("/".as_ref()).unwrap_or_else(|error| panic!("{name}: {error:#}"));
            assert_eq!(content.name(), *name);
        }
    }

    /// Every file of every section is garbage: there is an answer, and nothing breaks.
    #[test]
    fn garbage_breaks_nothing() {
        let files = [
            "etc/cups/printers.conf",
            "etc/os-release",
            "etc/timezone",
            "proc/cpuinfo",
            "proc/self/mountinfo",
            "proc/stat",
            "run/utmp",
            "run/systemd/sessions/1",
            "sys/block/sda/size",
            "sys/bus/pci/devices/0000:00:02.0/class",
            "sys/class/dmi/id/sys_vendor",
            "sys/class/dmi/id/bios_date",
            "sys/class/drm/card0-HDMI-A-1/edid",
            "sys/class/power_supply/BAT0/type",
            "sys/firmware/dmi/tables/DMI",
            "usr/share/misc/pci.ids",
            "var/lib/dpkg/status",
            "var/log/wtmp",
            "snap/x/current/meta/snap.yaml",
        ];
        for garbage in
            [&[0xff; 5000][..], b"\n\n=\n:\n\t\n<\n", &[0; 5000], "é".repeat(3000).as_bytes()]
        {
            let root = tempfile::tempdir().unwrap();
            for file in files {
                let path = root.path().join(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, garbage).unwrap();
            }
            for (name, collect) in COLLECTORS {
                if let Ok(content) = collect(root.path()) {
                    assert_eq!(content.name(), *name);
                }
            }
        }
    }
}
