//! What makers write, in the words of sections: the same whatever system reads it.

/// Most characters of a short text.
const MOST_CHARS: usize = 200;

/// Words of the firmware that hypervisors write, and their names.
const HYPERVISORS: &[(&str, &str)] = &[
    ("vmware", "vmware"),
    ("innotek", "virtualbox"),
    ("virtualbox", "virtualbox"),
    ("parallels", "parallels"),
    ("bhyve", "bhyve"),
    ("xen", "xen"),
    ("hvm domu", "xen"),
    ("amazon ec2", "amazon"),
    ("google compute engine", "google"),
    ("openstack", "kvm"),
    ("kvm", "kvm"),
    ("qemu", "kvm"),
    ("bochs", "bochs"),
];

/// A text without white space and zeros around it, cut where it is too long; `None` when nothing is
/// left.
pub(super) fn short(text: &str) -> Option<String> {
    let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter.is_control());
    (!text.is_empty()).then(|| text.chars().take(MOST_CHARS).collect())
}

/// The hypervisor that wrote one of these names of makers and models.
pub(super) fn hypervisor(makers: &[&str]) -> Option<&'static str> {
    let words = makers.join("\n").to_lowercase();
    if words.contains("microsoft corporation") && words.contains("virtual machine") {
        return Some("hyper-v");
    }
    HYPERVISORS.iter().find(|(word, _)| words.contains(word)).map(|(_, name)| *name)
}

/// The kind of a chassis by SMBIOS's number.
pub(super) fn chassis(number: u64) -> Option<&'static str> {
    Some(match number & 0x7f {
        3..=7 | 15 | 16 | 24 => "desktop",
        8..=10 | 14 => "notebook",
        11 => "handheld",
        12 => "docking station",
        13 => "all-in-one",
        17..=23 | 25 | 28 | 29 => "server",
        30 => "tablet",
        31 => "convertible",
        32 => "detachable",
        33 => "gateway",
        34 => "embedded",
        35 => "mini",
        36 => "stick",
        _ => return None,
    })
}

/// `MM/DD/YYYY`, or with two digits of the year as in the nineties, as `YYYY-MM-DD`.
pub(super) fn iso_date(text: &str) -> Option<String> {
    let mut parts = text.split('/').map(|part| part.parse::<u16>().ok());
    let (month, day, year) = (parts.next()??, parts.next()??, parts.next()??);
    let year = if year < 100 { year + 1900 } else { year };
    let date = chrono::NaiveDate::from_ymd_opt(year.into(), month.into(), day.into())?;
    parts.next().is_none().then(|| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_one_form() {
        for (text, expected) in [
            ("12/01/2006", Some("2006-12-01")),
            ("01/02/98", Some("1998-01-02")),
            ("13/01/2006", None),
            ("2006-12-01", None),
            ("1/2", None),
            ("1/2/2006/7", None),
        ] {
            assert_eq!(iso_date(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn hypervisors_write_their_names_into_the_firmware() {
        for (makers, expected) in [
            (["QEMU", "Standard PC (Q35 + ICH9, 2009)"], Some("kvm")),
            (["Microsoft Corporation", "Virtual Machine"], Some("hyper-v")),
            (["Microsoft Corporation", "Surface Pro"], None),
            (["innotek GmbH", "VirtualBox"], Some("virtualbox")),
            (["Dell Inc.", "OptiPlex 7090"], None),
        ] {
            assert_eq!(hypervisor(&makers), expected, "{makers:?}");
        }
    }
}
