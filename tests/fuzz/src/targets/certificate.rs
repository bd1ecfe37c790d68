//! A file in PEM form, as a server's certificate with its key and as an agent's list of authorities.

use std::fs;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tatuscan::tls::{CertificateFiles, Tls};
use tatuscan::trust::{Pin, Trust};
use tempfile::tempdir;

pub fn run(data: &[u8]) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let place = tempdir().unwrap();
    let file = place.path().join("both.pem");
    fs::write(&file, data).unwrap();
    let named = file.to_string_lossy().into_owned();

    match CertificateFiles::named(&file, &file).read() {
        Ok(certificate) => {
            // What clients see is what they pin.
            let first = CertificateDer::pem_slice_iter(data).next().unwrap().unwrap();
            assert_eq!(Pin::of(&first), Ok(certificate.pin()));
            assert_eq!(certificate.pin().to_string().parse(), Ok(certificate.pin()));
            let pin = certificate.pin();
            assert_eq!(Tls::new(certificate).unwrap().pin(), pin);
        }
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains(&named) && text.starts_with("TATUSCAN_TLS_"), "{text}");
            assert!(!text.contains('\n'), "{text}");
        }
    }
    if let Err(error) = Trust::CaFile(file).client(reqwest::Client::builder()) {
        let text = error.to_string();
        assert!(text.contains(&named) && text.starts_with("TATUSCAN_CA_FILE"), "{text}");
        assert!(!text.contains('\n'), "{text}");
    }
}
