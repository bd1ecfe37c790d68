//! `--tls self`: a certificate that the server makes for itself, once.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use rcgen::PublicKeyData as _;
use sha2::{Digest as _, Sha256};
use tatuscan::trust::{Pin, Trust};

use crate::support::process::{ServerProcess, refused, serve};
use crate::support::tls::client;

fn serve_tls(directory: &Path) -> Command {
    let mut command = serve(directory);
    command.args(["--tls", "self"]);
    command
}

/// The pin in the start line.
fn pin(server: &ServerProcess) -> Pin {
    let text = server.start.split("pin=").nth(1).unwrap().split_whitespace().next().unwrap();
    text.parse().unwrap()
}

#[tokio::test]
async fn it_is_made_once_and_known_by_the_pin_in_the_start_line() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::spawn(serve_tls(directory.path()));
    assert!(server.start.contains("url=https://localhost:"), "{}", server.start);
    let first = pin(&server);
    let response = client(&Trust::Pin(first)).get(format!("{}/livez", server.url)).send().await;
    let response = response.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["strict-transport-security"], "max-age=31536000");
    for file in ["tls-key.pem", "tls-cert.pem"] {
        let metadata = fs::metadata(directory.path().join(file)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{file}");
    }
    let key = fs::read_to_string(directory.path().join("tls-key.pem")).unwrap();
    let key = rcgen::KeyPair::from_pem(&key).unwrap().subject_public_key_info();
    let digits: String = Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(first.to_string(), format!("sha256:{digits}"));
    let kept = fs::read(directory.path().join("tls-cert.pem")).unwrap();
    assert_eq!(server.stop(Signal::SIGTERM).0, Some(0));
    let again = ServerProcess::spawn(serve_tls(directory.path()));
    assert_eq!(pin(&again), first);
    assert_eq!(fs::read(directory.path().join("tls-cert.pem")).unwrap(), kept);
}

#[tokio::test]
async fn without_tls_nothing_is_made_and_no_browser_is_told_to_insist_on_it() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(directory.path());
    assert!(!server.start.contains("pin="), "{}", server.start);
    assert!(!directory.path().join("tls-key.pem").exists());
    let response = client(&Trust::System).get(format!("{}/livez", server.url)).send().await;
    assert!(!response.unwrap().headers().contains_key("strict-transport-security"));
}

#[tokio::test]
async fn its_file_can_be_handed_out_as_an_authority_for_every_name_of_the_host() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::spawn(serve_tls(directory.path()));
    let trust = Trust::CaFile(directory.path().join("tls-cert.pem"));
    for host in ["localhost", "127.0.0.1"] {
        let url = server.url.replace("127.0.0.1", host);
        let response = client(&trust).get(format!("{url}/livez")).send().await.unwrap();
        assert_eq!(response.status(), 200, "{host}");
    }
}

#[test]
fn a_lost_certificate_is_made_again_for_the_same_key() {
    let directory = tempfile::tempdir().unwrap();
    let first = pin(&ServerProcess::spawn(serve_tls(directory.path())));
    fs::remove_file(directory.path().join("tls-cert.pem")).unwrap();
    assert_eq!(pin(&ServerProcess::spawn(serve_tls(directory.path()))), first);
}

#[test]
fn a_lost_or_damaged_key_is_said_and_never_replaced() {
    let directory = tempfile::tempdir().unwrap();
    drop(ServerProcess::spawn(serve_tls(directory.path())));
    let key = directory.path().join("tls-key.pem");
    let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
    for (text, problem) in [
        (Some(""), "holds no key that can be used"),
        (Some(other.as_str()), "does not go with"),
        (None, "is missing"),
    ] {
        match text {
            Some(text) => fs::write(&key, text).unwrap(),
            None => fs::remove_file(&key).unwrap(),
        }
        let (code, said) = refused(serve_tls(directory.path()));
        assert_eq!(code, 1, "{said}");
        for part in [key.to_str().unwrap(), "--tls self", problem, "new pin"] {
            assert!(said.contains(part), "{part} is not in: {said}");
        }
        assert_eq!(fs::read_to_string(&key).ok().as_deref(), text);
    }
}

#[test]
fn the_local_agent_believes_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = serve_tls(directory.path());
    command.arg("--local-agent");
    let mut server = ServerProcess::spawn(command);
    server.wait_for("report accepted");
}
