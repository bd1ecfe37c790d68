//! What an error of a database means.

use crate::store::StoreError;
use crate::store::engine::Failure;

/// The transaction lost against another one: serialisation failure and deadlock by SQLSTATE, lock
/// wait and deadlock of MySQL, a table that another server made at the same moment, busy SQLite.
const AGAIN: [&str; 9] = ["40001", "40P01", "1213", "1205", "23505", "42P07", "5", "261", "517"];
/// No space: PostgreSQL, MySQL, MySQL, SQLite.
const FULL: [&str; 4] = ["53100", "1021", "1114", "13"];
/// Who logs in, or to what, is wrong: trying again will not help until somebody mends it.
const REFUSED: [&str; 8] = ["28P01", "28000", "3D000", "1045", "1044", "1049", "1698", "42501"];

/// Whether the connection is still good after this error.
pub(super) fn is_of_statement(error: &sqlx::Error) -> bool {
    let is_shutdown = |code: &str| code.starts_with("57P") || code.starts_with("08");
    error
        .as_database_error()
        .is_some_and(|error| !error.code().is_some_and(|code| is_shutdown(&code) || code == "1053"))
}

/// Whether somebody must mend something before the database can be used.
pub(super) fn is_refusal(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Configuration(_) | sqlx::Error::Tls(_) => true,
        error => code(error).is_some_and(|code| REFUSED.contains(&code.as_str())),
    }
}

/// Whether the statement lost against another server's, and may be tried again.
pub(super) fn is_lost_race(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| AGAIN.contains(&code.as_str()))
}

/// What the engine makes of it.
pub(super) fn failure(error: &sqlx::Error) -> Failure {
    let Some(code) = code(error) else {
        return Failure::Final(StoreError::Unavailable(error.to_string()));
    };
    if is_lost_race(error) {
        return Failure::Again(StoreError::Unavailable(error.to_string()));
    }
    Failure::Final(if FULL.contains(&code.as_str()) {
        StoreError::Full
    } else if is_of_statement(error) && is_broken(&code) {
        StoreError::Backend(error.to_string())
    } else {
        StoreError::Unavailable(error.to_string())
    })
}

pub(super) fn unavailable(error: &sqlx::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

fn code(error: &sqlx::Error) -> Option<String> {
    let error = error.as_database_error()?;
    // sqlx answers MySQL's SQLSTATE here, which is too coarse.
    if let Some(mysql) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return Some(mysql.number().to_string());
    }
    error.code().map(std::borrow::Cow::into_owned)
}

/// Syntax, types, missing columns, broken rules: the table is not what this program expects.
fn is_broken(code: &str) -> bool {
    let by_class =
        ["22", "23", "42"].iter().any(|class| code.len() == 5 && code.starts_with(class));
    let of_mysql = ["1054", "1064", "1146", "1364", "1366", "1406", "1048", "1264"];
    by_class || of_mysql.contains(&code)
}
