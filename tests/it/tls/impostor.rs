//! A server that shows somebody else's certificate without having its key.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tatuscan::trust::Trust;
use tokio_rustls::TlsAcceptor;

use crate::support::tls::{Authority, client, params};

#[tokio::test]
async fn a_certificate_is_worth_nothing_without_its_key() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new("school");
    let shown = authority.issue(directory.path(), "shown", &params());
    let owned = authority.issue(directory.path(), "owned", &params());
    let chain = vec![CertificateDer::from_pem_file(&shown.certificate).unwrap()];
    let key = PrivateKeyDer::from_pem_file(&owned.key).unwrap();
    let key = ring::default_provider().key_provider.load_private_key(key).unwrap();
    let pair = Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key)));
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let config = ServerConfig::builder_with_protocol_versions(&[version]);
        let config = config.with_no_client_auth().with_cert_resolver(pair.clone());
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let accepting = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            acceptor.accept(stream).await.is_ok()
        });
        let trust = Trust::Pin(shown.pin());
        let error = client(&trust).get(url).send().await.unwrap_err();
        let advice = trust.advice(&error).unwrap_or_else(|| panic!("{version:?}: {error:?}"));
        assert!(advice.contains("another computer may answer"), "{version:?}: {advice}");
        assert!(!accepting.await.unwrap(), "{version:?}");
    }
}
