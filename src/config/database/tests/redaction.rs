//! No password is shown, whatever is done with a URI.

use proptest::prelude::*;

use super::*;

/// Everything that can be shown of a text that was read.
fn shown(text: &str) -> String {
    let base_dirs = [PathBuf::from("/nonexistent")];
    let location = Location::parse(text, SETTING, &base_dirs);
    match Database::parse(text, SETTING, &base_dirs) {
        Ok((database, warnings)) => {
            let fields = match &database {
                Database::Server(server) => {
                    let password = server.password.as_ref();
                    let password = password.map(|it| format!("{it} {it:?}"));
                    format!("{server} {server:?} {server:#?} {password:?}")
                }
                Database::Sqlite { path } => path.display().to_string(),
            };
            format!("{database} {database:?} {fields} {warnings:?} {location:?}")
        }
        Err(error) => format!("{error} {error:?} {location:?}"),
    }
}

#[test]
fn a_database_is_shown_as_one_would_write_it() {
    for (text, expected) in [
        ("postgres://u:hunter2@h/d", "postgresql://u:***@h:5432/d"),
        ("postgresql+asyncpg://u@[::1]:5433/d", "postgresql://u@[::1]:5433/d"),
        ("postgresql://:hunter2@h/d", "postgresql://:***@h:5432/d"),
        ("mysql+pymysql://h/d", "mysql://h:3306/d"),
        ("mysql://a%40b:hunter2@h/a%2Fb", "mysql://a%40b:***@h:3306/a%2Fb"),
        ("mysql://u@/d?unix_socket=/run/m.sock", "mysql://u@/d?unix_socket=/run/m.sock"),
        ("postgresql://u@/d?host=/run/pg", "postgresql://u@:5432/d?host=/run/pg"),
        ("postgresql://u%0A@h/d%1B", "postgresql://u%0A@h:5432/d%1B"),
        ("postgresql://u@a%3Db%2Fc/d", "postgresql://u@a%3Db%2Fc:5432/d"),
        ("mysql://u@[fe80::1%25e0]/d", "mysql://u@[fe80::1%25e0]:3306/d"),
    ] {
        let (database, _) = parse(text).unwrap();
        assert_eq!(database.to_string(), expected);
        // It is a URI again, of the same database.
        let again = parse(&database.to_string()).unwrap().0;
        assert_eq!(again.to_string(), expected);
    }
}

#[test]
fn nothing_that_is_shown_of_a_database_holds_its_password() {
    for text in [
        "postgresql://u:hunter2@h/d",
        "postgresql://u:hunter2@h/d?unknown=hunter2&password=hunter2",
        "postgresql://u:hunter2@h/d?sslmode=x&sslpassword=hunter2",
        "mysql://u@h/d?passwd=hunter2",
        "mysql://u:hunter2@h",
        "mysql://u:hunter2",
        "mysql://u:hunter2/d",
        "mysql://h?user=me@azure&password=hunter2",
        "mysql://h/d&password=hunter2",
        "mysql://u@h/d&password=hunter2",
        "mysql://h/d;password=hunter2",
        "mysql://h/d?ssl=true;password=hunter2",
        "mssql://u:hunter2@h/d?x=hunter2",
        "jdbc:postgresql://h/d?user=u&password=hunter2",
        "host=h user=u password=hunter2",
        "Server=h;Uid=u;Pwd=hunter2",
        "'postgresql://u:hunter2@h/d'",
        "postgresql:u:hunter2@h/d",
        "u:hunter2@h/d",
        "sqlite://:hunter2@/t.db",
        "sqlite:////nonexistent/t.db?key=hunter2",
        "redb://u:hunter2@h/t.redb",
        "redb:///t.redb?key=hunter2",
    ] {
        assert!(!shown(text).contains("hunter2"), "{text}: {}", shown(text));
    }
}

proptest! {
    /// A password of several pieces with all that is odd between them, at the place of a password.
    #[test]
    fn no_piece_of_any_password_is_shown(
        name in "(postgresql|mysql\\+pymysql|cockroachdb|sqlite|redb|mssql|post-gres|\"mysql)",
        user in "(u|me@corp|)",
        between in prop::collection::vec("[@:/?#&=%+\\[\\] \\\\;,'\"\n\t.a]{1,3}", 1..4),
        host in "(h|h:5432|\\[::1\\]:1|h:x|)",
        rest in "(/d|/|/d\\?sslmode=x|/d\\?a=b|\\?host=/x|)",
    ) {
        let mut password = String::new();
        for (number, odd) in between.iter().enumerate() {
            password.push_str(&format!("hunter{number}{odd}"));
        }
        password.push_str("hunter9");
        let shown = shown(&format!("{name}://{user}:{password}@{host}{rest}"));
        prop_assert!(!shown.contains("hunter"), "{}: {}", password, shown);
    }

    /// A password that is encoded as it should be arrives whole and is shown nowhere.
    #[test]
    fn an_encoded_password_arrives(password in "\\PC*hunter2\\PC*") {
        let encoded = percent_encoding::utf8_percent_encode(
            &password,
            percent_encoding::NON_ALPHANUMERIC,
        );
        let text = format!("postgresql://u:{encoded}@h/d?unknown=x");
        let (server, _) = server(&text);
        prop_assert_eq!(server.password.map(|it| it.expose().to_owned()), Some(password));
        prop_assert!(!shown(&text).contains("hunter2"));
    }

    /// Any text at all is read or refused, and nothing panics.
    #[test]
    fn any_text_is_read_or_refused(text in "((postgresql|mysql|sqlite|redb)(\\+x)?:/{0,4})?\\PC*") {
        shown(&text);
    }
}
