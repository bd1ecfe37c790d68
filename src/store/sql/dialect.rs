//! Where the databases differ: placeholders, upserts, types, times, locks.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike as _, NaiveDateTime, Timelike as _, Utc};
use chrono_tz::Tz;
use sqlx::AssertSqlSafe;
use sqlx::{SqlSafeStr as _, SqlStr};

use super::address::Address;
use super::value::Value;
use crate::model::wall_time;
use crate::store::precision::Precision;

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
    Mysql,
}

impl From<&Address> for Dialect {
    fn from(address: &Address) -> Self {
        match address {
            Address::Sqlite(_) => Self::Sqlite,
            Address::Postgres(_) => Self::Postgres,
            Address::Mysql(_) => Self::Mysql,
        }
    }
}

impl Dialect {
    /// A statement whose placeholders are written `?`. The text is made of constants of this
    /// program only; what comes from outside travels in values.
    pub(super) fn sql(self, text: &str) -> SqlStr {
        if self != Self::Postgres {
            return AssertSqlSafe(text).into_sql_str();
        }
        let mut numbered = String::with_capacity(text.len() + 64);
        for (number, piece) in text.split('?').enumerate() {
            if number > 0 {
                let written = write!(numbered, "${number}");
                debug_assert!(written.is_ok(), "writing to a String cannot fail");
            }
            numbered.push_str(piece);
        }
        AssertSqlSafe(numbered).into_sql_str()
    }

    /// Inserts `rows` rows; where `key` is there already, the columns in `update` get the new
    /// values instead.
    pub(super) fn upsert(
        self,
        table: &str,
        columns: &[&str],
        key: &str,
        update: &[&str],
        rows: usize,
    ) -> SqlStr {
        let row = format!("({})", vec!["?"; columns.len()].join(", "));
        let rows = vec![row.as_str(); rows].join(", ");
        let set = |value: fn(&str) -> String| {
            let set: Vec<_> =
                update.iter().map(|column| format!("{column} = {}", value(column))).collect();
            set.join(", ")
        };
        let conflict = match self {
            Self::Mysql => {
                format!("ON DUPLICATE KEY UPDATE {}", set(|column| format!("VALUES({column})")))
            }
            _ => format!(
                "ON CONFLICT ({key}) DO UPDATE SET {}",
                set(|column| format!("excluded.{column}"))
            ),
        };
        let columns = columns.join(", ");
        // What fails fails the transaction anyway: SQLite need not keep a copy of each page to undo
        // the statement alone.
        let insert = if self == Self::Sqlite { "INSERT OR ROLLBACK" } else { "INSERT" };
        self.sql(&format!("{insert} INTO {table} ({columns}) VALUES {rows} {conflict}"))
    }

    /// Begins a transaction that sees one moment.
    pub(super) fn begin_snapshot(self) -> SqlStr {
        SqlStr::from_static(match self {
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self::Mysql => "START TRANSACTION WITH CONSISTENT SNAPSHOT",
        })
    }

    /// How exactly this database keeps the columns of the original's table.
    pub(super) fn precision(self, zone: Tz) -> Precision {
        match self {
            Self::Postgres => Precision::default(),
            Self::Sqlite => Precision { wall: Some(zone), ..Precision::default() },
            Self::Mysql => Precision { wall: Some(zone), whole_seconds: true, single_load: true },
        }
    }

    /// A time as the original's table keeps it.
    pub(super) fn time(self, at: Option<DateTime<Utc>>, zone: Tz) -> Value {
        let local = at.map(|at| at.with_timezone(&zone).naive_local());
        match self {
            Self::Postgres => Value::Instant(at),
            Self::Mysql => Value::Local(local),
            Self::Sqlite => Value::Text(local.map(sqlalchemy_text)),
        }
    }

    /// The opposite of [`Dialect::time`], for whatever the column turns out to hold; `None` for
    /// null and for what is no time.
    pub(super) fn into_time(value: Value, zone: Tz) -> Option<DateTime<Utc>> {
        match value {
            Value::Instant(at) => at,
            Value::Local(local) => local.map(|local| wall_time(local, zone)),
            Value::Text(text) => text.and_then(|text| parse_time(text.trim(), zone)),
            Value::Integer(_) | Value::Real(_) | Value::Bytes(_) => None,
        }
    }
}

/// `YYYY-MM-DD HH:MM:SS.ffffff`, as SQLAlchemy writes times to SQLite.
fn sqlalchemy_text(at: NaiveDateTime) -> String {
    let mut text = String::with_capacity(26);
    let (day, time) = (at.date(), at.time());
    let micros = time.nanosecond() / 1_000;
    let written = write!(
        text,
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{micros:06}",
        day.year(),
        day.month(),
        day.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
    debug_assert!(written.is_ok(), "writing to a String cannot fail");
    text
}

/// Reads what SQLAlchemy and people write into a column of text.
fn parse_time(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    const FORMS: [&str; 4] =
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.to_utc());
    }
    let local = FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let day = || chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let local = local.or_else(|| day().map(|day| day.and_time(chrono::NaiveTime::MIN)))?;
    Some(wall_time(local, zone))
}

#[cfg(test)]
mod tests {
    use super::Dialect;

    #[test]
    fn placeholders_are_numbered_for_postgres_only() {
        let text = "SELECT a FROM t WHERE b = ? AND c > ?";
        assert_eq!(Dialect::Mysql.sql(text).as_str(), text);
        let numbered = "SELECT a FROM t WHERE b = $1 AND c > $2";
        assert_eq!(Dialect::Postgres.sql(text).as_str(), numbered);
    }

    #[test]
    fn upserts_follow_the_dialect() {
        let upsert = |dialect: Dialect| {
            dialect.upsert("t", &["id", "a", "b"], "id", &["a"], 2).as_str().to_owned()
        };
        assert_eq!(
            upsert(Dialect::Sqlite),
            "INSERT OR ROLLBACK INTO t (id, a, b) VALUES (?, ?, ?), (?, ?, ?) \
             ON CONFLICT (id) DO UPDATE SET a = excluded.a"
        );
        assert_eq!(
            upsert(Dialect::Mysql),
            "INSERT INTO t (id, a, b) VALUES (?, ?, ?), (?, ?, ?) \
             ON DUPLICATE KEY UPDATE a = VALUES(a)"
        );
        assert!(upsert(Dialect::Postgres).contains("($4, $5, $6)"));
    }
}
