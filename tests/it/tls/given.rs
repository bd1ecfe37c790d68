//! A certificate from files, and another one without a restart.

use std::fs;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use tatuscan::trust::{Pin, Trust};

use crate::support::process::{ServerProcess, refused, serve};
use crate::support::tls::{Authority, Pair, client, params};

fn serve_tls(directory: &Path, pair: &Pair) -> Command {
    let mut command = serve(directory);
    command.env("TATUSCAN_TLS_CERT", &pair.certificate).env("TATUSCAN_TLS_KEY", &pair.key);
    command
}

/// Whether a new connection is answered with the key of that pin.
async fn shows(server: &ServerProcess, pin: Pin) -> bool {
    client(&Trust::Pin(pin)).get(format!("{}/livez", server.url)).send().await.is_ok()
}

#[tokio::test]
async fn a_hangup_brings_the_new_certificate_and_keeps_the_old_one_when_it_is_bad() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new("school");
    let pair = authority.issue(directory.path(), "server", &params());
    let (old, new) = (pair.pin(), authority.issue(directory.path(), "new", &params()));
    let mut command = serve_tls(directory.path(), &pair);
    command.arg("--local-agent");
    let mut server = ServerProcess::spawn(command);
    assert!(server.start.contains(&format!("pin={old}")), "{}", server.start);
    let kept = client(&Trust::Pin(old));
    let url = format!("{}/livez", server.url);
    assert_eq!(kept.get(&url).send().await.unwrap().status(), 200);
    server.wait_for("report accepted");

    // Half of a new pair does not go together: as if the signal came in the middle of a renewal.
    fs::copy(&new.certificate, &pair.certificate).unwrap();
    server.signal(Signal::SIGHUP);
    let log = server.wait_for("the certificate stays the one that it was");
    assert!(log.contains("ERROR") && log.contains("TATUSCAN_TLS_KEY (--tls-key)"), "{log}");
    assert!(shows(&server, old).await);

    fs::copy(&new.key, &pair.key).unwrap();
    server.signal(Signal::SIGHUP);
    server.wait_for("the certificate was read again");
    // The local agent follows, and reports at once.
    let log = server.wait_for("report accepted");
    assert!(!log.contains("report not sent"), "{log}");
    assert!(shows(&server, new.pin()).await);
    assert!(!shows(&server, old).await);
    // A connection from before goes on.
    assert_eq!(kept.get(&url).send().await.unwrap().status(), 200);
    let (code, _, log) = server.stop(Signal::SIGTERM);
    assert_eq!(code, Some(0), "{log}");
}

#[tokio::test]
async fn it_is_shown_with_those_between_it_and_its_authority() {
    let directory = tempfile::tempdir().unwrap();
    let (root, middle) = (Authority::new("root"), Authority::new("middle"));
    let between = root.vouch_for(&middle);
    let pair = middle.issue(directory.path(), "server", &params());
    let chain = fs::read_to_string(&pair.certificate).unwrap() + &between;
    fs::write(&pair.certificate, chain).unwrap();
    let server = ServerProcess::spawn(serve_tls(directory.path(), &pair));
    let trust = Trust::CaFile(root.write(directory.path(), "root"));
    let response = client(&trust).get(format!("{}/livez", server.url)).send().await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn certificate_and_key_may_be_one_file() {
    let directory = tempfile::tempdir().unwrap();
    let pair = Authority::new("school").issue(directory.path(), "server", &params());
    let both =
        fs::read_to_string(&pair.key).unwrap() + &fs::read_to_string(&pair.certificate).unwrap();
    fs::write(&pair.certificate, both).unwrap();
    let one = Pair { certificate: pair.certificate.clone(), key: pair.certificate };
    let server = ServerProcess::spawn(serve_tls(directory.path(), &one));
    assert!(shows(&server, one.pin()).await);
}

#[test]
fn files_that_cannot_be_used_are_named_with_their_setting() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let authority = Authority::new("school");
    let good = authority.issue(here, "good", &params());
    let other = authority.issue(here, "other", &params());
    let (missing, empty) = (here.join("missing.pem"), here.join("empty.pem"));
    fs::write(&empty, "").unwrap();
    let broken = here.join("broken.pem");
    fs::write(&broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let (certificate, key) = ("TATUSCAN_TLS_CERT (--tls-cert)", "TATUSCAN_TLS_KEY (--tls-key)");
    for (cert_file, key_file, setting, problem) in [
        (&missing, &good.key, certificate, "cannot be read"),
        (&empty, &good.key, certificate, "holds no certificate"),
        (&broken, &good.key, certificate, "holds no certificate"),
        (&good.key, &good.key, certificate, "holds no certificate"),
        (&good.certificate, &missing, key, "cannot be read"),
        (&good.certificate, &empty, key, "holds no key"),
        (&good.certificate, &good.certificate, key, "holds no key"),
        (&good.certificate, &other.key, key, "does not go with"),
    ] {
        let pair = Pair { certificate: cert_file.clone(), key: key_file.clone() };
        let (code, said) = refused(serve_tls(here, &pair));
        assert_eq!(code, 1, "{said}");
        let file = if setting == certificate { cert_file } else { key_file };
        for part in [&format!("{setting}: {file:?} {problem}"), "PEM"] {
            assert!(said.contains(part), "{part} is not in: {said}");
        }
        assert!(!here.join("tatuscan.redb").exists(), "a store was begun: {said}");
    }
}
