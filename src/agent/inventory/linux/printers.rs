//! The printers that CUPS has, from its own file; only root may read that.

use std::path::Path;

use super::tree::Tree;
use crate::agent::inventory::words::short;
use crate::wire::sections::{Content, Printer, Printers};

pub(super) fn collect(root: &Path) -> anyhow::Result<Content> {
    let text = Tree(root).text("etc/cups/printers.conf")?.unwrap_or_default();
    Ok(Content::Printers(Printers { printers: parse(&text) }))
}

fn parse(text: &str) -> Vec<Printer> {
    let mut printers = Vec::new();
    let mut printer: Option<Printer> = None;
    for line in text.lines().map(str::trim) {
        let start =
            line.strip_prefix("<Printer ").or_else(|| line.strip_prefix("<DefaultPrinter "));
        if let Some(name) = start.and_then(|rest| short(rest.strip_suffix('>')?)) {
            printer = Some(Printer { name, ..Printer::default() });
        } else if line.starts_with("</") {
            printers.extend(printer.take());
        } else if let (Some(printer), Some((name, value))) = (&mut printer, line.split_once(' ')) {
            match name {
                "MakeModel" => printer.model = short(value),
                "DeviceURI" => printer.uri = short(&without_secrets(value)),
                _ => {}
            }
        }
    }
    printers
}

/// A URI without user name and password, and without its query, where they may be too.
fn without_secrets(uri: &str) -> String {
    let (uri, _) = uri.split_once('?').unwrap_or((uri, ""));
    let Some((scheme, rest)) = uri.split_once("://") else { return uri.to_owned() };
    // Whatever stands in a password.
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    format!("{scheme}://{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONF: &str = "\
# Printer configuration file for CUPS v2.4.2
NextPrinterId 3
<DefaultPrinter Sala-7>
PrinterId 1
UUID urn:uuid:8f1c
Info HP LaserJet
MakeModel HP LaserJet 400 M401dn, driverless
DeviceURI ipp://10.1.7.9:631/ipp/print
State Idle
</DefaultPrinter>
<Printer Windows>
DeviceURI smb://DOMAIN\\ana:p@ss@server/share
</Printer>
<Printer Cut
MakeModel nothing
<Printer Open>
MakeModel Lost
";

    #[test]
    fn printers_are_listed_without_secrets() {
        let printer = |name: &str, model: Option<&str>, uri: &str| Printer {
            name: name.into(),
            model: model.map(str::to_owned),
            uri: Some(uri.into()),
        };
        let model = "HP LaserJet 400 M401dn, driverless";
        let expected = [
            printer("Sala-7", Some(model), "ipp://10.1.7.9:631/ipp/print"),
            printer("Windows", None, "smb://server/share"),
        ];
        assert_eq!(parse(CONF), expected);
    }

    #[test]
    fn secrets_are_cut_out_of_addresses() {
        for (uri, shown) in [
            ("usb://HP/LaserJet?serial=X", "usb://HP/LaserJet"),
            ("socket://10.0.0.1", "socket://10.0.0.1"),
            ("http://u:p@h", "http://h"),
            ("smb://u:p/q@h/x", "smb://h/x"),
            ("file:/dev/null", "file:/dev/null"),
        ] {
            assert_eq!(without_secrets(uri), shown);
        }
    }
}
