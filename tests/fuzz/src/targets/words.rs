//! Short texts of others: the word for what they are on a line, and the text.

use std::net::IpAddr;

use tatuscan::agent::collect::memory::parse_meminfo;
use tatuscan::agent::collect::os_version::{self, linux};
use tatuscan::agent::collect::windows_version::{self, windows};
use tatuscan::agent::identity::from_hardware;
use tatuscan::config::{ServerUrl, duration};
use tatuscan::model::{MachineId, SectionHash, hostname_number, is_key, tag};
use tatuscan::trust::Pin;
use tatuscan::wire::sections::{is_junk_identifier, mac_address};
use tatuscan::wire::signing::{Signed, from_hex, hex};

use super::head;
use crate::sample::assert_harmless;

pub fn run(data: &[u8]) {
    let Some((what, text)) = head(data) else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    match what {
        "signed" => signed(text),
        "mac" => mac(text),
        "identifier" => identifier(text),
        "meminfo" => {
            if let Ok(memory) = parse_meminfo(text) {
                assert!((0..=memory.total_mb).contains(&memory.used_mb), "{memory:?}");
            }
        }
        "os-release" => release(text),
        "url" => {
            if let Ok(url) = ServerUrl::parse(text) {
                assert!(["http", "https"].contains(&url.scheme()));
            }
        }
        "duration" => {
            if let Ok(time) = duration::parse(text) {
                let seconds = format!("{}s", time.as_secs());
                assert_eq!(
                    duration::parse(&seconds).map(|time| time.as_secs()),
                    Ok(time.as_secs())
                );
            }
        }
        _ => {}
    }
}

fn signed(text: &str) {
    let Some(Some(signed)) = Signed::from_header(text) else { return };
    let written = signed.to_string();
    assert_eq!(Signed::from_header(&written), Some(Some(signed.clone())), "{text:?} {written:?}");
    assert_eq!(from_hex::<64>(&hex(&signed.sig)), Some(signed.sig));
}

fn mac(text: &str) {
    let Some(mac) = mac_address(text) else { return };
    assert_eq!(mac.len(), 17);
    assert_eq!(mac_address(&mac).as_deref(), Some(&*mac));
    assert!(!is_junk_identifier(&mac) || text.len() > 11);
}

fn identifier(text: &str) {
    if let Some(id) = from_hardware("smbios", text) {
        assert_eq!(MachineId::parse(&id).unwrap().as_str(), id);
        assert!(!is_junk_identifier(text));
    }
    if let Ok(id) = MachineId::parse(text) {
        assert_eq!(id, MachineId::stored(text));
        assert_harmless(id.as_str(), false);
    }
    if let Some(hash) = SectionHash::parse(text) {
        assert_eq!(SectionHash::parse(&hash.to_string()), Some(hash));
    }
    if let Ok(tag) = tag(text) {
        assert_harmless(&tag, false);
        assert_eq!(self::tag(&tag).as_ref(), Ok(&tag));
    }
    if let Ok(pin) = text.parse::<Pin>() {
        assert_eq!(pin.to_string().parse(), Ok(pin));
    }
    if is_key(text) {
        assert_harmless(text, false);
    }
    let number = hostname_number(text);
    assert_eq!(hostname_number(&number), number);
    let _: Result<IpAddr, _> = text.parse();
}

/// One text as each of the files that say which system this is.
fn release(text: &str) {
    for sources in [
        os_version::Sources { os_release: Some(text), kernel: "6.1", ..Default::default() },
        os_version::Sources { lsb_release: Some(text), kernel: "6.1", ..Default::default() },
        os_version::Sources { redhat_release: Some(text), kernel: "6.1", ..Default::default() },
    ] {
        let version = linux(sources);
        assert!(!version.is_empty() && version.trim() == version && !version.contains('\n'));
    }
    let mut lines = text.lines();
    let mut line = || lines.next().unwrap_or_default();
    let version = windows(windows_version::Sources {
        product_name: line(),
        build: line(),
        installation_type: line(),
        edition_id: line(),
    });
    assert!(!version.is_empty());
}
