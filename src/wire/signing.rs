//! Signed reports and sections: what a machine signs, and how a request carries it.

use std::fmt;
use std::fmt::Write as _;

/// How the value of `Authorization` begins.
const SCHEME: &str = "TatuScan-Ed25519";

/// What the header `Authorization` says of a signed report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The machine's id.
    pub id: String,
    /// The number of the report: larger than that of the one before.
    pub seq: u64,
    /// The Ed25519 signature of [`report`] or [`section`].
    pub sig: [u8; 64],
}

/// What a machine signs of a report: its id, the report's number, and the SHA-256 of the body in
/// hex, one per line.
#[must_use]
pub fn report(id: &str, seq: u64, digest: &[u8; 32]) -> String {
    format!("{id}\n{seq}\n{}", hex(digest))
}

/// What a machine signs of an inventory section: its id, the number, the section's name, and the SHA-256
/// of the body in hex, one per line. Reports and sections are numbered together.
#[must_use]
pub fn section(id: &str, seq: u64, name: &str, digest: &[u8; 32]) -> String {
    format!("tatuscan-section\n{id}\n{seq}\n{name}\n{}", hex(digest))
}

/// What a machine signs to prove that a key is its own: its id and the key in hex, one per line.
#[must_use]
pub fn enrolment(id: &str, public_key: &[u8; 32]) -> String {
    format!("tatuscan-enrol\n{id}\n{}", hex(public_key))
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME} id={}, seq={}, sig={}", self.id, self.seq, hex(&self.sig))
    }
}

impl Signed {
    /// Reads the value of `Authorization`; `None` for another scheme, `Some(None)` for one of this
    /// scheme that cannot be read.
    #[must_use]
    pub fn from_header(value: &str) -> Option<Option<Self>> {
        let (scheme, rest) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case(SCHEME).then(|| Self::parse(rest))
    }

    fn parse(text: &str) -> Option<Self> {
        let (mut id, mut seq, mut sig) = (None, None, None);
        for part in text.split(',') {
            let (name, value) = part.trim().split_once('=')?;
            match name {
                "id" => id = Some(value.to_owned()),
                "seq" => seq = Some(value.parse().ok()?),
                "sig" => sig = Some(from_hex::<64>(value)?),
                _ => return None,
            }
        }
        Some(Self { id: id?, seq: seq?, sig: sig? })
    }
}

/// Bytes as lower-case hex digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let written = write!(text, "{byte:02x}");
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
        text
    })
}

/// The bytes that hex digits say; `None` when they are not `N` bytes.
#[must_use]
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::Signed;

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let signed = Signed { id: "lab-01".into(), seq: 7, sig: [0xab; 64] };
        assert_eq!(Signed::from_header(&signed.to_string()), Some(Some(signed.clone())));
        assert_eq!(Signed::from_header("Bearer x"), None);
        for bad in ["", "id=a", "id=a, seq=1, sig=00", "id=a, seq=-1, sig=", "id=a seq=1"] {
            assert_eq!(Signed::from_header(&format!("TatuScan-Ed25519 {bad}")), Some(None));
        }
        let long = signed.to_string().replace("abab", "ababab");
        assert_eq!(Signed::from_header(&long), Some(None));
    }
}
