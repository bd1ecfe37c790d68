//! Name and version of Windows, from what its registry says.

/// The first build of Windows 11.
const WINDOWS_11: u32 = 22_000;

/// Values of `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion`; empty for those that are not there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sources<'a> {
    /// `ProductName`: `Windows 10 Pro` also on Windows 11.
    pub product_name: &'a str,
    /// `CurrentBuildNumber`, such as `22631`.
    pub build: &'a str,
    /// `InstallationType`: `Client`, `Server`, `Server Core`.
    pub installation_type: &'a str,
    /// `EditionID`, such as `Professional`, `ServerStandard`.
    pub edition_id: &'a str,
}

/// Such as `Windows 11` or `Windows Server 2022`; the build decides. A build that no release has is
/// called by its product name, else `Windows` or `Windows Server`.
#[must_use]
pub fn windows(sources: Sources<'_>) -> String {
    let build: u32 = sources.build.trim().parse().unwrap_or_default();
    let is_server = sources.is_server();
    let release = if is_server { server(build) } else { client(build) };
    let product = sources.product_name.trim();
    match release {
        Some(release) => release.to_owned(),
        None if !product.is_empty() => product.to_owned(),
        None if is_server => "Windows Server".to_owned(),
        None => "Windows".to_owned(),
    }
}

impl Sources<'_> {
    fn is_server(&self) -> bool {
        let says = |text: &str| text.to_ascii_lowercase().contains("server");
        match self.installation_type.trim() {
            "" => says(self.edition_id) || says(self.product_name),
            kind => says(kind),
        }
    }
}

fn client(build: u32) -> Option<&'static str> {
    match build {
        7600..=7601 => Some("Windows 7"),
        9200 => Some("Windows 8"),
        9600 => Some("Windows 8.1"),
        10_240..WINDOWS_11 => Some("Windows 10"),
        WINDOWS_11.. => Some("Windows 11"),
        _ => None,
    }
}

fn server(build: u32) -> Option<&'static str> {
    match build {
        7600..=7601 => Some("Windows Server 2008 R2"),
        9200 => Some("Windows Server 2012"),
        9600 => Some("Windows Server 2012 R2"),
        14_393 => Some("Windows Server 2016"),
        17_763 => Some("Windows Server 2019"),
        20_348 => Some("Windows Server 2022"),
        26_100 => Some("Windows Server 2025"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_and_the_kind_of_installation_name_the_release() {
        for (product_name, build, installation_type, edition_id, expected) in [
            ("Windows 7 Professional", "7601", "Client", "Professional", "Windows 7"),
            ("Windows 8 Pro", "9200", "Client", "Professional", "Windows 8"),
            ("Windows 8.1 Pro", "9600", "Client", "Professional", "Windows 8.1"),
            ("Windows 10 Home", "10240", "Client", "Core", "Windows 10"),
            ("Windows 10 Enterprise LTSC 2019", "17763", "Client", "EnterpriseS", "Windows 10"),
            ("Windows 10 Pro", "19045", "Client", "Professional", "Windows 10"),
            ("Windows 10 Pro", "21999", "Client", "Professional", "Windows 10"),
            ("Windows 10 Pro", "22000", "Client", "Professional", "Windows 11"),
            ("Windows 10 Pro", "26100", "Client", "Professional", "Windows 11"),
            ("Windows Server 2008 R2 Standard", "7601", "Server", "", "Windows Server 2008 R2"),
            ("Windows Server 2012 R2 Standard", "9600", "Server", "", "Windows Server 2012 R2"),
            ("Windows Server 2016 Standard", "14393", "Server", "", "Windows Server 2016"),
            ("Windows Server 2019 Standard", "17763", "Server", "", "Windows Server 2019"),
            ("Windows Server 2022 Datacenter", "20348", "Server Core", "", "Windows Server 2022"),
            ("Windows 10 Pro", "26100", "Server", "ServerStandard", "Windows Server 2025"),
            ("", "20348", "", "ServerStandard", "Windows Server 2022"),
            ("Windows Server 2022 Standard", " 20348 ", "", "", "Windows Server 2022"),
            ("Windows Server Datacenter", "25398", "Server", "", "Windows Server Datacenter"),
            ("Windows Vista Business", "6002", "Client", "", "Windows Vista Business"),
            ("", "25398", "Server", "", "Windows Server"),
            ("", "x", "", "", "Windows"),
        ] {
            let sources = Sources { product_name, build, installation_type, edition_id };
            assert_eq!(windows(sources), expected, "{sources:?}");
        }
    }
}
