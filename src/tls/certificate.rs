//! A certificate with its key, from two files.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use super::own;
use crate::trust::Pin;

const CERTIFICATE: &str = "TATUSCAN_TLS_CERT (--tls-cert)";
const KEY: &str = "TATUSCAN_TLS_KEY (--tls-key)";

/// A certificate, those between it and its authority, and its private key.
#[derive(Debug, Clone)]
pub struct Certificate {
    key: Arc<CertifiedKey>,
    pin: Pin,
}

impl Certificate {
    /// The pin of its key.
    #[must_use]
    pub fn pin(&self) -> Pin {
        self.pin
    }

    pub(super) fn key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.key)
    }
}

/// Where a certificate and its key are kept, each a file in PEM form.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
    is_own: bool,
}

impl CertificateFiles {
    /// The files that the settings name.
    #[must_use]
    pub fn named(certificate: &Path, key: &Path) -> Self {
        Self { certificate: certificate.to_owned(), key: key.to_owned(), is_own: false }
    }

    /// The files `tls-cert.pem` and `tls-key.pem` (mode 0600) in `directory`. What is missing is
    /// made: a self-signed certificate for this host's name, `localhost` and the loopback
    /// addresses, which never runs out; and for an existing key one with the same pin.
    ///
    /// # Errors
    /// When they cannot be made; when there is a certificate whose key is gone.
    pub fn own(directory: &Path) -> anyhow::Result<Self> {
        let certificate = directory.join("tls-cert.pem");
        let key = directory.join("tls-key.pem");
        own::make_missing(&certificate, &key)?;
        Ok(Self { certificate, key, is_own: true })
    }

    /// Reads both.
    ///
    /// # Errors
    /// When one cannot be read, or they do not belong together: the message names the file and its
    /// setting, and says what to do.
    pub fn read(&self) -> anyhow::Result<Certificate> {
        let text = self.bytes(CERTIFICATE, &self.certificate)?;
        let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&text).collect();
        let broken = |error: &dyn Display| {
            let problem = "holds no certificate that can be read";
            self.refusal(CERTIFICATE, &self.certificate, problem, error)
        };
        let chain = chain.map_err(|error| broken(&error))?;
        let first = chain.first().ok_or_else(|| broken(&"there is none in PEM form"))?;
        let pin = Pin::of(first).map_err(|error| broken(&error))?;
        let refuse =
            |problem: &str, error: &dyn Display| self.refusal(KEY, &self.key, problem, error);
        let unusable = "holds no key that can be used";
        let key = PrivateKeyDer::from_pem_slice(&self.bytes(KEY, &self.key)?);
        let key = key.map_err(|error| refuse(unusable, &error))?;
        let key = ring::default_provider().key_provider.load_private_key(key);
        let pair = CertifiedKey::new(chain, key.map_err(|error| refuse(unusable, &error))?);
        if matches!(pair.keys_match(), Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)))
        {
            let problem = format!("does not go with {:?}", self.certificate);
            return Err(refuse(&problem, &"it is the key of another certificate"));
        }
        Ok(Certificate { key: Arc::new(pair), pin })
    }

    fn bytes(&self, setting: &str, path: &Path) -> anyhow::Result<Vec<u8>> {
        let read = std::fs::read(path);
        read.map_err(|error| self.refusal(setting, path, "cannot be read", &error))
    }

    fn refusal(
        &self,
        setting: &str,
        path: &Path,
        problem: &str,
        error: &dyn Display,
    ) -> anyhow::Error {
        if self.is_own {
            return own::refusal(path, problem, error);
        }
        anyhow!(
            "{setting}: {path:?} {problem}: {error}. Name a file in PEM form that this user can \
             read; that of the certificate begins with the server's own, that of the key holds its \
             key"
        )
    }
}
