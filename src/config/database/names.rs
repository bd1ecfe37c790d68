//! The names of options that can stand behind the `?` of a URI.

/// Options that this folder asks for. Their values may be shown, those of [`SECRET`] excepted.
pub(super) const KNOWN: [&str; 37] = [
    "application_name",
    "cached_statements",
    "charset",
    "check_same_thread",
    "client_encoding",
    "connect_timeout",
    "database",
    "db",
    "dbname",
    "detect_types",
    "host",
    "isolation_level",
    "mode",
    "options",
    "passwd",
    "password",
    "port",
    "program_name",
    "ssl",
    "ssl_ca",
    "ssl_cert",
    "ssl_check_hostname",
    "ssl_disabled",
    "ssl_key",
    "ssl_mode",
    "ssl_verify_cert",
    "ssl_verify_identity",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "timeout",
    "unix_socket",
    "uri",
    "use_unicode",
    "user",
    "username",
];

const SECRET: [&str; 2] = ["passwd", "password"];

/// Whether the name, as it is written, is one that is asked for.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(&normal(name).as_str())
}

/// Whether the value of the option must not be shown: it is a password, or nobody knows what.
pub(super) fn is_secret(name: &str) -> bool {
    !is_known(name) || SECRET.contains(&normal(name).as_str())
}

/// Python's drivers have `ssl_mode` and `sslmode`, the tools of MySQL `ssl-mode`.
pub(super) fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_in_order_and_as_they_are_compared() {
        assert!(KNOWN.is_sorted());
        assert!(KNOWN.iter().all(|name| normal(name) == *name));
        assert!(SECRET.iter().all(|name| KNOWN.contains(name)));
    }
}
