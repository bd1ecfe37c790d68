//! The address of a database: as it stands, and with a password at a password's place, which nothing
//! may show.

use std::path::PathBuf;

use tatuscan::config::{Database, Location};

use crate::sample::assert_harmless;

/// What an error calls it.
const SETTING: &str = "SQLALCHEMY_DATABASE_URI";
/// Begins every piece of the password.
const SECRET: &str = "hunter";

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let said = shown(text);
    assert!(!said.contains('\0'));
    let base_dirs = [PathBuf::from("/nonexistent")];
    if let Ok((database, _)) = Database::parse(text, SETTING, &base_dirs) {
        // Shown, it is an address of the same database, but for the password and its options.
        let plain = database.to_string();
        assert_harmless(&plain, false);
        if let (Database::Server(server), Ok((again, _))) =
            (&database, Database::parse(&plain, SETTING, &base_dirs))
        {
            assert_eq!(again.to_string(), plain, "{text:?}");
            let Database::Server(again) = again else { panic!("{plain:?} names a file") };
            assert_eq!(again.address, server.address, "{plain:?}");
        } else if matches!(database, Database::Server(_)) {
            panic!("{plain:?} is shown for {text:?}, and is no address");
        }
    }

    // Lines: the kind, the user, what stands inside the password, and the rest.
    let parts: Vec<&str> = text.splitn(4, '\n').collect();
    let [kind, user, inside, rest] = parts[..] else { return };
    let is_word = |c: char| c.is_ascii_alphanumeric() || "+_-\"".contains(c);
    let is_user = |c: char| c.is_ascii_alphanumeric() || "@._-".contains(c);
    if kind.contains(|c| !is_word(c)) || user.contains(|c| !is_user(c)) || text.contains(SECRET) {
        return;
    }
    let inside: Vec<&str> = inside.split_inclusive(|c: char| !c.is_alphanumeric()).collect();
    let inside = inside.join(SECRET);
    let said = shown(&format!("{kind}://{user}:{SECRET}{inside}{SECRET}@{rest}"));
    assert!(!said.contains(SECRET), "{kind}://{user}:{SECRET}{inside}{SECRET}@{rest}\n{said}");
}

/// Everything that can be shown of a text that was read.
fn shown(text: &str) -> String {
    let base_dirs = [PathBuf::from("/nonexistent")];
    let location = Location::parse(text, SETTING, &base_dirs);
    if let Err(error) = &location {
        assert!(error.to_string().starts_with(SETTING), "{error}");
        assert_harmless(&error.to_string(), false);
    }
    match Database::parse(text, SETTING, &base_dirs) {
        Ok((database, warnings)) => {
            if let Database::Server(server) = &database {
                assert!(!server.database.is_empty());
            }
            format!("{database} {database:?} {warnings:?} {location:?}")
        }
        Err(error) => format!("{error} {error:?} {location:?}"),
    }
}
