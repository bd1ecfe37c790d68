//! Each wrong value: the message names the setting, shows the value and says what to write.

use tatuscan::config::Refusal;

use super::{call, environment, serve};

fn message<T>(result: Result<T, Refusal>) -> String {
    match result {
        Err(Refusal::Setting(error)) => error.to_string(),
        Err(Refusal::Usage(error)) => panic!("a usage error: {error}"),
        Ok(_) => panic!("it was taken"),
    }
}

#[test]
fn a_wrong_server_setting_is_named_shown_and_advised() {
    for (name, flag, value, advice) in [
        ("TATUSCAN_BIND", "--bind", "eth0", "0.0.0.0"),
        ("TATUSCAN_BIND", "--bind", "0.0.0.0:8040", "TATUSCAN_PORT"),
        ("TATUSCAN_BIND", "--bind", "*", "0.0.0.0"),
        ("TATUSCAN_PORT", "--port", "http", "0 to 65535"),
        ("TATUSCAN_PORT", "--port", "65536", "0 to 65535"),
        ("TATUSCAN_PORT", "--port", "-1", "0 to 65535"),
        ("TATUSCAN_PORT", "--port", "tcp://10.0.0.7:8040", "enableServiceLinks: false"),
        ("TATUSCAN_DB_FILE", "--db-file", "..", "name of a file"),
        ("TATUSCAN_DB_FILE", "--db-file", "sub/", "name of a file"),
        ("SQLALCHEMY_DATABASE_URI", "--database-uri", "oracle://h/d", "postgresql://user:"),
        ("SQLALCHEMY_DATABASE_URI", "--database-uri", "sqlite://t.db", "sqlite:///file.db"),
        ("TIMEZONE", "--timezone", "America/Cuiabá", "America/Cuiaba"),
        ("TATUSCAN_LOG_FORMAT", "--log-format", "xml", "text or json"),
        ("TATUSCAN_LATE", "--late", "0s", "15m"),
        ("TATUSCAN_OFFLINE", "--offline", "15", "15m"),
        ("TATUSCAN_MISSING", "--missing", "-7d", "7d"),
        ("TATUSCAN_MAX_CONNECTIONS", "--max-connections", "0", "from 1"),
        ("TATUSCAN_MAX_CONNECTIONS", "--max-connections", "many", "from 1"),
        ("TATUSCAN_LOCAL_AGENT", "--local-agent", "maybe", "yes or no"),
        ("TATUSCAN_AUTH", "--auth", "none", "compat"),
        ("TATUSCAN_LEGACY_CIDRS", "--legacy-cidrs", "10.0.0.0/33", "203.0.113.0/24"),
        ("TATUSCAN_TRUSTED_PROXIES", "--trusted-proxies", "proxy", "203.0.113.0/24"),
        ("TATUSCAN_PUBLIC_READ", "--public-read", "all", "yes or no"),
        ("TATUSCAN_PUBLIC_URL", "--public-url", "inventory", "https://"),
        ("TATUSCAN_PUBLIC_URL", "--public-url", "https://h/path", "no path"),
        ("TATUSCAN_INSECURE", "--insecure", "maybe", "yes or no"),
        ("TATUSCAN_MIN_FREE", "--min-free", "64MB", "such as 64"),
        ("TATUSCAN_AUDIT_DAYS", "--audit-days", "1y", "such as 1095"),
        ("TATUSCAN_NEW_BURST", "--new-burst", "-1", "such as 25000"),
        ("TATUSCAN_NEW_PER_MINUTE", "--new-per-minute", "many", "such as 1000"),
        ("TATUSCAN_MAX_LEGACY", "--max-legacy", "1e5", "such as 150000"),
        ("TATUSCAN_MAX_MACHINES", "--max-machines", "5000000000", "such as 250000"),
        ("TATUSCAN_TLS", "--tls", "yes", "off or self"),
        ("TATUSCAN_TLS_CERT", "--tls-cert", "/c.pem", "TATUSCAN_TLS_KEY (--tls-key) as well"),
        ("TATUSCAN_TLS_KEY", "--tls-key", "/k.pem", "TATUSCAN_TLS_CERT (--tls-cert) as well"),
    ] {
        let by_variable = message(serve(&[(name, value)]));
        let by_flag = message(call(&format!("serve {flag}={value}"), &environment(&[], "")));
        assert_eq!(by_variable, by_flag);
        assert!(
            by_variable.starts_with(&format!("{name} ({flag}): \"{value}\" ")),
            "{by_variable}"
        );
        assert!(by_variable.contains(advice), "{by_variable}");
    }
}

#[test]
fn no_rules_at_all_are_refused_where_others_reach_the_server() {
    let said = message(serve(&[("TATUSCAN_AUTH", "off")]));
    assert!(said.contains("TATUSCAN_BIND=127.0.0.1"), "{said}");
    assert!(said.contains("TATUSCAN_INSECURE=1"), "{said}");
    for more in [("TATUSCAN_BIND", "127.0.0.1"), ("TATUSCAN_INSECURE", "1")] {
        assert!(serve(&[("TATUSCAN_AUTH", "OFF"), more]).is_ok());
    }
}

#[test]
fn a_wrong_agent_setting_is_named_shown_and_advised() {
    for (name, flag, value, advice) in [
        ("TATUSCAN_INTERVAL", "--interval", "60", "60s"),
        ("TATUSCAN_INTERVAL", "--interval", "0s", "60s"),
        ("TATUSCAN_INTERVAL", "--interval", "-5s", "60s"),
        ("TATUSCAN_INTERVAL", "--interval", "often", "60s"),
        ("TATUSCAN_LOG_LEVEL", "--log-level", "verbose", "debug, info, warn"),
        ("TATUSCAN_TLS_PIN", "--tls-pin", "sha256:abc", "64 hexadecimal digits"),
        ("TATUSCAN_URL", "--url", "10.0.0.1:8040", "http://10.0.0.1:8040"),
        ("TATUSCAN_URL", "--url", "server", "http://server"),
        ("TATUSCAN_URL", "--url", "ftp://server", "https://"),
        ("TATUSCAN_URL", "--url", "http://server/?a=b", "https://"),
        ("TATUSCAN_URL", "--url", "http://", "https://"),
    ] {
        let mut variables = vec![("TATUSCAN_URL", "http://server")];
        variables.retain(|(set, _)| *set != name);
        let by_flag = call(&format!("agent {flag}={value}"), &environment(&variables, ""));
        variables.push((name, value));
        let by_variable = message(call("agent", &environment(&variables, "")));
        assert_eq!(by_variable, message(by_flag));
        assert!(
            by_variable.starts_with(&format!("{name} ({flag}): \"{value}\" ")),
            "{by_variable}"
        );
        assert!(by_variable.contains(advice), "{by_variable}");
    }
}

#[test]
fn settings_of_tls_that_contradict_each_other_are_refused() {
    let files = [("TATUSCAN_TLS_CERT", "/c.pem"), ("TATUSCAN_TLS_KEY", "/k.pem")];
    for mode in ["self", "off"] {
        let message = message(serve(&[&files[..], &[("TATUSCAN_TLS", mode)]].concat()));
        assert!(message.contains("TATUSCAN_TLS_CERT (--tls-cert): \"/c.pem\""), "{message}");
        assert!(message.contains(&format!("TATUSCAN_TLS (--tls), which says {mode}")), "{message}");
    }
    let pin = format!("sha256:{}", "0".repeat(64));
    let pin = ("TATUSCAN_TLS_PIN", pin.as_str());
    let ca_file = ("TATUSCAN_CA_FILE", "/ca.pem");
    let agent = |url: &str, variables: &[(&str, &str)]| {
        let variables = [variables, &[("TATUSCAN_URL", url)]].concat();
        call("agent", &environment(&variables, ""))
    };
    let both = message(agent("https://server", &[pin, ca_file]));
    assert!(both.contains("TATUSCAN_CA_FILE (--ca-file): \"/ca.pem\" contradicts"), "{both}");
    for variable in [pin, ca_file] {
        let message = message(agent("http://server", &[variable]));
        assert!(message.starts_with(variable.0) && message.contains("https://"), "{message}");
        assert!(agent("https://server", &[variable]).is_ok());
    }
}

#[test]
fn an_agent_without_a_server_says_so_in_the_known_words() {
    let message = message(call("agent -d", &environment(&[], "")));
    assert!(message.starts_with("Environment variable TATUSCAN_URL not defined"), "{message}");
}

#[test]
fn a_password_in_a_refused_address_is_not_shown() {
    let variables = [("TATUSCAN_URL", "ftp://user:hunter2@server")];
    let message = message(call("agent", &environment(&variables, "")));
    assert!(message.contains("ftp://***@server") && !message.contains("hunter2"), "{message}");
}

#[test]
fn a_password_in_a_refused_database_address_is_not_shown() {
    for uri in ["mysql://user:hunter2@h", "mysql://user:hunter2", "jdbc:mysql://user:hunter2@h/d"] {
        let message = message(serve(&[("SQLALCHEMY_DATABASE_URI", uri)]));
        assert!(message.contains("***") && !message.contains("hunter2"), "{message}");
    }
}

#[test]
fn thresholds_that_do_not_grow_are_refused() {
    for variables in [
        [("TATUSCAN_OFFLINE", "8d")].as_slice(),
        [("TATUSCAN_MISSING", "10m")].as_slice(),
        [("TATUSCAN_LATE", "20m")].as_slice(),
    ] {
        let message = message(serve(variables));
        assert!(message.contains("must grow in this order"), "{message}");
    }
}

#[test]
fn an_unknown_server_log_level_is_only_a_warning() {
    let serve = serve(&[("LOG_LEVEL", "verbose")]).unwrap();
    assert_eq!(serve.log.level, tracing::Level::INFO);
    assert_eq!(serve.warnings.len(), 1);
    assert!(serve.warnings[0].starts_with("LOG_LEVEL (--log-level): \"verbose\""));
}

#[test]
fn gunicorns_settings_are_passed_over_with_one_line() {
    let variables = [("GUNICORN_WORKERS", "4"), ("GUNICORN_BIND", "x")];
    let serve = serve(&variables).unwrap();
    assert_eq!(serve.warnings.len(), 1);
    assert!(serve.warnings[0].contains("GUNICORN_BIND, GUNICORN_WORKERS"));
}
