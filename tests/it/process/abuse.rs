//! Hostile bodies, many at once: refused in time, and the server's memory stays what it was.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::process::ServerProcess;

const HEAD: &str =
    "POST /api/machines HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

/// Sends until the server has enough, and says what it answered.
fn send(address: &str, head: &str, piece: &[u8], pieces: usize) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut sent = stream.write_all(format!("{HEAD}{head}\r\n").as_bytes());
    for _ in 0..pieces {
        if sent.is_err() {
            break;
        }
        sent = stream.write_all(piece);
    }
    let mut answer = [0; 512];
    let read = stream.read(&mut answer).unwrap_or(0);
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[test]
fn hostile_bodies_are_refused_in_time_and_cost_no_memory() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(directory.path());
    let address = server.url.trim_start_matches("http://").to_owned();
    let brackets = "[".repeat(30_000);
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 65536], b"\r\n"].concat();
    let length = format!("Content-Length: {}\r\n", brackets.len());
    let zipped = "Content-Encoding: gzip\r\nContent-Length: 60000\r\n";
    let attacks: [(&str, &[u8], usize, &str); 4] = [
        ("Transfer-Encoding: chunked\r\n", &chunk, 10_000, "413"),
        (&length, brackets.as_bytes(), 1, "400"),
        (zipped, &[0x1f; 1000], 60, "415"),
        ("Content-Length: 4000000000\r\n", &chunk, 10_000, "413"),
    ];
    let before = server.resident_kib();
    let started = Instant::now();
    std::thread::scope(|scope| {
        for (head, piece, pieces, status) in attacks {
            for _ in 0..16 {
                let address = &address;
                scope.spawn(move || {
                    for _ in 0..5 {
                        let answer = send(address, head, piece, pieces);
                        // A connection that is reset while we still send loses its answer.
                        let refused = answer.starts_with(&format!("HTTP/1.1 {status}"));
                        assert!(refused || answer.is_empty(), "{head}: {answer}");
                    }
                });
            }
        }
    });
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    let grown = server.resident_kib().saturating_sub(before);
    assert!(grown < 32 << 10, "memory grew by {grown} KiB");
}
