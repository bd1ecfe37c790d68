//! What values stand for: amounts of memory, networks, addresses of network cards.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;

use ipnet::{IpNet, Ipv4Net};
use sha2::{Digest as _, Sha256};

use crate::model::asked::{Comparison, number_and_unit};

/// The amounts that a text stands for, in whole MiB.
#[expect(clippy::cast_possible_truncation, reason = "amounts are limited")]
pub(super) fn memory(text: &str) -> Option<RangeInclusive<i64>> {
    // The largest that is exact beside fractions.
    const MOST: i64 = 1 << 50;
    let exact = text.strip_prefix('=');
    let amount = |text: &str| mebibytes(text);
    let up = |mb: f64| mb.ceil() as i64;
    let down = |mb: f64| mb.floor() as i64;
    Some(match Comparison::of(exact.unwrap_or(text)).read(amount)? {
        Comparison::Over((mb, _), true) => up(mb)..=MOST,
        Comparison::Over((mb, _), false) => down(mb) + 1..=MOST,
        Comparison::Under((mb, _), true) => 0..=down(mb),
        Comparison::Under((mb, _), false) => 0..=up(mb) - 1,
        Comparison::Between(least, most) => {
            least.map_or(0, |(mb, _)| up(mb))..=most.map_or(MOST, |(mb, _)| down(mb))
        }
        // A computer reports less than it was sold with: firmware and graphics keep some.
        Comparison::Is((mb, true)) if exact.is_none() => {
            up(mb * 15.0 / 16.0)..=up(mb * 17.0 / 16.0) - 1
        }
        Comparison::Is((mb, _)) => up(mb)..=down(mb),
    })
}

/// An amount in MiB, and whether it is said in a unit in which computers are sold.
fn mebibytes(text: &str) -> Option<(f64, bool)> {
    const MOST: f64 = (1_u64 << 40) as f64;
    let (number, unit) = number_and_unit(text)?;
    let (unit, is_sold) = match unit.as_str() {
        "m" | "mb" | "mib" => (1.0, false),
        "g" | "gb" | "gib" => (1024.0, true),
        "t" | "tb" | "tib" => (1024.0 * 1024.0, true),
        _ => return None,
    };
    let mb = number * unit;
    (0.0..=MOST).contains(&mb).then_some((mb, is_sold))
}

/// Numbers from one to another.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Numbers(Comparison<f64>);

impl Numbers {
    /// `5`, `>5`, `>=5`, `<5`, `<=5`, or `5..10` with both.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let finite = |text: &str| text.parse().ok().filter(|number: &f64| number.is_finite());
        Comparison::of(text).read(finite).map(Self)
    }

    pub(super) fn contain(&self, number: f64) -> bool {
        match self.0 {
            Comparison::Over(than, or_equal) => number > than || or_equal && number == than,
            Comparison::Under(than, or_equal) => number < than || or_equal && number == than,
            Comparison::Between(least, most) => {
                least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most)
            }
            Comparison::Is(other) => number == other,
        }
    }
}

/// Addresses that lie together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Addresses {
    /// A network.
    In(IpNet),
    /// From one to another of the same family, both included.
    Between(RangeInclusive<IpAddr>),
}

impl Addresses {
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some((first, last)) = text.split_once("..") {
            let (first, last) = (address(first)?, address(last)?);
            let is_one_family = first.is_ipv4() == last.is_ipv4();
            return is_one_family.then_some(Self::Between(first..=last));
        }
        let network = text.parse().ok().map(|network: IpNet| network.trunc());
        network.or_else(|| address(text).map(IpNet::from)).or_else(|| beginning(text)).map(Self::In)
    }

    pub(super) fn contain(&self, address: IpAddr) -> bool {
        match self {
            Self::In(network) => network.contains(&address),
            // Never of two families, which would have an order too.
            Self::Between(range) => {
                range.start().is_ipv4() == address.is_ipv4() && range.contains(&address)
            }
        }
    }
}

fn address(text: &str) -> Option<IpAddr> {
    text.trim().parse().ok().map(|address: IpAddr| address.to_canonical())
}

/// The network of a beginning of an IPv4 address: `10`, `10.1.` or `10.1.7`.
fn beginning(text: &str) -> Option<IpNet> {
    let numbers: Vec<&str> = text.strip_suffix('.').unwrap_or(text).split('.').collect();
    let mut octets = [0_u8; 4];
    if numbers.len() >= octets.len() {
        return None;
    }
    for (octet, number) in octets.iter_mut().zip(&numbers) {
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        *octet = if is_number { number.parse().ok()? } else { return None };
    }
    let bits = u8::try_from(8 * numbers.len()).ok()?;
    Ipv4Net::new(Ipv4Addr::from(octets), bits).ok().map(IpNet::V4)
}

/// The id of a machine whose only network card has this address; `None` for what is no address of
/// one. Agents make ids so: SHA-256 of the addresses, written `00:1b:21:aa:bb:cc`.
pub(super) fn id_of_mac(text: &str) -> Option<String> {
    let digits = match text.len() {
        12 => text.to_owned(),
        14 => grouped(text, '.', 4)?,
        17 => grouped(text, ':', 2).or_else(|| grouped(text, '-', 2))?,
        _ => return None,
    };
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let pairs: Vec<_> = (0..12).step_by(2).filter_map(|at| digits.get(at..at + 2)).collect();
    let hash = Sha256::digest(pairs.join(":").to_ascii_lowercase());
    Some(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Hexadecimal digits of a MAC address, in lower case: of all of it or, two for each byte, of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MacPart(String);

impl MacPart {
    /// A part of an address in any notation; `None` for what is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        const DIGITS: usize = 12;
        let is_between = |c: char| matches!(c, ':' | '-' | '.');
        let digits: String = text.chars().filter(|&c| !is_between(c)).collect();
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_part = is_hex && (1..=DIGITS).contains(&digits.len());
        is_part.then(|| Self(digits.to_ascii_lowercase()))
    }

    /// Whether an address, written with colons, has this part, beginning at one of its bytes.
    pub(super) fn is_in(&self, mac: &str) -> bool {
        let digits: String = mac.chars().filter(|&c| c != ':').collect();
        let mut rests = (0..digits.len()).step_by(2).filter_map(|at| digits.get(at..));
        rests.any(|rest| rest.starts_with(&self.0))
    }
}

/// The text without its separators, when they part it into groups of this size.
fn grouped(text: &str, separator: char, size: usize) -> Option<String> {
    let groups: Vec<&str> = text.split(separator).collect();
    groups.iter().all(|group| group.len() == size).then(|| groups.concat())
}
