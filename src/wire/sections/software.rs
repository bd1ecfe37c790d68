//! Sections about what runs on a machine, and who uses it.

use serde::{Deserialize, Serialize};

/// What is mounted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Filesystems {
    /// Each of them.
    pub filesystems: Vec<Filesystem>,
}

/// One file system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Filesystem {
    /// Where it is, such as `/home` or `C:\`.
    pub mount: String,
    /// What it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Its type, such as `ext4` or `NTFS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "type")]
    #[cfg_attr(feature = "server", oai(rename = "type"))]
    pub kind: Option<String>,
    /// Its size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// What is free, in bytes, when the section was read; not part of the hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_bytes: Option<u64>,
}

/// The network interfaces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Interfaces {
    /// Each of them.
    pub interfaces: Vec<Interface>,
}

/// One network interface.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its hardware address, lower case with colons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// Its IPv4 addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ipv4: Vec<String>,
    /// Its IPv6 addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ipv6: Vec<String>,
    /// Whether no hardware is behind it.
    #[serde(rename = "virtual")]
    #[cfg_attr(feature = "server", oai(rename = "virtual"))]
    pub is_virtual: bool,
}

/// The operating system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct OperatingSystem {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its edition, such as `Education`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// Its build, such as `22631.4460`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// The kernel's release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// The architecture, such as `x86_64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// When it was installed, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installed_at: Option<String>,
    /// When it was started, RFC 3339; not part of the hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booted_at: Option<String>,
    /// The time zone, such as `America/Cuiaba`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What it runs in, such as `kvm`, `vmware`, `docker`; empty for real hardware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virtualization: Option<String>,
}

/// Who uses the machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Users {
    /// Who is logged in when the section is read; not part of the hash.
    pub logged_in: Vec<LoggedIn>,
    /// Who was logged in last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// Somebody who is logged in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct LoggedIn {
    /// The name.
    pub name: String,
    /// Since when, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// The programs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Software {
    /// Each of them.
    pub packages: Vec<Package>,
    /// How many more there are than fit into a section.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub omitted: Option<u32>,
}

/// One program.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// What installed it: `dpkg`, `rpm`, `snap`, `flatpak`, `registry`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// The printers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Printers {
    /// Each of them.
    pub printers: Vec<Printer>,
}

/// One printer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(poem_openapi::Object))]
#[serde(default)]
pub struct Printer {
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Where it is, as a URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}
