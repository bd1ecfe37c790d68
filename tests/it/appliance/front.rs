//! What every proxy in front of a server must do, whichever program it is.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::edge::{tatuscan, text};
use crate::support::machines::body;
use crate::support::process::{ServerProcess, serve_guarded};
use crate::support::server::client;

/// A proxy that runs, ended when it is dropped.
pub(super) struct Front(Child);

impl Front {
    /// Starts it, and waits until it answers at `port`.
    pub(super) fn start(command: &mut Command, port: u16) -> Self {
        let mut front = Self(command.spawn().unwrap());
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(front.0.try_wait().unwrap().is_none(), "{command:?} ended");
            assert!(began.elapsed() < Duration::from_secs(20), "{command:?} does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        front
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // With its workers, which kill would leave behind.
        let id = nix::unistd::Pid::from_raw(self.0.id().try_into().unwrap());
        let _ = nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

/// A server that knows of a proxy on its own computer.
pub(super) fn server(directory: &Path) -> ServerProcess {
    let mut command = serve_guarded(directory);
    command.env("TATUSCAN_BIND", "127.0.0.1").env("TATUSCAN_TRUSTED_PROXIES", "127.0.0.1");
    command.env("TATUSCAN_LEGACY_CIDRS", "127.0.0.2/32");
    ServerProcess::spawn(command)
}

/// The port of a server.
pub(super) fn port(server: &ServerProcess) -> &str {
    server.url.rsplit(':').next().unwrap()
}

/// From the address 127.0.0.2, through the proxy at `url`.
pub(super) async fn check(url: &str, directory: &Path) {
    let inside = client();
    let outside = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only(std::iter::empty())
        .local_address(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)))
        .build()
        .unwrap();
    let token = std::fs::read_to_string(directory.join("admin.token")).unwrap();

    // A report is passed on, and is not told to go elsewhere.
    let report = outside.post(format!("{url}/api/machines"));
    let report = report.header("Content-Type", "application/json").body(body("m1").to_string());
    assert_eq!(report.send().await.unwrap().status(), 201);

    // The server learns who asks, and believes it.
    let origin = outside.get(format!("{url}/api/origin")).send().await.unwrap();
    let origin: Value = origin.json().await.unwrap();
    assert_eq!(origin["address"], "127.0.0.2", "{origin}");
    assert_eq!(origin["proxy_trusted"], true, "{origin}");
    assert_eq!(origin["this_computer"], false, "{origin}");
    let list = outside.get(format!("{url}/api/machines")).send().await.unwrap();
    assert_eq!(list.status(), 401, "whoever comes through a proxy is not this computer");

    // A large import passes, and a larger one is refused: by the proxy, or by a server that hangs up
    // on it.
    let row = format!("m1,{}\n", "n".repeat(990));
    for (rows, statuses) in [(15_000, &[200][..]), (18_000, &[413, 502])] {
        let file = format!("machine_id,notes\n{}", row.repeat(rows));
        let import = inside.post(format!("{url}/api/import/machines?dry_run=true"));
        let import = import.bearer_auth(token.trim()).header("Content-Type", "text/csv");
        match import.body(file).send().await {
            Ok(answer) => assert!(statuses.contains(&answer.status().as_u16()), "{answer:?}"),
            Err(error) => assert!(statuses.contains(&413), "{error}"),
        }
    }

    // So does what is streamed, whole.
    let backup = inside.get(format!("{url}/api/backup")).bearer_auth(token.trim());
    let backup = backup.send().await.unwrap();
    assert_eq!(backup.status(), 200);
    assert!(backup.bytes().await.unwrap().starts_with(b"redb"));

    let mut doctor = tatuscan(directory);
    let output = doctor.env("TATUSCAN_DB_DIR", directory).args(["doctor", "--url", url]).output();
    let said = text(&output.unwrap());
    let line = said.lines().find(|line| line.contains(" proxy ")).unwrap();
    assert!(line.starts_with("ok") && line.contains("the server believes it"), "{said}");
}

/// A POST that is told to go to HTTPS is told so in a way that keeps it a POST.
pub(super) async fn check_redirect(url: &str) {
    let report = client().post(format!("{url}/api/machines"));
    let report = report.header("Content-Type", "application/json").body(body("m1").to_string());
    let answer = report.send().await.unwrap();
    assert_eq!(answer.status(), 308);
    let place = answer.headers()["Location"].to_str().unwrap();
    assert!(place.starts_with("https://") && place.ends_with("/api/machines"), "{place}");
}
