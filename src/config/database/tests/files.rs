//! Files of SQLite and of the embedded store.

use std::fs;
use std::path::Path;

use super::*;

/// A working directory, Flask's `instance` below it and a data directory.
struct Places {
    root: tempfile::TempDir,
}

impl Places {
    fn new() -> Self {
        let places = Self { root: tempfile::tempdir().unwrap() };
        for directory in ["here/instance", "here/a b", "data"] {
            fs::create_dir_all(places.path(directory)).unwrap();
        }
        places
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn base_dirs(&self) -> [PathBuf; 3] {
        ["here", "here/instance", "data"].map(|name| self.path(name))
    }

    fn parse(&self, text: &str) -> Result<(Database, Vec<String>), ConfigError> {
        Database::parse(text, SETTING, &self.base_dirs())
    }

    /// The path that a text is read as, and that there is no warning.
    fn chosen(&self, text: &str) -> PathBuf {
        match self.parse(text) {
            Ok((Database::Sqlite { path }, warnings)) => {
                assert!(warnings.is_empty(), "{text}: {warnings:?}");
                path
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    fn refusal(&self, text: &str) -> String {
        self.parse(text).unwrap_err().to_string()
    }
}

#[test]
fn a_path_is_absolute_after_four_slashes_and_relative_after_three() {
    let places = Places::new();
    let data = places.path("data");
    let data = data.to_str().unwrap();
    for (text, expected) in [
        (format!("sqlite:///{data}/t.db"), "data/t.db"),
        (format!("sqlite+pysqlite:///{data}/t.db"), "data/t.db"),
        (format!("SQLite+aiosqlite:///{data}/t.db"), "data/t.db"),
        (format!("sqlite:///{data}/a@b:c.db"), "data/a@b:c.db"),
        (format!("sqlite:///file:{data}/t.db?uri=true"), "data/t.db"),
        (format!("sqlite:///file://{data}/t.db?uri=true&mode=rwc"), "data/t.db"),
        ("sqlite:///t.db".to_owned(), "here/t.db"),
        ("sqlite:///./t.db".to_owned(), "here/t.db"),
        ("sqlite:///a b/t.db".to_owned(), "here/a b/t.db"),
        ("sqlite:///a%20b/t.db".to_owned(), "here/a b/t.db"),
        ("sqlite:///file:t.db?uri=true".to_owned(), "here/t.db"),
        ("sqlite:///t.db?check_same_thread=False&timeout=30".to_owned(), "here/t.db"),
    ] {
        assert_eq!(places.chosen(&text), places.path(expected), "{text}");
    }
}

#[test]
fn a_relative_file_is_found_where_the_original_left_it() {
    for left in ["here/t.db", "here/instance/t.db", "data/t.db"] {
        let places = Places::new();
        fs::write(places.path(left), "SQLite format 3\0").unwrap();
        assert_eq!(places.chosen("sqlite:///t.db"), places.path(left));
    }
}

#[test]
fn an_empty_file_does_not_hide_a_full_one() {
    let places = Places::new();
    fs::write(places.path("here/t.db"), "").unwrap();
    assert_eq!(places.chosen("sqlite:///t.db"), places.path("here/t.db"));
    fs::write(places.path("data/t.db"), "SQLite format 3\0").unwrap();
    assert_eq!(places.chosen("sqlite:///t.db"), places.path("data/t.db"));
}

#[test]
fn of_several_files_the_first_is_used_and_the_others_are_named() {
    let places = Places::new();
    for left in ["here/t.db", "data/t.db"] {
        fs::write(places.path(left), "SQLite format 3\0").unwrap();
    }
    let (database, warnings) = places.parse("sqlite:///t.db").unwrap();
    assert_eq!(database, Database::Sqlite { path: places.path("here/t.db") });
    assert_eq!(warnings.len(), 1);
    let named = warnings[0].split(" is used, and not ").nth(1).unwrap();
    assert_eq!(Path::new(named), places.path("data/t.db"));
}

#[test]
fn a_path_is_taken_as_it_is_written_where_such_a_file_is() {
    let places = Places::new();
    fs::write(places.path("here/a%20b.db"), "SQLite format 3\0").unwrap();
    assert_eq!(places.chosen("sqlite:///a%20b.db"), places.path("here/a%20b.db"));
}

#[test]
fn a_new_file_belongs_where_its_directory_is() {
    let places = Places::new();
    fs::create_dir(places.path("data/sub")).unwrap();
    assert_eq!(places.chosen("sqlite:///sub/t.db"), places.path("data/sub/t.db"));
    assert!(!places.path("data/sub/t.db").exists());
}

#[test]
fn a_file_that_can_be_nowhere_is_refused_with_every_place() {
    let places = Places::new();
    let message = places.refusal("sqlite:///missing/t.db");
    for place in ["here/missing/t.db", "here/instance/missing/t.db", "data/missing/t.db"] {
        assert!(message.contains(places.path(place).to_str().unwrap()), "{message}");
    }
    let message = places.refusal("sqlite:////nonexistent/x/t.db");
    assert_eq!(message.matches("/nonexistent/x/t.db").count(), 2, "{message}");
}

#[cfg(unix)]
#[test]
fn a_place_that_cannot_be_used_is_said_and_no_other_one_taken() {
    let places = Places::new();
    let link = places.path("here/link.db");
    std::os::unix::fs::symlink("/nonexistent/t.db", link).unwrap();
    fs::create_dir(places.path("here/dir.db")).unwrap();
    for (text, problem) in [
        ("sqlite:///link.db", "is a link to nothing"),
        ("sqlite:///dir.db", "is a directory"),
        ("sqlite:///a%20b/", "is not the path of a file"),
        ("sqlite:///..", "is not the path of a file"),
        ("sqlite:////proc/self/t.db", "cannot be made in /proc/self"),
    ] {
        assert!(places.refusal(text).contains(problem), "{}", places.refusal(text));
    }
}

#[test]
fn what_is_no_file_is_refused_with_the_number_of_slashes() {
    let places = Places::new();
    for (text, problem) in [
        ("sqlite://", "kept in memory"),
        ("sqlite:///", "kept in memory"),
        ("sqlite:///:memory:", "kept in memory"),
        ("sqlite+aiosqlite:///:memory:", "kept in memory"),
        ("sqlite:///file::memory:?uri=true&cache=shared", "kept in memory"),
        ("sqlite:///file:x?uri=true&mode=memory", "kept in memory"),
        ("sqlite://t.db", "has a host or user name"),
        ("sqlite://./t.db", "has a host or user name"),
        ("sqlite+pysqlcipher://:hunter2@/t.db", "has a host or user name"),
        ("sqlite:///t%FF.db", "not UTF-8"),
        ("sqlite:///t%00.db", "NUL"),
    ] {
        let message = places.refusal(text);
        assert!(message.contains(problem), "{text}: {message}");
        assert!(message.contains("sqlite:////path/to/file.db"), "{text}: {message}");
    }
    let message = places.refusal("sqlite:///file:t.db?uri=true&mode=ro");
    assert!(message.contains("for reading only"), "{message}");
}

#[test]
fn a_path_of_windows_is_one_there_only() {
    let places = Places::new();
    for text in [r"sqlite:///C:\nonexistent\t.db", "sqlite:///C:/nonexistent/t.db"] {
        let message = places.refusal(text);
        let expected = if cfg!(windows) { "nor has one its directory" } else { "of Windows" };
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn an_unknown_option_of_a_file_is_a_warning() {
    let places = Places::new();
    let (_, warnings) = places.parse("sqlite:///t.db?cache=shared").unwrap();
    assert!(warnings[0].contains("option \"cache\" is not known"), "{warnings:?}");
}

#[test]
fn an_inventory_is_in_the_embedded_store_or_in_a_database() {
    let places = Places::new();
    let data = places.path("data");
    let data = data.to_str().unwrap();
    let parse = |text: &str| Location::parse(text, "--from", &places.base_dirs());
    for text in [format!("redb:///{data}/t.redb"), format!("{data}/t.redb")] {
        let embedded = Location::Embedded(places.path("data/t.redb"));
        assert_eq!(parse(&text), Ok((embedded, Vec::new())), "{text}");
    }
    let (relative, _) = parse("redb:///t.any").unwrap();
    assert_eq!(relative, Location::Embedded(places.path("here/t.any")));
    assert_eq!(
        relative.to_string(),
        format!("redb:///{}/here/t.any", places.root.path().display())
    );
    let (sql, _) = parse("mysql://u:hunter2@h/d").unwrap();
    assert_eq!(sql.to_string(), "mysql://u:***@h:3306/d");
    for text in ["", "t.db", "redb://t.redb", "redb:///", "redb:///t.redb?x=y"] {
        let message = parse(text).unwrap_err().to_string();
        assert!(message.starts_with("--from: \""), "{message}");
        assert!(message.contains("redb:////path/to/file.redb"), "{text}: {message}");
    }
}
