//! Which encryption the options of each driver ask for.

use super::*;
use crate::config::TlsMode::{self, Disable, Prefer, Require, VerifyCa, VerifyFull};

/// The modes of URIs whose options may name the file `CA`, which is there.
fn hold(rows: &[(&str, TlsMode)]) {
    let file = tempfile::NamedTempFile::new().unwrap();
    for (text, expected) in rows {
        let text = text.replace("CA", file.path().to_str().unwrap());
        let (server, warnings) = server(&text);
        assert_eq!(server.tls.mode, *expected, "{text}");
        assert!(warnings.is_empty(), "{text}: {warnings:?}");
    }
}

#[test]
fn postgres_is_as_its_own_client_library_has_it() {
    hold(&[
        ("postgresql://h/d", Prefer),
        ("postgresql://h/d?sslmode=disable", Disable),
        ("postgresql://h/d?sslmode=allow", Prefer),
        ("postgresql://h/d?sslmode=prefer", Prefer),
        ("postgresql://h/d?sslmode=Require", Require),
        ("postgresql://h/d?sslmode=verify-ca", VerifyCa),
        ("postgresql://h/d?sslmode=verify-full", VerifyFull),
        ("postgresql://h/d?ssl=verify-full", VerifyFull),
        ("postgresql://h/d?ssl=true", Require),
        ("postgresql://h/d?ssl=false", Disable),
        ("postgresql://h/d?sslmode=verify-full&ssl=true", VerifyFull),
        ("postgresql://h/d?sslrootcert=CA", Prefer),
        ("postgresql://h/d?sslmode=require&sslrootcert=CA", VerifyCa),
        ("postgresql://h/d?sslrootcert=system", VerifyFull),
        ("postgresql:///d?host=/run/pg&sslmode=require", Disable),
    ]);
    assert_eq!(server("postgresql://h/d?sslrootcert=system").0.tls.ca_file, None);
}

#[test]
fn mysql_is_as_the_driver_has_it() {
    hold(&[
        ("mysql://h/d", Prefer),
        ("mysql://h/d?ssl_mode=REQUIRED", Require),
        ("mysql://h/d?ssl-mode=VERIFY_IDENTITY", VerifyFull),
        ("mysql://h/d?sslmode=verify_ca", VerifyCa),
        ("mysql://h/d?ssl=true", Require),
        ("mysql://h/d?ssl=0", Disable),
        ("mysql://h/d?ssl_disabled=true", Disable),
        ("mysql://h/d?ssl_ca=CA", VerifyCa),
        ("mysql+pymysql://h/d?ssl_ca=CA", VerifyFull),
        ("mysql+pymysql://h/d?ssl_ca=CA&ssl_check_hostname=false", VerifyCa),
        ("mysql+pymysql://h/d?ssl_ca=CA&ssl=true", VerifyFull),
        ("mysql://h/d?ssl_mode=REQUIRED&ssl_ca=CA", Require),
        ("mysql://h/d?ssl_ca=CA&ssl_verify_cert=true", VerifyCa),
        ("mysql://h/d?ssl_ca=CA&ssl_verify_cert=false", Require),
        ("mysql://h/d?ssl_ca=CA&ssl_verify_identity=true", VerifyFull),
        ("mysql://h/d?ssl_cert=CA", Require),
        ("mysql:///d?unix_socket=/run/m.sock", Disable),
        ("mysql:///d?unix_socket=/run/m.sock&ssl_mode=REQUIRED", Require),
    ]);
}

#[test]
fn a_certificate_without_a_key_brings_its_own() {
    let (one, two) =
        (tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
    let (one, two) = (one.path().to_str().unwrap(), two.path().to_str().unwrap());
    for (options, key) in
        [(format!("ssl_cert={one}"), one), (format!("sslcert={one}&sslkey={two}"), two)]
    {
        let client = server(&format!("postgresql://h/d?{options}")).0.tls.client.unwrap();
        assert_eq!((client.certificate, client.key), (one.into(), key.into()));
    }
    assert_eq!(server(&format!("mysql://h/d?ssl_key={one}")).0.tls.client, None);
}

#[test]
fn a_file_that_cannot_be_read_is_named_unless_nobody_needs_it() {
    for option in ["sslrootcert", "ssl_ca", "sslcert", "ssl_cert"] {
        let message = refusal(&format!("mysql://u:hunter2@h/d?{option}=/nonexistent/x.pem"));
        assert!(message.contains("names /nonexistent/x.pem, which cannot be read: "), "{message}");
        let (server, _) = server(&format!("mysql://h/d?{option}=/nonexistent/x.pem&ssl=false"));
        assert_eq!((server.tls.ca_file, server.tls.client), (None, None));
    }
}

#[test]
fn a_wish_that_is_not_understood_is_never_passed_over() {
    for option in ["sslmode=maybe", "ssl_mode=true", "ssl={}", "ssl=ja"] {
        let message = refusal(&format!("postgresql://h/d?{option}"));
        assert!(message.contains("Write sslmode=disable, prefer, require"), "{option}: {message}");
    }
    for option in ["ssl_disabled=x", "ssl_verify_cert=x", "ssl_verify_identity=x"] {
        let message = refusal(&format!("mysql://h/d?{option}"));
        assert!(message.contains("neither true nor false"), "{option}: {message}");
    }
}
