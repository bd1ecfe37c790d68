//! The operating system, from the registry.

#[cfg(windows)]
use std::path::Path;

use chrono::{DateTime, SecondsFormat};

#[cfg(windows)]
use super::registry;
#[cfg(windows)]
use crate::agent::inventory::{smbios, words::hypervisor};
#[cfg(windows)]
use crate::agent::{collect, smbios_table, wmi_rows};
#[cfg(windows)]
use crate::wire::sections::{Content, OperatingSystem};

/// `10.0.22631`.
fn kernel(major: Option<u32>, minor: Option<u32>, build: &str) -> Option<String> {
    Some(format!("{}.{}.{build}", major?, minor?)).filter(|_| !build.is_empty())
}

/// `22631.4460`: the build, and the number of the last update of it.
fn build(build: &str, revision: Option<u32>) -> Option<String> {
    let text = revision.map_or_else(|| build.to_owned(), |revision| format!("{build}.{revision}"));
    (!build.is_empty()).then_some(text)
}

/// The architecture's name on other systems.
fn architecture(name: &str) -> &str {
    match name {
        "AMD64" => "x86_64",
        "ARM64" => "aarch64",
        name => name,
    }
}

/// RFC 3339 of seconds since 1970; 0 is no time.
fn time(seconds: u64) -> Option<String> {
    let time = DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)?;
    (seconds > 0).then(|| time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

#[cfg(windows)]
pub(super) fn collect(_: &Path) -> anyhow::Result<Content> {
    use anyhow::Context as _;
    const KEY: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion";
    const ENVIRONMENT: &str = r"SYSTEM\CurrentControlSet\Control\Session Manager\Environment";
    let key = windows_registry::LOCAL_MACHINE.open(KEY).context(KEY)?;
    let text = |name| registry::text(&key, name);
    let number = |name| registry::number(&key, name);
    let number_of_build = text("CurrentBuildNumber").unwrap_or_default();
    let [major, minor] = ["CurrentMajorVersionNumber", "CurrentMinorVersionNumber"].map(number);
    let processor = registry::machine(ENVIRONMENT)
        .and_then(|key| registry::text(&key, "PROCESSOR_ARCHITECTURE"))
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let found = smbios::system(&smbios_table::read());
    let makers = [found.manufacturer, found.model, found.board];
    let makers = makers.each_ref().map(|maker| maker.as_deref().unwrap_or_default());
    // Where the firmware says nothing, nothing tells.
    let is_told = makers.iter().any(|maker| !maker.is_empty());
    let virtualization = hypervisor(&makers).or(is_told.then_some(""));
    Ok(Content::Os(OperatingSystem {
        name: collect::os_name().ok(),
        version: text("DisplayVersion").or_else(|| text("ReleaseId")),
        edition: text("EditionID"),
        build: build(&number_of_build, number("UBR")),
        kernel: kernel(major, minor, &number_of_build),
        architecture: Some(architecture(&processor).to_owned()),
        installed_at: number("InstallDate").and_then(|seconds| time(seconds.into())),
        booted_at: sysinfo::System::boot_time().ok().and_then(time),
        time_zone: time_zone(),
        virtualization: virtualization.map(str::to_owned),
    }))
}

/// The name that all systems know, else Windows' own.
#[cfg(windows)]
fn time_zone() -> Option<String> {
    const KEY: &str = r"SYSTEM\CurrentControlSet\Control\TimeZoneInformation";
    // Asking for the name starts COM.
    wmi_rows::prepare();
    let windows_name = || registry::text(&registry::machine(KEY)?, "TimeZoneKeyName");
    iana_time_zone::get_timezone().ok().or_else(windows_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_times_are_written_as_people_know_them() {
        assert_eq!(kernel(Some(10), Some(0), "22631").as_deref(), Some("10.0.22631"));
        // Before Windows 10 there are no such numbers.
        assert_eq!((kernel(None, Some(0), "9600"), kernel(Some(10), Some(0), "")), (None, None));
        assert_eq!(build("22631", Some(4460)).as_deref(), Some("22631.4460"));
        assert_eq!(build("22631", None).as_deref(), Some("22631"));
        assert_eq!(build("", Some(1)), None);
        assert_eq!(time(1_795_000_000).as_deref(), Some("2026-11-18T11:06:40Z"));
        assert_eq!(time(0), None);
        assert_eq!(["AMD64", "ARM64", "x86"].map(architecture), ["x86_64", "aarch64", "x86"]);
    }
}
