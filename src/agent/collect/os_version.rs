//! Name and version of a Linux distribution, from the files that distributions have.

/// The texts that say which distribution runs here; `None` for a file that is not there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sources<'a> {
    /// `/etc/os-release`
    pub os_release: Option<&'a str>,
    /// `/etc/lsb-release`
    pub lsb_release: Option<&'a str>,
    /// `/etc/redhat-release`
    pub redhat_release: Option<&'a str>,
    /// The kernel's release, such as `6.1.0-44-amd64`.
    pub kernel: &'a str,
}

/// Distribution and version for people, such as `Debian GNU/Linux 12 (bookworm)`; the first
/// source that says something decides.
#[must_use]
pub fn linux(sources: Sources<'_>) -> String {
    let os_release = sources.os_release.filter(|text| !text.trim().is_empty()).map(from_os_release);
    os_release
        .or_else(|| from_lsb_release(sources.lsb_release?))
        .or_else(|| sources.redhat_release.map(first_line).filter(|line| !line.is_empty()))
        .unwrap_or_else(|| format!("Linux {}", sources.kernel).trim().to_owned())
}

fn from_os_release(text: &str) -> String {
    let name = field(text, "NAME").or_else(|| field(text, "ID"));
    let version = field(text, "VERSION").or_else(|| field(text, "VERSION_ID"));
    let name = name.unwrap_or_else(|| "Linux".to_owned());
    version.map_or(name.clone(), |version| format!("{name} {version}"))
}

fn from_lsb_release(text: &str) -> Option<String> {
    let name = field(text, "DISTRIB_ID")?;
    let version = field(text, "DISTRIB_RELEASE");
    Some(version.map_or(name.clone(), |version| format!("{name} {version}")))
}

/// A value from `NAME=value` lines, without its quotes; `None` when absent or empty.
fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.trim().split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']).trim();
        (key == name && !value.is_empty()).then(|| value.to_owned())
    })
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(os_release: &str) -> String {
        linux(Sources { os_release: Some(os_release), kernel: "6.1.0", ..Sources::default() })
    }

    #[test]
    fn os_release_names_the_distribution() {
        for (text, expected) in [
            (
                "PRETTY_NAME=\"x\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION=\"12 \
                 (bookworm)\"\nID=debian\n",
                "Debian GNU/Linux 12 (bookworm)",
            ),
            ("NAME=\"Alpine Linux\"\nVERSION_ID=3.19.0\n", "Alpine Linux 3.19.0"),
            ("NAME='Arch Linux'\nID=arch\n", "Arch Linux"),
            ("ID=mine\r\nVERSION_ID=1\r\n", "mine 1"),
            ("VERSION=7\n", "Linux 7"),
            ("NAME=\"\"\nID=x\n", "x"),
        ] {
            assert_eq!(of(text), expected);
        }
    }

    #[test]
    fn older_files_answer_where_there_is_no_os_release() {
        let lsb = Sources {
            lsb_release: Some("DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=\"10.04\"\n"),
            redhat_release: Some("never"),
            kernel: "2.6.32",
            ..Sources::default()
        };
        assert_eq!(linux(lsb), "Ubuntu 10.04");
        let redhat = Sources {
            redhat_release: Some("CentOS release 6.10 (Final)\n"),
            kernel: "2.6.32",
            ..Sources::default()
        };
        assert_eq!(linux(redhat), "CentOS release 6.10 (Final)");
        assert_eq!(linux(Sources { kernel: "2.6.32", ..Sources::default() }), "Linux 2.6.32");
        assert_eq!(of(" \n"), "Linux 6.1.0");
    }
}
