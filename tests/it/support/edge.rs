//! The programs as child processes, and a listener that plays the server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// `tatuscan` with an empty environment, started in `directory`.
pub(crate) fn tatuscan(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tatuscan"));
    command.env_clear().current_dir(directory).env("TATUSCAN_STATE_DIR", directory.join("state"));
    command
}

/// Standard output and error as one text.
pub(crate) fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Plays the server: answers each request with the next answer, the last one for ever.
pub(crate) struct Listener {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    requests: Receiver<String>,
}

impl Listener {
    /// Listens on `address`; each answer is a whole HTTP response.
    pub(crate) fn start(address: &str, answers: &[&str]) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let answers: Vec<String> = answers.iter().map(ToString::to_string).collect();
        let (sender, requests) = channel();
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let Some(request) = read_request(&mut stream) else {
                    continue;
                };
                let answer = &answers[number.min(answers.len() - 1)];
                let _ = stream.write_all(answer.as_bytes());
                if sender.send(request).is_err() {
                    return;
                }
            }
        });
        Self { address, requests }
    }

    /// The next request, as it came; fails after 30 seconds without one.
    pub(crate) fn request(&self) -> String {
        self.requests.recv_timeout(Duration::from_secs(30)).expect("a request")
    }

    /// A request that came already.
    pub(crate) fn try_request(&self) -> Option<String> {
        self.requests.try_recv().ok()
    }

    /// Whether no further request came.
    pub(crate) fn is_quiet(&self) -> bool {
        self.requests.try_recv().is_err()
    }
}

/// An answer with that status line and extra header lines, and a short body.
pub(crate) fn answer(status: &str, headers: &str) -> String {
    let body = r#"{"error":"because"}"#;
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}

fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            if head.starts_with("GET ") {
                return Some(text.into_owned());
            }
            let mut headers = head.lines().filter_map(|line| line.split_once(": "));
            let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            if length.is_some_and(|(_, length)| length.parse() == Ok(body.len())) {
                return Some(text.into_owned());
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(read) => request.extend_from_slice(&buffer[..read]),
        }
    }
}
