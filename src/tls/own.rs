//! The certificate that a server makes for itself.

use std::fmt::Display;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType,
    date_time_ymd,
};

use crate::atomic_file::{self, PRIVATE, PUBLIC};

/// Longest name that fits into the certificate's common name, in bytes.
const LONGEST_NAME: usize = 64;

/// From the beginning of a day to its last second.
const LAST_SECOND: Duration = Duration::from_secs(24 * 60 * 60 - 1);

/// Makes the key where both are missing, and the certificate where it is.
pub(super) fn make_missing(certificate: &Path, key: &Path) -> anyhow::Result<()> {
    let there = |path: &Path| {
        path.try_exists().map_err(|error| refusal(path, "cannot be looked at", &error))
    };
    let key_is_there = there(key)?;
    if there(certificate)? {
        if key_is_there {
            return Ok(());
        }
        return Err(refusal(key, "is missing", &"the certificate beside it is of no use alone"));
    }
    let pair = if key_is_there {
        let text =
            fs::read_to_string(key).map_err(|error| refusal(key, "cannot be read", &error))?;
        KeyPair::from_pem(&text)
            .map_err(|error| refusal(key, "holds no key that can be used", &error))?
    } else {
        let pair = KeyPair::generate().context("no key can be made for --tls self")?;
        write(key, &pair.serialize_pem(), PRIVATE)?;
        pair
    };
    let text = self_signed(&pair).context("no certificate can be made for --tls self")?;
    write(certificate, &text, PUBLIC)
}

/// A certificate for this host, in PEM form.
fn self_signed(key: &KeyPair) -> Result<String, rcgen::Error> {
    let host = nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned();
    let mut params = CertificateParams::default();
    let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    params.subject_alt_names = loopback.map(|ip: IpAddr| SanType::IpAddress(ip)).into();
    for name in [host.as_str(), "localhost"] {
        // A name that no certificate can hold is left out: agents look at the key alone.
        if let (Ok(dns), false) = (name.try_into(), name.is_empty()) {
            params.subject_alt_names.push(SanType::DnsName(dns));
        }
    }
    // Of the dates none may depend on the clock, which is wrong on many a small machine; the end
    // is the one that RFC 5280 has for "never".
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(9999, 12, 31) + LAST_SECOND;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::OrganizationName, "TatuScan");
    if (1..=LONGEST_NAME).contains(&host.len()) {
        params.distinguished_name.push(DnType::CommonName, host);
    }
    Ok(params.self_signed(key)?.pem())
}

/// Writes a file at once or not at all.
fn write(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let written = atomic_file::write(path, text.as_bytes(), mode);
    written.map_err(|error| anyhow!("{path:?}, for --tls self, cannot be written: {error}"))
}

/// Says what is wrong with one of the two files.
pub(super) fn refusal(path: &Path, problem: &str, error: &dyn Display) -> anyhow::Error {
    anyhow!(
        "{path:?}, which --tls self made, {problem}: {error}. Put it back from a copy; or, to \
         begin anew, remove tls-cert.pem and tls-key.pem: every agent then needs the new pin"
    )
}
