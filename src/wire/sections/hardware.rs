//! Sections about what a machine is made of.

use serde::{Deserialize, Serialize};

/// The computer as its maker sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct System {
    /// The maker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The UUID of the firmware's tables, lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// What kind of computer, such as `desktop`, `notebook`, `virtual`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chassis: Option<String>,
    /// The number that somebody wrote into the firmware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset_tag: Option<String>,
    /// The mainboard's maker and model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub board: Option<String>,
    /// The mainboard's serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub board_serial: Option<String>,
}

/// What starts the computer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Firmware {
    /// The maker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// The version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The day of its release, `YYYY-MM-DD` where the maker's spelling is understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// `uefi` or `bios`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Whether only signed systems are started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secure_boot: Option<bool>,
    /// The version of the trusted platform module, such as `2.0`; empty when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tpm: Option<String>,
}

/// The processors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Cpu {
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Processors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sockets: Option<u32>,
    /// Cores of all processors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cores: Option<u32>,
    /// Threads of all processors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<u32>,
}

/// The memory modules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Memory {
    /// Places for modules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slots: Option<u32>,
    /// The most that the board takes, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_mb: Option<u64>,
    /// The modules that are there.
    pub modules: Vec<MemoryModule>,
}

/// One memory module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct MemoryModule {
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// Its size in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_mb: Option<u64>,
    /// Its type, such as `DDR4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "type")]
    #[cfg_attr(feature = "server", oai(rename = "type"))]
    pub kind: Option<String>,
    /// Its speed in million transfers a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_mts: Option<u32>,
    /// The maker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<String>,
    /// The part number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
}

/// The disks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Disks {
    /// Each of them.
    pub disks: Vec<Disk>,
}

/// One disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Disk {
    /// The name that the system gives it, such as `sda`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Its size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Whether it turns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotational: Option<bool>,
    /// How it is connected, such as `nvme`, `sata`, `usb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bus: Option<String>,
}

/// What draws pictures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Gpus {
    /// Each of them.
    pub gpus: Vec<Gpu>,
}

/// One graphics adapter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Gpu {
    /// The maker, in words or as `0x8086`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// The model, in words or as `0x9bc5`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What drives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
}

/// The batteries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Batteries {
    /// Each of them.
    pub batteries: Vec<Battery>,
}

/// One battery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Battery {
    /// The maker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// What it holds when it is new, in milliwatt-hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub design_mwh: Option<u64>,
    /// What it holds when it is full now, in milliwatt-hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_mwh: Option<u64>,
    /// How often it was charged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycles: Option<u32>,
}

/// The monitors that are plugged in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Monitors {
    /// Each of them.
    pub monitors: Vec<Monitor>,
}

/// One monitor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Monitor {
    /// The maker's three letters, such as `DEL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The year in which it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<u16>,
    /// Its width in centimetres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width_cm: Option<u8>,
    /// Its height in centimetres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height_cm: Option<u8>,
}
