//! The tables: the original's, which are made where they are missing and never changed, and our
//! own beside them.

use sqlx::SqlStr;

use super::dialect::Dialect;
use super::link::Link;
use super::value::Value;

/// The schema of our own tables that this program writes and reads.
pub(super) const SCHEMA: u64 = MIGRATIONS.len() as u64;

/// The original's table, as it makes it on each database.
fn inventory(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => {
            "CREATE TABLE IF NOT EXISTS inventory (\n\tmachine_id VARCHAR(64) NOT NULL, \
             \n\thostname VARCHAR(100) NOT NULL, \n\tip VARCHAR(45) NOT NULL, \
             \n\tos VARCHAR(100) NOT NULL, \n\tos_version VARCHAR(100), \
             \n\tcpu_percent FLOAT NOT NULL, \n\tmemory_total_mb BIGINT NOT NULL, \
             \n\tmemory_used_mb BIGINT, \n\tcomputer_model VARCHAR(100), \
             \n\tcomputer_activation DATETIME, \n\tactivation_days INTEGER, \
             \n\tcreated_at DATETIME NOT NULL, \n\tupdated_at DATETIME, \
             \n\tPRIMARY KEY (machine_id)\n)"
        }
        Dialect::Postgres => {
            "CREATE TABLE IF NOT EXISTS inventory (machine_id VARCHAR(64) NOT NULL, \
             hostname VARCHAR(100) NOT NULL, ip VARCHAR(45) NOT NULL, os VARCHAR(100) NOT NULL, \
             os_version VARCHAR(100), cpu_percent FLOAT NOT NULL, memory_total_mb BIGINT NOT NULL, \
             memory_used_mb BIGINT, computer_model VARCHAR(100), \
             computer_activation TIMESTAMP WITH TIME ZONE, activation_days INTEGER, \
             created_at TIMESTAMP WITH TIME ZONE NOT NULL, updated_at TIMESTAMP WITH TIME ZONE, \
             PRIMARY KEY (machine_id))"
        }
        // Unlike the original's, ids have case here.
        Dialect::Mysql => {
            "CREATE TABLE IF NOT EXISTS inventory (\
             machine_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, \
             hostname VARCHAR(100) NOT NULL, ip VARCHAR(45) NOT NULL, os VARCHAR(100) NOT NULL, \
             os_version VARCHAR(100), cpu_percent FLOAT NOT NULL, memory_total_mb BIGINT NOT NULL, \
             memory_used_mb BIGINT, computer_model VARCHAR(100), computer_activation DATETIME, \
             activation_days INTEGER, created_at DATETIME NOT NULL, updated_at DATETIME, \
             PRIMARY KEY (machine_id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
        }
    }
}

/// What each version of our own tables added to the one before, in words that [`Dialect`] knows.
const MIGRATIONS: &[&[&str]] = &[FIRST, SECTIONS];

const FIRST: &[&str] = &[
    // Name -> number: `schema`, and `version`, the number of the last batch.
    "CREATE TABLE IF NOT EXISTS tatuscan_meta \
     (name {ID} NOT NULL PRIMARY KEY, value BIGINT NOT NULL){TABLE}",
    // What each of the last batches changed, for servers that share the database.
    "CREATE TABLE IF NOT EXISTS tatuscan_journal \
     (version BIGINT NOT NULL PRIMARY KEY, payload {BYTES} NOT NULL){TABLE}",
    // What is known of a machine beyond the original's columns, as JSON.
    "CREATE TABLE IF NOT EXISTS tatuscan_machines \
     (machine_id {ID} NOT NULL PRIMARY KEY, details {LONG} NOT NULL){TABLE}",
    // Users, tokens and such, as JSON.
    "CREATE TABLE IF NOT EXISTS tatuscan_records \
     (kind {ID} NOT NULL, id {ID} NOT NULL, value {LONG} NOT NULL, PRIMARY KEY (kind, id)){TABLE}",
    // Who changed what, as JSON; larger numbers are newer.
    "CREATE TABLE IF NOT EXISTS tatuscan_audit \
     (number BIGINT NOT NULL PRIMARY KEY, entry {LONG} NOT NULL){TABLE}",
];

const SECTIONS: &[&str] = &[
    // Inventory sections: what they are known by, microseconds since 1970, JSON as zstd.
    "CREATE TABLE IF NOT EXISTS tatuscan_sections \
     (machine_id {ID} NOT NULL, name {ID} NOT NULL, hash {ID} NOT NULL, received_us BIGINT NOT NULL, \
     content {BYTES} NOT NULL, PRIMARY KEY (machine_id, name)){TABLE}",
];
/// The first schema with inventory sections.
const WITH_SECTIONS: u64 = 2;

/// Makes the tables that are missing, and answers the schema found before. A newer schema is left
/// as it is.
pub(super) async fn prepare(link: &mut dyn Link, dialect: Dialect) -> Result<u64, sqlx::Error> {
    link.script(SqlStr::from_static(inventory(dialect))).await?;
    // The table that says which schema there is belongs to the first one.
    for statement in MIGRATIONS[0] {
        link.script(dialect.sql(&translated(statement, dialect))).await?;
    }
    for name in ["schema", "version"] {
        let ignore = match dialect {
            Dialect::Mysql => "INSERT IGNORE INTO tatuscan_meta (name, value) VALUES (?, ?)",
            _ => {
                "INSERT INTO tatuscan_meta (name, value) VALUES (?, ?) \
                 ON CONFLICT (name) DO NOTHING"
            }
        };
        let value = if name == "schema" { 1 } else { 0 };
        link.run(dialect.sql(ignore), vec![Value::text(name), Value::number(value)]).await?;
    }
    let found = number(link, dialect, "schema").await?;
    for (from, statements) in (1_u64..).zip(&MIGRATIONS[1..]) {
        if found <= from {
            for statement in *statements {
                link.script(dialect.sql(&translated(statement, dialect))).await?;
            }
            let sql = "UPDATE tatuscan_meta SET value = ? WHERE name = 'schema' AND value < ?";
            let to = Value::number(from + 1);
            link.run(dialect.sql(sql), vec![to.clone(), to]).await?;
        }
    }
    Ok(found)
}

/// Whether our own tables are there.
pub(super) async fn has_tables(link: &mut dyn Link, dialect: Dialect) -> Result<bool, sqlx::Error> {
    let tables = "SELECT COUNT(*) FROM information_schema.tables \
                  WHERE table_name = 'tatuscan_meta' AND table_schema =";
    let sql = match dialect {
        Dialect::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE name = 'tatuscan_meta'".into(),
        Dialect::Postgres => format!("{tables} ANY (current_schemas(false))"),
        Dialect::Mysql => format!("{tables} DATABASE()"),
    };
    let mut found = None;
    link.each(dialect.sql(&sql), Vec::new(), &mut |mut row| {
        found = row.pop().and_then(Value::into_integer);
    })
    .await?;
    Ok(found > Some(0))
}

/// Whether the table of inventory sections is there, where our own tables are.
pub(super) async fn has_sections(
    link: &mut dyn Link,
    dialect: Dialect,
) -> Result<bool, sqlx::Error> {
    Ok(number(link, dialect, "schema").await? >= WITH_SECTIONS)
}

/// A number of `tatuscan_meta`; 0 for none.
pub(super) async fn number(
    link: &mut dyn Link,
    dialect: Dialect,
    name: &'static str,
) -> Result<u64, sqlx::Error> {
    let sql = dialect.sql("SELECT value FROM tatuscan_meta WHERE name = ?");
    let mut found = None;
    link.each(sql, vec![Value::text(name)], &mut |mut row| {
        found = row.pop().and_then(Value::into_integer);
    })
    .await?;
    Ok(found.and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
}

/// Whether the original's table takes ids that differ only by case for one.
pub(super) async fn is_case_blind(
    link: &mut dyn Link,
    dialect: Dialect,
) -> Result<bool, sqlx::Error> {
    if dialect != Dialect::Mysql {
        return Ok(false);
    }
    let sql = "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() \
               AND table_name = 'inventory' AND column_name = 'machine_id' \
               AND collation_name LIKE '%\\_ci'";
    let mut found = false;
    link.each(SqlStr::from_static(sql), Vec::new(), &mut |mut row| {
        found = row.pop().and_then(Value::into_integer).is_some_and(|count| count > 0);
    })
    .await?;
    Ok(found)
}

fn translated(statement: &str, dialect: Dialect) -> String {
    let (id, bytes, long, table) = match dialect {
        Dialect::Sqlite => ("TEXT", "BLOB", "TEXT", ""),
        Dialect::Postgres => ("VARCHAR(64)", "BYTEA", "TEXT", ""),
        Dialect::Mysql => (
            "VARCHAR(64)",
            "LONGBLOB",
            "LONGTEXT",
            " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
        ),
    };
    statement
        .replace("{ID}", id)
        .replace("{BYTES}", bytes)
        .replace("{LONG}", long)
        .replace("{TABLE}", table)
}
