//! What a server answers an agent, byte for byte: the word for what is asked on a line, `report`,
//! `enrol` or `section`, and the answer. Lines `----` part the answers to several requests; the last one
//! is given again and again.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::LazyLock;

use bytes::Bytes;
use reqwest::Url;
use tatuscan::agent::client::{Client, Credentials};
use tatuscan::agent::transport::{Delivery, Outcome, Transport as _};
use tatuscan::trust::Trust;
use tatuscan::wire::Report;
use tatuscan::wire::sections::{SectionHashes, SectionName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use tempfile::tempdir;

use super::head;
use crate::sample::assert_harmless;

/// Part of the address, and never of what is said.
const SECRET: &str = "hunter2";
/// Requests that one call makes at most.
const MOST_REQUESTS: usize = 8;

static PROVIDER: LazyLock<()> = LazyLock::new(|| {
    let _ = rustls::crypto::ring::default_provider().install_default();
});

pub fn run(data: &[u8]) {
    let Some((what, answers)) = head(data) else { return };
    if !["report", "enrol", "section"].contains(&what) {
        return;
    }
    LazyLock::force(&PROVIDER);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Rc::new(RefCell::new(0));
        let answers: Rc<[u8]> = answers.into();
        let serving = tokio::task::spawn_local(serve(listener, answers, Rc::clone(&requests)));
        ask(what, address).await;
        serving.abort();
        assert!(*requests.borrow() <= MOST_REQUESTS, "{} requests", requests.borrow());
    });
}

/// Answers each connection with the next answer.
async fn serve(listener: TcpListener, answers: Rc<[u8]>, requests: Rc<RefCell<usize>>) {
    let text = answers.split(|byte| *byte == b'\n');
    let mut parts = vec![Vec::new()];
    for line in text {
        if line == b"----" {
            parts.push(Vec::new());
        } else if let Some(part) = parts.last_mut() {
            part.extend_from_slice(line);
            part.push(b'\n');
        }
    }
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let number = std::mem::replace(&mut *requests.borrow_mut(), 0);
        *requests.borrow_mut() = number + 1;
        let answer = parts[number.min(parts.len() - 1)].clone();
        let _ = reply(stream, &answer).await;
    }
}

async fn reply(mut stream: TcpStream, answer: &[u8]) -> std::io::Result<()> {
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut buffer).await?;
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if read == 0 {
                return Ok(());
            }
            continue;
        };
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        if read == 0 || length.is_none_or(|length| length.parse() == Ok(body.len())) {
            break;
        }
    }
    stream.write_all(answer).await?;
    stream.shutdown().await
}

async fn ask(what: &str, address: SocketAddr) {
    let place = tempdir().unwrap();
    let url: Url = format!("http://agent:{SECRET}@{address}/t/{SECRET}/").parse().unwrap();
    let token = format!("tse_{SECRET}");
    let enrol_token = (what != "report").then(|| token.clone());
    let credentials = Credentials { state_dir: place.path().to_owned(), enrol_token };
    let client = Client::new(&url, Trust::System, credentials).unwrap();
    assert!(!client.to_string().contains(SECRET));
    let hashes = [("cpu".to_owned(), "5f2d0a".to_owned())];
    let sections = SectionHashes(hashes.into());
    let report = Report { machine_id: "lab-01".into(), sections, ..Report::default() };
    let said = match what {
        "enrol" => client.enrol("lab-01", &token).await.err().map(|error| format!("{error:#}")),
        "section" => {
            let _ = client.enrol("lab-01", &token).await;
            let body = Bytes::from_static(br#"{"hash":"5f2d0a","content":{}}"#);
            match client.send_section("lab-01", SectionName::Cpu, body).await {
                Delivery::Taken => None,
                Delivery::Refused { reason } | Delivery::Failed { reason } => Some(reason),
            }
        }
        _ => match client.send(&report).await {
            Outcome::Accepted { want } => {
                assert!(want.len() <= 1_000_000);
                None
            }
            Outcome::Refused { reason } | Outcome::Failed { reason, .. } => Some(reason),
        },
    };
    if let Some(said) = said {
        assert_harmless(&said, false);
        assert!(!said.contains(SECRET), "{said}");
        assert!(said.chars().count() < 4_000, "{said}");
    }
}
