//! The printers that this machine has for everybody, from the registry.

#[cfg(windows)]
use std::path::Path;

#[cfg(windows)]
use super::registry;
use crate::wire::sections::Printer;
#[cfg(windows)]
use crate::wire::sections::{Content, Printers};

/// Ports behind which there is no paper, as they begin in lower case.
const PAPERLESS: [&str; 6] =
    ["portprompt:", "shrfax:", "nul:", "xpsport:", "file:", "microsoft.office.onenote"];

/// `None` for what prints into a file, and for printers at the other end of a remote desktop.
fn printer(name: String, driver: Option<String>, port: Option<String>) -> Option<Printer> {
    let place = port.as_deref().unwrap_or_default().to_lowercase();
    let number = place.strip_prefix("ts").unwrap_or_default();
    let is_remote = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
    let is_paperless = PAPERLESS.iter().any(|port| place.starts_with(port));
    (!is_remote && !is_paperless).then_some(Printer { name, model: driver, uri: port })
}

#[cfg(windows)]
pub(super) fn collect(_: &Path) -> anyhow::Result<Content> {
    let key = registry::machine(r"SYSTEM\CurrentControlSet\Control\Print\Printers");
    let mut printers = Vec::new();
    for (name, key) in key.iter().flat_map(registry::keys) {
        let text = |name| registry::text(&key, name);
        // A key cannot have every name that a printer can.
        let name = text("Name").unwrap_or(name);
        printers.extend(printer(name, text("Printer Driver"), text("Port")));
    }
    Ok(Content::Printers(Printers { printers }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printers_have_paper() {
        let of = |port: &str| printer("Sala 7".into(), Some("HP M401".into()), Some(port.into()));
        let expected = Printer {
            name: "Sala 7".into(),
            model: Some("HP M401".into()),
            uri: Some("IP_10.1.7.9".into()),
        };
        assert_eq!(of("IP_10.1.7.9"), Some(expected));
        for port in ["PORTPROMPT:", "SHRFAX:", "nul:", "XPSPort:", "TS001"] {
            assert_eq!(of(port), None, "{port}");
        }
        assert!(printer("x".into(), None, None).is_some());
        assert!(of("TSP100").is_some() && of("USB001").is_some());
    }
}
