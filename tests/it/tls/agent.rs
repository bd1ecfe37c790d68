//! The agent as a process against servers of every kind, and what it says of each.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa};

use crate::support::edge::{tatuscan, text};
use crate::support::process::{ServerProcess, serve};
use crate::support::tls::{Authority, Pair, expired, params};

/// A server with the certificate of that pair.
fn server(directory: &Path, pair: &Pair) -> ServerProcess {
    let mut command = serve(directory);
    command.env("TATUSCAN_TLS_CERT", &pair.certificate).env("TATUSCAN_TLS_KEY", &pair.key);
    ServerProcess::spawn(command)
}

/// What one report to `url` comes to.
fn report(directory: &Path, url: &str, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = tatuscan(directory);
    command.args(["agent", "--url", url]).envs(variables.iter().copied());
    let output = command.output().unwrap();
    (output.status.code(), text(&output))
}

#[test]
fn each_way_to_believe_a_server_works_and_says_what_to_do_when_it_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let (school, stranger) = (Authority::new("school"), Authority::new("stranger"));
    let pair = school.issue(here, "server", &params());
    let server = server(here, &pair);
    let (school, stranger) = (school.write(here, "school"), stranger.write(here, "stranger"));
    let (school, stranger) = (school.to_str().unwrap(), stranger.to_str().unwrap());
    let (right, zeros) = (pair.pin().to_string(), format!("sha256:{}", "0".repeat(64)));
    let junk = pair.key.to_str().unwrap();
    for (variable, code, said) in [
        (("TATUSCAN_TLS_PIN", right.as_str()), 0, &[][..]),
        (("TATUSCAN_CA_FILE", school), 0, &[]),
        (("SSL_CERT_FILE", school), 0, &[]),
        (
            ("TATUSCAN_TLS_PIN", &zeros),
            1,
            &["TATUSCAN_TLS_PIN (--tls-pin)", &zeros, &right, "another computer"],
        ),
        (
            ("TATUSCAN_CA_FILE", stranger),
            1,
            &["TATUSCAN_CA_FILE (--ca-file)", stranger, "does not come from"],
        ),
        (
            ("SSL_CERT_FILE", stranger),
            1,
            &["does not trust", "TATUSCAN_TLS_PIN (--tls-pin)", "TATUSCAN_CA_FILE (--ca-file)"],
        ),
        (("TATUSCAN_CA_FILE", "nowhere"), 1, &["(--ca-file)", "\"nowhere\""]),
        (("TATUSCAN_CA_FILE", junk), 1, &["holds no certificate", "PEM"]),
    ] {
        let (ended, log) = report(here, &server.url, &[variable]);
        assert_eq!(ended, Some(code), "{variable:?}: {log}");
        for part in said {
            assert!(log.contains(part), "{part} is not in: {log}");
        }
    }
}

#[test]
fn a_certificate_that_is_wrong_in_itself_is_said_unless_the_key_is_all_that_counts() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let school = Authority::new("school");
    let elsewhere = CertificateParams::new(["elsewhere.example".to_owned()]).unwrap();
    let mut authority = params();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_file = school.write(here, "school");
    for (name, params, said) in [
        ("expired", expired(), &["has run out", "clock"][..]),
        ("elsewhere", elsewhere, &["another name", "elsewhere.example", "TATUSCAN_URL (--url)"]),
        ("authority", authority, &["CA:TRUE", "TATUSCAN_TLS_PIN (--tls-pin)"]),
    ] {
        let pair = school.issue(here, name, &params);
        let place = here.join(name);
        std::fs::create_dir(&place).unwrap();
        let server = server(&place, &pair);
        let believed = [("TATUSCAN_CA_FILE", ca_file.to_str().unwrap())];
        let (code, log) = report(here, &server.url, &believed);
        assert_eq!(code, Some(1), "{name}: {log}");
        for part in said {
            assert!(log.contains(part), "{part} is not in: {log}");
        }
        let (code, log) =
            report(here, &server.url, &[("TATUSCAN_TLS_PIN", &pair.pin().to_string())]);
        assert_eq!(code, Some(0), "{name}: {log}");
    }
}

#[test]
fn a_server_without_tls_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(directory.path());
    let url = server.url.replace("http://", "https://");
    let pin = format!("sha256:{}", "0".repeat(64));
    let (code, log) = report(directory.path(), &url, &[("TATUSCAN_TLS_PIN", &pin)]);
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("does not answer in TLS"), "{log}");
    assert!(log.contains("TATUSCAN_URL (--url)"), "{log}");
}
