//! The server's settings: defaults, names of old files, sources.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tatuscan::config::{
    Address, Command, Database, Format, Serve, ServerKind, ServerTls, prepare_data_dir,
};

use super::{call, environment, serve};

#[test]
fn nothing_set_is_a_server_for_every_network() {
    let serve = serve(&[]).unwrap();
    assert_eq!(serve.bind, None);
    let everywhere: Vec<_> = serve.addresses().iter().map(ToString::to_string).collect();
    assert_eq!(everywhere, ["[::]:8040", "0.0.0.0:8040"]);
    assert_eq!(serve.port, 8040);
    let expected = if Path::new("/data").is_dir() { "/data" } else { "./data" };
    assert_eq!(serve.store.data_dir, PathBuf::from(expected));
    assert_eq!(serve.store.db_file, "tatuscan.redb");
    assert_eq!(serve.store.path(), serve.store.data_dir.join("tatuscan.redb"));
    assert_eq!(serve.store.legacy_sqlite, serve.store.data_dir.join("tatuscan.db"));
    assert!(serve.store.database.is_none());
    assert_eq!(serve.zone, chrono_tz::America::Cuiaba);
    assert_eq!(serve.status.late, None);
    assert_eq!(serve.status.offline, Duration::from_secs(900));
    assert_eq!(serve.status.missing, Duration::from_secs(604_800));
    assert_eq!(serve.max_connections, 4096);
    assert!(!serve.local_agent);
    assert!(serve.local_privacy.users && serve.local_privacy.software);
    assert_eq!(serve.tls, ServerTls::Off);
    assert_eq!(serve.log.level, tracing::Level::INFO);
    assert_eq!(serve.log.format, Format::Text);
    assert!(serve.warnings.is_empty());
}

#[test]
fn the_servers_own_agent_keeps_to_itself_what_agents_do() {
    let serve = |users, software| {
        let set = [("TATUSCAN_NO_USERS", users), ("TATUSCAN_NO_SOFTWARE", software)];
        serve(&set).map(|serve| (serve.local_privacy.users, serve.local_privacy.software))
    };
    assert_eq!(serve("yes", "").unwrap(), (false, true));
    assert_eq!(serve("no", "on").unwrap(), (true, false));
    let refused = format!("{:?}", serve("no", "perhaps").unwrap_err());
    assert!(refused.contains("TATUSCAN_NO_SOFTWARE"), "{refused}");
}

#[test]
fn a_blank_value_is_unset_and_white_space_around_one_is_cut_off() {
    let serve = serve(&[
        ("TATUSCAN_PORT", "  \r"),
        ("TATUSCAN_BIND", " ::1\r\n"),
        ("TIMEZONE", ""),
        ("TATUSCAN_LOCAL_AGENT", " Yes "),
        ("TATUSCAN_LOG_FORMAT", "JSON\r"),
    ])
    .unwrap();
    assert_eq!(serve.port, 8040);
    assert_eq!(serve.bind, Some(IpAddr::V6(Ipv6Addr::LOCALHOST)));
    assert_eq!(serve.zone, chrono_tz::America::Cuiaba);
    assert!(serve.local_agent);
    assert_eq!(serve.log.format, Format::Json);
}

#[test]
fn https_is_asked_for_by_a_word_or_by_two_files() {
    let tls = |variables: &[(&str, &str)]| serve(variables).unwrap().tls;
    assert_eq!(tls(&[("TATUSCAN_TLS", "Self")]), ServerTls::Own);
    assert_eq!(tls(&[("TATUSCAN_TLS", "off")]), ServerTls::Off);
    let (certificate, key) = (PathBuf::from("/c.pem"), PathBuf::from("/k.pem"));
    let files = [("TATUSCAN_TLS_CERT", "/c.pem"), ("TATUSCAN_TLS_KEY", "/k.pem")];
    assert_eq!(tls(&files), ServerTls::Files { certificate, key });
}

#[test]
fn addresses_are_taken_as_people_write_them() {
    for (text, expected) in [
        ("0.0.0.0", IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        ("::", IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
        ("[::]", IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
        ("LocalHost", IpAddr::V4(Ipv4Addr::LOCALHOST)),
    ] {
        assert_eq!(serve(&[("TATUSCAN_BIND", text)]).unwrap().bind, Some(expected));
    }
}

#[test]
fn a_flag_wins_over_the_environment_and_the_environment_over_the_file() {
    let port = |words: &str, variables: &[(&str, &str)], file: &str| -> u16 {
        match call(words, &environment(variables, file)).unwrap() {
            Command::Serve(serve) => serve.port,
            other => panic!("this is {other:?}"),
        }
    };
    let variable = [("TATUSCAN_PORT", "2")].as_slice();
    let file = "TATUSCAN_PORT=3 # comment\r\n";
    assert_eq!(port("serve --port 1", variable, file), 1);
    assert_eq!(port("serve", variable, file), 2);
    assert_eq!(port("serve", &[], file), 3);
    assert_eq!(port("serve", &[("TATUSCAN_PORT", " ")], file), 3);
    assert_eq!(port("serve", &[("PORT", "4")], ""), 4);
    assert_eq!(port("serve", &[("PORT", "4")], file), 3);
    assert_eq!(port("serve --port=0", &[], ""), 0);
}

#[test]
fn other_names_of_a_variable_are_read() {
    let tokyo = serve(&[("TATUSCAN_TIMEZONE", "Asia/Tokyo")]).unwrap();
    assert_eq!(tokyo.zone, chrono_tz::Asia::Tokyo);
    let both = serve(&[("TATUSCAN_TIMEZONE", "Asia/Tokyo"), ("TIMEZONE", "Etc/UTC")]).unwrap();
    assert_eq!(both.zone, chrono_tz::Etc::UTC);
}

#[test]
fn an_sqlite_name_becomes_a_redb_file_beside_it() {
    let files = |name: &str| {
        let serve = serve(&[("TATUSCAN_DB_DIR", "/srv/t"), ("TATUSCAN_DB_FILE", name)]).unwrap();
        let legacy = serve.store.legacy_sqlite.to_str().unwrap().to_owned();
        (serve.store.path().to_str().unwrap().to_owned(), legacy)
    };
    for (name, store, legacy) in [
        ("tatuscan.db", "/srv/t/tatuscan.redb", "/srv/t/tatuscan.db"),
        ("Old.SQLITE3", "/srv/t/Old.redb", "/srv/t/Old.SQLITE3"),
        ("x.sqlite", "/srv/t/x.redb", "/srv/t/x.sqlite"),
        ("x.redb", "/srv/t/x.redb", "/srv/t/x.db"),
        ("inventory", "/srv/t/inventory", "/srv/t/inventory.db"),
        ("/other/tatuscan.db", "/other/tatuscan.redb", "/other/tatuscan.db"),
    ] {
        assert_eq!(files(name), (store.to_owned(), legacy.to_owned()), "{name}");
    }
}

#[test]
fn a_file_that_is_sqlite_is_adopted_whatever_its_name() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("inventory"), b"SQLite format 3\0 and more").unwrap();
    let path = directory.path().to_str().unwrap();
    let serve = serve(&[("TATUSCAN_DB_DIR", path), ("TATUSCAN_DB_FILE", "inventory")]).unwrap();
    assert_eq!(serve.store.db_file, "inventory.redb");
    assert_eq!(serve.store.legacy_sqlite, directory.path().join("inventory"));
}

#[test]
fn systemd_says_where_the_data_goes_unless_somebody_else_does() {
    let data_dir = |variables: &[(&str, &str)]| -> Serve { serve(variables).unwrap() };
    let systemd = data_dir(&[("STATE_DIRECTORY", "/var/lib/tatuscan:/var/lib/other")]);
    assert_eq!(systemd.store.data_dir, PathBuf::from("/var/lib/tatuscan"));
    let named = data_dir(&[("STATE_DIRECTORY", "/var/lib/tatuscan"), ("TATUSCAN_DB_DIR", "/x")]);
    assert_eq!(named.store.data_dir, PathBuf::from("/x"));
}

#[test]
fn a_database_is_read_field_by_field_and_shown_without_its_password() {
    let uri = " postgresql+psycopg2://tatu:hunter%322@db/inventory?unknown=hunter2\r\n";
    let serve = serve(&[("SQLALCHEMY_DATABASE_URI", uri), ("SECRET_KEY", "hunter2")]).unwrap();
    let Some(Database::Server(server)) = &serve.store.database else {
        panic!("{:?}", serve.store.database)
    };
    assert_eq!(server.kind, ServerKind::Postgres);
    assert_eq!(server.address, Address::Tcp { host: "db".to_owned(), port: 5432 });
    assert_eq!(server.password.as_ref().unwrap().expose(), "hunter22");
    assert_eq!(server.to_string(), "postgresql://tatu:***@db:5432/inventory");
    assert_eq!(serve.warnings.len(), 1);
    assert!(serve.warnings[0].contains("\"unknown\""), "{:?}", serve.warnings);
    assert!(!format!("{serve:?}").contains("hunter2"));
}

#[test]
fn an_sqlite_file_of_the_original_is_found_in_the_data_directory_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a-name-of-this-test-only.db");
    std::fs::write(&path, b"SQLite format 3\0 and more").unwrap();
    let uri = "sqlite:///a-name-of-this-test-only.db";
    let data_dir = directory.path().to_str().unwrap();
    let serve = serve(&[("SQLALCHEMY_DATABASE_URI", uri), ("TATUSCAN_DB_DIR", data_dir)]).unwrap();
    assert_eq!(serve.store.database, Some(Database::Sqlite { path }));
}

#[cfg(unix)]
#[test]
fn a_new_data_directory_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new/data");
    prepare_data_dir(&path).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    prepare_data_dir(&path).unwrap();
    assert_eq!(path.read_dir().unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_data_directory_that_cannot_be_used_is_named_with_owner_and_mode() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    for (path, problem) in [
        (file.clone(), "is not a directory"),
        (file.join("below"), "cannot be created"),
        (PathBuf::from("/proc/self"), "cannot be written"),
    ] {
        let message = prepare_data_dir(&path).unwrap_err().to_string();
        for part in [path.to_str().unwrap(), problem, "uid ", "mode 0", "TATUSCAN_DB_DIR"] {
            assert!(message.contains(part), "{part} is not in: {message}");
        }
    }
}
