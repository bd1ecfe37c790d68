//! The doctor in front of proxies, real ones in all that matters here: they pass requests on, with
//! the headers of a bare `proxy_pass` or with those of the README.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use super::{Place, names};
use crate::support::edge::text;
use crate::support::process::ServerProcess;

/// What a proxy makes of the head of a request from `peer`.
type Rewrite = fn(head: &str, peer: SocketAddr) -> String;

/// nginx with `proxy_pass` and nothing else: the Host is that of the server behind.
fn bare(head: &str, _: SocketAddr) -> String {
    without_host(head, "127.0.0.1:8040")
}

/// As the README has it.
fn good(head: &str, peer: SocketAddr) -> String {
    let ip = peer.ip();
    format!("{head}\r\nX-Forwarded-For: {ip}\r\nX-Forwarded-Proto: http")
}

/// As the README has it, but for the Host.
fn another_host(head: &str, peer: SocketAddr) -> String {
    without_host(&good(head, peer), "backend:8040")
}

fn without_host(head: &str, host: &str) -> String {
    let lines = head.split("\r\n").map(|line| {
        let is_host = line.to_ascii_lowercase().starts_with("host:");
        if is_host { format!("Host: {host}") } else { line.to_owned() }
    });
    lines.collect::<Vec<_>>().join("\r\n")
}

/// A proxy in front of a server, and its address.
fn proxy(server: &ServerProcess, rewrite: Rewrite) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let behind = server.url.trim_start_matches("http://").to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            pass(stream.unwrap(), &behind, rewrite);
        }
    });
    url
}

fn pass(mut client: TcpStream, behind: &str, rewrite: Rewrite) {
    let peer = client.peer_addr().unwrap();
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && client.read(&mut byte).unwrap_or(0) == 1 {
        request.push(byte[0]);
    }
    let head = String::from_utf8(request).unwrap();
    let head = rewrite(head.trim_end_matches("\r\n"), peer);
    let mut server = TcpStream::connect(behind).unwrap();
    write!(server, "{head}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).unwrap();
    client.write_all(&answer).unwrap();
}

fn lines(place: &Place, url: &str) -> (Option<i32>, String) {
    let output = place.run(&["doctor", "--url", url]);
    let said = text(&output);
    let lines = said.lines().filter(|line| line.contains(" proxy "));
    (output.status.code(), lines.collect::<Vec<_>>().join("\n"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_hides_its_clients_is_found() {
    let place = Place::embedded();
    let server = ServerProcess::spawn(place.serve());
    let (code, said) = lines(&place, &server.url);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("ok") && said.contains("is the server itself"), "{said}");

    let (code, said) = lines(&place, &proxy(&server, bare));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.starts_with("FAIL"), "{said}");
    assert!(said.contains("the whole world counts as the server's own computer"), "{said}");
    assert!(said.contains("X-Forwarded-For $proxy_add_x_forwarded_for"), "{said}");

    // It says who asks, but nobody told the server to believe it.
    let (code, said) = lines(&place, &proxy(&server, good));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("warn") && said.contains("TATUSCAN_TRUSTED_PROXIES"), "{said}");

    let (code, said) = lines(&place, "http://127.0.0.1:1");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("Look whether the proxy runs"), "{said}");
    let left = names(place.path());
    assert!(left.contains(&"server.json".to_owned()), "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_as_the_readme_has_it_is_found_good() {
    let place = Place::embedded();
    let mut serve = place.serve();
    serve.env("TATUSCAN_TRUSTED_PROXIES", "127.0.0.1");
    let server = ServerProcess::spawn(serve);
    let (code, said) = lines(&place, &proxy(&server, good));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("ok") && said.contains("the server believes it"), "{said}");
    let (code, said) = lines(&place, &proxy(&server, another_host));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("warn") && said.contains("sends another Host"), "{said}");
}
