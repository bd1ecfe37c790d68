//! Whose certificate is believed, and what to do when it is not.

mod advice;
mod pin;
mod verifier;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use reqwest::ClientBuilder;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

pub use pin::{NotAPin, Pin};
use verifier::PinVerifier;

/// The setting of [`Trust::CaFile`].
pub(crate) const CA_FILE: &str = "TATUSCAN_CA_FILE (--ca-file)";
/// The setting of [`Trust::Pin`].
pub(crate) const PIN: &str = "TATUSCAN_TLS_PIN (--tls-pin)";
const URL: &str = "TATUSCAN_URL (--url)";

/// Whose certificate is believed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trust {
    /// One that an authority of this computer's own list vouches for.
    #[default]
    System,
    /// One that an authority in this file of PEM vouches for, and no other.
    CaFile(PathBuf),
    /// One of this key, whatever name and dates stand in it: an agent reports though its clock is
    /// wrong or the server's name changed. An `https` proxy on the way is held to it too.
    Pin(Pin),
}

impl Trust {
    /// Makes a client for the server at that address. For `http` no authorities are read, so that a
    /// computer without any can ask.
    ///
    /// # Errors
    /// As [`Trust::client`], for `https`.
    pub fn client_for(&self, url: &str, builder: ClientBuilder) -> anyhow::Result<reqwest::Client> {
        let is_plain = url.starts_with("http://");
        self.client(if is_plain { builder.tls_certs_only([]) } else { builder })
    }

    /// Makes a client that speaks to such servers only.
    ///
    /// # Errors
    /// A file that cannot be used, with the setting that names it; a computer without a list of
    /// authorities.
    pub fn client(&self, builder: ClientBuilder) -> anyhow::Result<reqwest::Client> {
        let config = ClientConfig::builder();
        let config = match self {
            Self::System => {
                return builder.build().context(
                    "no HTTPS client: the system's root certificates cannot be read (on Debian \
                     they are in the package ca-certificates)",
                );
            }
            Self::CaFile(path) => config.with_root_certificates(authorities(path)?),
            Self::Pin(pin) => config
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(PinVerifier::new(*pin))),
        };
        let config = config.with_no_client_auth();
        Ok(builder.tls_backend_preconfigured(config).build()?)
    }
}

/// The authorities in a file, at least one.
fn authorities(path: &Path) -> anyhow::Result<RootCertStore> {
    let refuse = |problem: &str| {
        let advice = "Name a file of certificates in PEM form that this user can read";
        anyhow!("{CA_FILE}: {path:?} {problem}. {advice}")
    };
    let text = std::fs::read(path).map_err(|error| refuse(&format!("cannot be read: {error}")))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| refuse(&format!("is broken: {error}")))?;
        roots.add(certificate).map_err(|error| refuse(&format!("is broken: {error}")))?;
    }
    if roots.is_empty() { Err(refuse("holds no certificate")) } else { Ok(roots) }
}
