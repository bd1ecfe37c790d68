//! Identifiers that makers give to hardware, and what they write where they gave none.

/// Whether a serial number, a UUID or an asset tag says nothing of the one machine it is read from:
/// makers fill the place with zeros, or with words, and thousands of machines share them.
#[must_use]
pub fn is_junk_identifier(text: &str) -> bool {
    /// In lower case, letters and digits alone.
    const WORDS: &[&str] = &[
        "00020003000400050006000700080009",
        "0123456789",
        "01234567890123456789",
        "03000200040005000006000700080009",
        "0x00000000",
        "123456781234567890abcddeefaabbcc",
        "123456789",
        "1234567890",
        "12345678901234567890",
        "assettag",
        "baseboardserialnumber",
        "boardserialnumber",
        "chassisserialnumber",
        "default",
        "defaultstring",
        "empty",
        "filledbyoem",
        "invalid",
        "na",
        "noasset",
        "noassetinformation",
        "noassettag",
        "none",
        "notapplicable",
        "notavailable",
        "notpresent",
        "notsettable",
        "notspecified",
        "null",
        "oem",
        "serial",
        "serialnumber",
        "sernum",
        "systemmanufacturer",
        "systemproductname",
        "systemserialnumber",
        "systemuuid",
        "tobefilled",
        "tobefilledbyoem",
        "unknown",
        "unspecified",
        "xxxxxxxxxx",
    ];
    let text: String = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let mut letters = text.chars();
    let is_one_letter = match letters.next() {
        Some(first) => letters.all(|letter| letter == first),
        None => true,
    };
    is_one_letter || WORDS.contains(&text.as_str())
}

/// A MAC address in lower case with colons, however it is written; `None` for what is none, for zeros,
/// and for addresses of groups.
#[must_use]
pub fn mac_address(text: &str) -> Option<String> {
    let is_between = |letter: char| matches!(letter, ':' | '-' | '.' | ' ');
    let digits: String = text.trim().chars().filter(|&letter| !is_between(letter)).collect();
    if digits.len() != 12 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let digits = digits.to_ascii_lowercase();
    let first = u8::from_str_radix(&digits[..2], 16).ok()?;
    if first & 1 == 1 || digits.bytes().all(|byte| byte == b'0') {
        return None;
    }
    let pairs: Vec<_> = (0..6).map(|at| &digits[2 * at..2 * at + 2]).collect();
    Some(pairs.join(":"))
}

#[cfg(test)]
mod tests {
    use super::{is_junk_identifier, mac_address};

    #[test]
    fn what_many_machines_share_is_junk() {
        for text in [
            "",
            " ",
            "0",
            "00000000-0000-0000-0000-000000000000",
            "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
            "03000200-0400-0500-0006-000700080009",
            "To be filled by O.E.M.",
            "To Be Filled By O.E.M",
            "Default string",
            "System Serial Number",
            "None",
            "N/A",
            "Not Specified",
            "Not Applicable",
            "123456789",
            "........",
            "INVALID",
        ] {
            assert!(is_junk_identifier(text), "{text:?}");
        }
        for text in [
            "5CD1234ABC",
            "PF0ABCDE",
            "4c4c4544-0042-3510-8052-b4c04f4a3132",
            "VMware-56 4d 8f 1c",
            "10",
            "NONE-7",
        ] {
            assert!(!is_junk_identifier(text), "{text:?}");
        }
    }

    #[test]
    fn mac_addresses_have_one_form() {
        for text in [
            "00:1B:21:aa:BB:cc",
            "00-1b-21-AA-bb-CC",
            "001b.21aa.bbcc",
            "001B21AABBCC",
            " 001b21aabbcc ",
        ] {
            assert_eq!(mac_address(text).as_deref(), Some("00:1b:21:aa:bb:cc"), "{text}");
        }
        for text in [
            "",
            "00:1b:21:aa:bb",
            "00:1b:21:aa:bb:cg",
            "00:00:00:00:00:00",
            "ff:ff:ff:ff:ff:ff",
            "é01b21aabbcc",
            "01:00:5e:00:00:01",
        ] {
            assert_eq!(mac_address(text), None, "{text}");
        }
    }
}
