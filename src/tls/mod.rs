//! The server's side of TLS: the certificate that it shows, and the handshake.

mod certificate;
mod own;
mod reload;

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring::Ticketer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::trust::Pin;

pub use certificate::{Certificate, CertificateFiles};
pub use reload::{outlive_hangup, reload_on_hangup};

/// The first byte of every TLS connection: a record of the handshake.
const HANDSHAKE: u8 = 0x16;

/// Shakes hands with the certificate of the moment.
pub struct Tls {
    acceptor: TlsAcceptor,
    shown: Arc<Shown>,
}

/// A connection as its client began it.
#[derive(Debug)]
pub enum Accepted {
    /// With a handshake, which is done.
    Encrypted(Box<TlsStream<TcpStream>>),
    /// With something else, none of which is read yet.
    Plain(TcpStream),
}

impl Tls {
    /// TLS 1.2 and 1.3 with that certificate, for HTTP/1.1.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new(certificate: Certificate) -> Result<Self, rustls::Error> {
        let shown = Arc::new(Shown(watch::Sender::new(certificate)));
        let resolver = Arc::clone(&shown);
        let mut config = ServerConfig::builder().with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // An agent connects anew for each report: with a ticket it comes back without a signature,
        // and a fleet's tickets take no memory here.
        config.ticketer = Ticketer::new()?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), shown })
    }

    /// Shows another certificate from the next connection on.
    pub fn show(&self, certificate: Certificate) {
        self.shown.0.send_replace(certificate);
    }

    /// The pin of the key that is shown.
    #[must_use]
    pub fn pin(&self) -> Pin {
        self.shown.0.borrow().pin()
    }

    /// Done once a key with another pin is shown.
    pub async fn outgrown(&self, pin: Pin) {
        // Only fails without a sender, and `self` has it.
        let _ = self.shown.0.subscribe().wait_for(|shown| shown.pin() != pin).await;
    }

    /// Shakes hands, however long the client takes.
    ///
    /// # Errors
    /// When the client goes away, or wants what this server has not.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<Accepted> {
        let mut first = [HANDSHAKE];
        stream.peek(&mut first).await?;
        if first != [HANDSHAKE] {
            return Ok(Accepted::Plain(stream));
        }
        let stream = self.acceptor.accept(stream).await?;
        Ok(Accepted::Encrypted(Box::new(stream)))
    }
}

/// The certificate of the moment.
#[derive(Debug)]
struct Shown(watch::Sender<Certificate>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.borrow().key())
    }
}
