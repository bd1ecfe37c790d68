//! Each spelling of a server's address.

use std::time::Duration;

use super::*;
use crate::config::ServerKind::{Mysql, Postgres};

fn directory(path: &str, port: u16) -> Address {
    Address::SocketDirectory { directory: PathBuf::from(path), port }
}

/// `None` is no user or no password.
type Row<'a> = (&'a str, Address, Option<&'a str>, Option<&'a str>, &'a str);

fn holds(rows: &[Row]) {
    for (text, address, user, password, database) in rows {
        let (server, warnings) = server(text);
        assert_eq!(server.address, *address, "{text}");
        assert_eq!(server.user.as_deref(), *user, "{text}");
        assert_eq!(server.password.as_ref().map(|it| it.expose()), *password, "{text}");
        assert_eq!(server.database, *database, "{text}");
        assert!(warnings.is_empty(), "{text}: {warnings:?}");
    }
}

#[test]
fn every_name_of_a_kind_is_known_with_any_driver() {
    for (scheme, kind, port) in [
        ("postgresql", Postgres, 5432),
        ("postgres", Postgres, 5432),
        ("postgresql+psycopg2", Postgres, 5432),
        ("postgresql+psycopg", Postgres, 5432),
        ("postgresql+asyncpg", Postgres, 5432),
        ("postgres+whatever_2", Postgres, 5432),
        ("PostgreSQL", Postgres, 5432),
        ("cockroachdb+psycopg2", Postgres, 26257),
        ("mysql", Mysql, 3306),
        ("mysql+pymysql", Mysql, 3306),
        ("mysql+mysqldb", Mysql, 3306),
        ("mariadb", Mysql, 3306),
        ("mariadb+mariadbconnector", Mysql, 3306),
    ] {
        let (server, warnings) = server(&format!("{scheme}://u:p@db.example.org/inventory"));
        assert_eq!((server.kind, server.address), (kind, tcp("db.example.org", port)), "{scheme}");
        assert!(warnings.is_empty(), "{scheme}: {warnings:?}");
    }
}

#[test]
fn names_and_passwords_are_taken_as_sqlalchemy_takes_them() {
    holds(&[
        ("postgresql://u:p@h:5433/d", tcp("h", 5433), Some("u"), Some("p"), "d"),
        ("postgresql://u:p%40s%3As%2Fw%25@h/d", tcp("h", 5432), Some("u"), Some("p@s:s/w%"), "d"),
        ("postgresql://me%40corp:%C3%A7@h/d", tcp("h", 5432), Some("me@corp"), Some("ç"), "d"),
        ("postgresql://me@corp:p@h/d", tcp("h", 5432), Some("me@corp"), Some("p"), "d"),
        ("postgresql://u:p/s:w?x=#[&@h/d", tcp("h", 5432), Some("u"), Some("p/s:w?x=#[&"), "d"),
        ("postgresql://u:p+w 100%@h/d", tcp("h", 5432), Some("u"), Some("p+w 100%"), "d"),
        ("postgresql://u:%zz%2@h/d", tcp("h", 5432), Some("u"), Some("%zz%2"), "d"),
        ("postgresql://u:ça@h/d", tcp("h", 5432), Some("u"), Some("ça"), "d"),
        ("postgresql://u@h/d", tcp("h", 5432), Some("u"), None, "d"),
        ("postgresql://u:@h/d", tcp("h", 5432), Some("u"), None, "d"),
        ("postgresql://:p@h/d", tcp("h", 5432), None, Some("p"), "d"),
        ("postgresql://h/d", tcp("h", 5432), None, None, "d"),
        ("postgresql://u@h/my%20data", tcp("h", 5432), Some("u"), None, "my data"),
        ("postgresql://u@h", tcp("h", 5432), Some("u"), None, "u"),
        // So it takes a password that nobody meant.
        ("postgresql://h:5432/d?x=a@b/d", tcp("b", 5432), Some("h"), Some("5432/d?x=a"), "d"),
    ]);
}

#[test]
fn hosts_are_names_addresses_and_sockets() {
    let run = || directory("/var/run/postgresql", 5432);
    holds(&[
        ("postgresql://u@[::1]/d", tcp("::1", 5432), Some("u"), None, "d"),
        ("postgresql://u@[2001:db8::7]:5433/d", tcp("2001:db8::7", 5433), Some("u"), None, "d"),
        ("postgresql://u@[fe80::1%25eth0]/d", tcp("fe80::1%eth0", 5432), Some("u"), None, "d"),
        ("postgresql://u@10.0.0.7:/d", tcp("10.0.0.7", 5432), Some("u"), None, "d"),
        ("postgresql://u@/d?host=/run/pg", directory("/run/pg", 5432), Some("u"), None, "d"),
        ("postgresql://u@:5433/d?host=/run/pg", directory("/run/pg", 5433), Some("u"), None, "d"),
        ("postgresql://u@%2Frun%2Fpg/d", directory("/run/pg", 5432), Some("u"), None, "d"),
        (
            "postgresql://u@/d?host=/cloudsql/proj:region:one",
            directory("/cloudsql/proj:region:one", 5432),
            Some("u"),
            None,
            "d",
        ),
        ("postgresql:///d?host=h&port=5433", tcp("h", 5433), None, None, "d"),
        ("postgresql://x:1/d?host=h:5433", tcp("h", 5433), None, None, "d"),
        ("postgresql:///d?host=[::1]&port=5433", tcp("::1", 5433), None, None, "d"),
        ("mysql://u@h:3307/d", tcp("h", 3307), Some("u"), None, "d"),
        ("mysql:///d", tcp("localhost", 3306), None, None, "d"),
        (
            "mysql:///d?unix_socket=/run/m.sock",
            Address::Socket("/run/m.sock".into()),
            None,
            None,
            "d",
        ),
        (
            "mysql://u@h/d?unix_socket=/run/m.sock",
            Address::Socket("/run/m.sock".into()),
            Some("u"),
            None,
            "d",
        ),
    ]);
    #[cfg(unix)]
    holds(&[
        ("postgresql:///d", run(), None, None, "d"),
        ("postgresql://u:p@/d", run(), Some("u"), Some("p"), "d"),
    ]);
}

#[test]
fn options_stand_in_for_what_the_address_leaves_out_and_win_over_it() {
    holds(&[
        (
            "postgresql://h/?user=me@azure&password=p%26w&dbname=d",
            tcp("h", 5432),
            Some("me@azure"),
            Some("p&w"),
            "d",
        ),
        (
            "postgresql://u:p@h/d?user=v&password=q&dbname=e",
            tcp("h", 5432),
            Some("v"),
            Some("q"),
            "e",
        ),
        ("mysql://h/?user=u&passwd=p&db=d", tcp("h", 3306), Some("u"), Some("p"), "d"),
    ]);
}

#[test]
fn the_other_options_become_fields() {
    let (it, warnings) = server(
        "postgresql://u@h/d?connect_timeout=10&application_name=tatu+scan&client_encoding=utf-8\
         &options=-csearch_path%3Dtatu",
    );
    assert_eq!(it.connect_timeout, Some(Duration::from_secs(10)));
    assert_eq!(it.application_name.as_deref(), Some("tatu scan"));
    assert_eq!(it.parameters, [("search_path".to_owned(), "tatu".to_owned())]);
    assert!(warnings.is_empty(), "{warnings:?}");
    let (it, _) = server("mysql://u@h/d?connect_timeout=0&charset=utf8mb4");
    assert_eq!((it.connect_timeout, it.application_name), (None, None));
    assert!(it.parameters.is_empty());
}

#[test]
fn what_has_no_effect_is_a_warning() {
    for (text, expected) in [
        ("postgresql://u@h/d?gssencmode=disable", "option \"gssencmode\" is not known"),
        ("postgresql://u@h/d?unix_socket=/x", "option \"unix_socket\" is not known"),
        ("mysql://u@h/d?options=x", "options"),
        ("mysql://u@h/d?charset=latin1&use_unicode=1", "character set has no effect"),
        ("postgresql://u@h1,h2/d", "only the first of the hosts"),
        ("postgresql://u@/d?host=h1:1,h2:2", "only the first of the hosts"),
        ("postgresql://u@/d?host=h1:1&host=h2:2", "only the first of the hosts"),
    ] {
        let (it, warnings) = server(text);
        assert_eq!(warnings.len(), 1, "{text}: {warnings:?}");
        assert!(warnings[0].starts_with(&format!("{SETTING}: ")), "{warnings:?}");
        assert!(warnings[0].contains(expected), "{text}: {warnings:?}");
        assert!(!format!("{:?}", it.address).contains("h2"), "{text}");
    }
    assert_eq!(server("postgresql://u@/d?host=h1:1,h2:2").0.address, tcp("h1", 1));
    assert_eq!(server("postgresql://u@/d?host=h1,h2&port=1,2").0.address, tcp("h1", 1));
}

#[test]
fn what_cannot_be_meant_is_refused_with_what_to_write() {
    for (text, problem) in [
        ("tatuscan", "is not the address of a database"),
        ("db.example.org:5432", "is not the address of a database"),
        ("://u:p@h/d", "is not the address of a database"),
        ("jdbc:postgresql://h/d", "is not the address of a database"),
        ("postgresql+psycopg-2://h/d", "is not the address of a database"),
        ("postgresql://u@[::1]x/d", "is not the address of a database"),
        ("postgresql:/u@h/d", "is not the address of a database"),
        ("postgresql://u@h/d?sslmode=disable\nx", "is not the address of a database"),
        ("\"postgresql://u:p@h/d\"", "begins with a quotation mark"),
        ("mssql+pyodbc://sa:p@h/d", "kind of database that is not known"),
        ("+://u:p@h/d", "kind of database that is not known"),
        ("redb:////srv/x.redb", "kind of database that is not known"),
        ("postgresql://u:a@b@h/d", "leaves in doubt"),
        ("postgresql://u:a@b/c@h/d", "leaves in doubt"),
        ("postgresql://u:a@b?c=d@h/d", "leaves in doubt"),
        ("postgresql://u/n:p@h/d", "leaves in doubt"),
        ("postgresql://h?user=u@v&password=p", "leaves in doubt"),
        ("postgresql://h/d&password=p", "leaves in doubt"),
        ("postgresql://h", "which database"),
        ("mysql://u:p@h", "which database"),
        ("mysql://u:p@h/", "which database"),
        ("postgresql://u:p@h:port/d", "other than a port"),
        ("postgresql://u:p@h:65536/d", "other than a port"),
        ("postgresql://u:p@h:0/d", "other than a port"),
        ("postgresql://u:p@h:-1/d", "other than a port"),
        ("postgresql://u:password", "other than a port"),
        ("postgresql:///d?host=h&port=x", "other than a port"),
        ("postgresql://u:p@my host/d", "has a host that is neither"),
        ("postgresql://u:p@h%40x/d", "has a host that is neither"),
        ("postgresql://u:p@[]/d", "has a host that is neither"),
        ("postgresql://u:%FF@h/d", "has a password that is not UTF-8"),
        ("postgresql://%00:p@h/d", "has a user name with a NUL"),
        ("postgresql://u:p@h/d%00options", "has a database name with a NUL"),
        ("postgresql://u:p@h/d?application_name=%00", "has an option with a NUL"),
        ("postgresql://u:p@h/d?connect_timeout=soon", "connect_timeout=10"),
        ("postgresql://u:p@h/d?connect_timeout=-1", "connect_timeout=10"),
        ("postgresql://u:p@h/d?options=fast", "options=-csearch_path"),
    ] {
        let message = refusal(text);
        assert!(message.starts_with(&format!("{SETTING}: \"")), "{message}");
        assert!(message.contains(problem), "{text}: {message}");
        assert!(message.contains("Write "), "{text}: {message}");
    }
}

#[test]
fn a_refused_form_comes_with_every_form_there_is() {
    let message = refusal("oracle://h/d");
    for form in ["postgresql://user:password@host:5432/name", "mysql://user:", "sqlite:////path/to"]
    {
        assert!(message.contains(form), "{message}");
    }
}
