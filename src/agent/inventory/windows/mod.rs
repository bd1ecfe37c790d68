//! What is inside a Windows machine, from the firmware's tables, the registry and WMI.
//!
//! What is read there is rows and values; what is made of them is told by functions that know no Windows,
//! and are tested wherever tests run. What may not be read, or is not there, is absent: the service's
//! account sees neither other people's registries nor all of WMI.
//!
//! Wine shows what is put into its registry; its WMI knows neither storage (`MSFT_PhysicalDisk`) nor
//! drivers (`root\wmi`: batteries, monitors), and it has no names of time zones but Windows' own.

mod batteries;
mod cpu;
mod disks;
mod filesystems;
mod gpus;
mod monitors;
mod os;
mod printers;
#[cfg(windows)]
mod registry;
mod software;
mod system;
mod users;

#[cfg(windows)]
use super::interfaces;
#[cfg(windows)]
use super::reading::Collect;
#[cfg(windows)]
use crate::wire::sections::SectionName;

/// In the order in which they are read: what is quick first.
#[cfg(windows)]
pub(super) const COLLECTORS: &[(SectionName, Collect)] = &[
    (SectionName::System, system::system),
    (SectionName::Firmware, system::firmware),
    (SectionName::Memory, system::memory),
    (SectionName::Os, os::collect),
    (SectionName::Interfaces, interfaces::collect),
    (SectionName::Printers, printers::collect),
    (SectionName::Software, software::collect),
    (SectionName::Monitors, monitors::collect),
    (SectionName::Users, users::collect),
    (SectionName::Filesystems, filesystems::collect),
    (SectionName::Disks, disks::collect),
    (SectionName::Gpus, gpus::collect),
    (SectionName::Batteries, batteries::collect),
    (SectionName::Cpu, cpu::collect),
];
