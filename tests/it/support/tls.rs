//! Certificates for tests, and clients that check them.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tatuscan::tls::CertificateFiles;
use tatuscan::trust::{Pin, Trust};

/// An authority that vouches for servers.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    name: String,
    pem: String,
}

/// A certificate file and its key file.
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Pair {
    pub(crate) fn files(&self) -> CertificateFiles {
        CertificateFiles::named(&self.certificate, &self.key)
    }

    pub(crate) fn pin(&self) -> Pin {
        self.files().read().unwrap().pin()
    }
}

/// What a server's certificate says, for the names `localhost` and 127.0.0.1.
pub(crate) fn params() -> CertificateParams {
    CertificateParams::new(["localhost", "127.0.0.1"].map(str::to_owned)).unwrap()
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = authority(name);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), name: name.to_owned(), pem }
    }

    /// Writes its certificate as `NAME.pem`.
    pub(crate) fn write(&self, directory: &Path, name: &str) -> PathBuf {
        let path = directory.join(format!("{name}.pem"));
        fs::write(&path, &self.pem).unwrap();
        path
    }

    /// A certificate for another authority, in PEM form.
    pub(crate) fn vouch_for(&self, other: &Self) -> String {
        authority(&other.name).signed_by(other.issuer.key(), &self.issuer).unwrap().pem()
    }

    /// Writes a server's certificate and a new key as `NAME.pem` and `NAME.key`.
    pub(crate) fn issue(&self, directory: &Path, name: &str, params: &CertificateParams) -> Pair {
        let key = KeyPair::generate().unwrap();
        let text = params.signed_by(&key, &self.issuer).unwrap().pem();
        let pair = Pair {
            certificate: directory.join(format!("{name}.pem")),
            key: directory.join(format!("{name}.key")),
        };
        fs::write(&pair.certificate, text).unwrap();
        fs::write(&pair.key, key.serialize_pem()).unwrap();
        pair
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// What a server's certificate says that ran out.
pub(crate) fn expired() -> CertificateParams {
    let mut params = params();
    params.not_before = date_time_ymd(2001, 1, 1);
    params.not_after = date_time_ymd(2002, 1, 1);
    params
}

/// A client that believes so much, and asks no proxy.
pub(crate) fn client(trust: &Trust) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    trust.client(reqwest::Client::builder().no_proxy()).unwrap()
}
