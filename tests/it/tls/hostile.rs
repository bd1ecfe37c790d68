//! Clients of the TLS port that are slow, or speak something else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ProtocolVersion, RootCertStore};
use tatuscan::http::Limits;
use tatuscan::tls::Tls;
use tatuscan::trust::{Pin, Trust};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::server::Server;
use crate::support::tls::{Authority, client, params};

/// The time of a handshake and of a head.
const HEAD: Duration = Duration::from_secs(1);

/// A server with TLS and short limits, and what its clients need.
struct Site {
    server: Server,
    pin: Pin,
    roots: RootCertStore,
    _directory: TempDir,
}

impl Site {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::new("school");
        let pair = authority.issue(directory.path(), "server", &params());
        let tls = Tls::new(pair.files().read().unwrap()).unwrap();
        let limits = Limits { head: HEAD, connections: 64, ..Limits::default() };
        let mut roots = RootCertStore::empty();
        let ca_file = authority.write(directory.path(), "school");
        roots.add(rustls::pki_types::CertificateDer::from_pem_file(ca_file).unwrap()).unwrap();
        let server = Server::start_over(Some(tls), limits).await;
        Self { server, pin: pair.pin(), roots, _directory: directory }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.server.address).await.unwrap()
    }

    /// A connection of that version, offering those protocols.
    async fn shake_hands(
        &self,
        version: &'static rustls::SupportedProtocolVersion,
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let config = ClientConfig::builder_with_protocol_versions(&[version]);
        let mut config = config.with_root_certificates(self.roots.clone()).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, self.connect().await).await
    }

    /// Whether somebody else is answered, and soon.
    async fn serves(&self) {
        let asked = Instant::now();
        let url = format!("https://{}/livez", self.server.address);
        let response = client(&Trust::Pin(self.pin)).get(url).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(asked.elapsed() < HEAD, "{:?}", asked.elapsed());
    }
}

/// Reads until the server closes, and says what came and after how long.
async fn until_closed(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> (Vec<u8>, Duration) {
    let (started, mut answer) = (Instant::now(), Vec::new());
    let closed = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer));
    closed.await.expect("the server never closed the connection").ok();
    (answer, started.elapsed())
}

#[tokio::test]
async fn a_handshake_that_is_never_finished_ends_in_the_time_of_a_head_and_holds_nobody_up() {
    let site = Site::start().await;
    // Nothing; the beginning of a record; a whole record's head, and its bytes drop by drop.
    for begun in [&[][..], &[0x16], &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]] {
        let mut stream = site.connect().await;
        stream.write_all(begun).await.unwrap();
        site.serves().await;
        let (mut reading, mut writing) = stream.into_split();
        let dripping = tokio::spawn(async move {
            while !begun.is_empty() && writing.write_all(&[3]).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            writing
        });
        let (answer, took) = until_closed(&mut reading).await;
        dripping.abort();
        assert_eq!(answer, b"", "{begun:?}");
        assert!(took < 3 * HEAD, "{begun:?}: {took:?}");
    }
}

#[test]
fn the_default_time_for_a_handshake_is_ten_seconds() {
    assert_eq!(Limits::default().head, Duration::from_secs(10));
}

#[tokio::test]
async fn a_slow_head_is_cut_off_inside_tls_too() {
    let site = Site::start().await;
    let mut stream = site.shake_hands(&rustls::version::TLS13, &[]).await.unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let (_, took) = until_closed(&mut stream).await;
    assert!((HEAD / 2..3 * HEAD).contains(&took), "{took:?}");
}

#[tokio::test]
async fn plain_http_is_told_to_use_https_and_nothing_is_recorded() {
    let site = Site::start().await;
    let body = crate::support::machines::body("m1").to_string();
    let post = format!(
        "POST /api/machines HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    for request in ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", &post] {
        let mut stream = site.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let (answer, took) = until_closed(&mut stream).await;
        let answer = String::from_utf8_lossy(&answer).to_lowercase();
        assert!(answer.starts_with("http/1.1 400"), "{answer}");
        assert!(answer.contains("https://"), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
        assert!(!answer.contains("strict-transport-security"), "{answer}");
        assert!(took < HEAD, "{took:?}");
    }
    let url = format!("https://{}/api/machines", site.server.address);
    let list = client(&Trust::Pin(site.pin)).get(url).send().await.unwrap();
    assert!(list.text().await.unwrap().contains("\"count\":0"));
}

#[tokio::test]
async fn noise_is_closed_at_once() {
    let site = Site::start().await;
    for noise in
        [&b"SSH-2.0-OpenSSH_9.2\r\n\r\n"[..], &[0x16; 64], &[0x80, 0x2e, 1, 0, 2, 0x0a, 0x0a]]
    {
        let mut stream = site.connect().await;
        stream.write_all(noise).await.unwrap();
        let (_, took) = until_closed(&mut stream).await;
        assert!(took < 3 * HEAD, "{noise:?}: {took:?}");
    }
    site.serves().await;
}

#[tokio::test]
async fn both_versions_are_spoken_for_http_1_1_alone() {
    let site = Site::start().await;
    for (version, number) in [
        (&rustls::version::TLS12, ProtocolVersion::TLSv1_2),
        (&rustls::version::TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let mut stream = site.shake_hands(version, &["h2", "http/1.1"]).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(number));
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let request = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let (answer, _) = until_closed(&mut stream).await;
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{number:?}");
        assert!(site.shake_hands(version, &["h2"]).await.is_err());
    }
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_handshake() {
    let site = Site::start().await;
    let _silent = site.connect().await;
    site.serves().await;
    let asked = Instant::now();
    site.server.stop().await;
    assert!(asked.elapsed() < HEAD, "{:?}", asked.elapsed());
}
