//! The original's own databases and files: taken as they are, answered as the original answered,
//! and left so that it can be started on them again.

use std::fs;
use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use tatuscan::store::sql::{Address, Server};

use crate::store::places::{Database, mysql_database, postgres_database, sqlite_database};
use crate::support::machines::body;
use crate::support::process::{ServerProcess, serve};
use crate::support::server::client;

pub(super) const LEGACY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/legacy");

fn fixture(name: &str) -> String {
    fs::read_to_string(format!("{LEGACY}/{name}")).unwrap()
}

pub(crate) fn uri(database: &Database) -> String {
    let on = |scheme: &str, server: &Server| {
        let Server { user, password, host, port, database, .. } = server;
        let (user, database) = (user.as_ref().unwrap(), database.as_ref().unwrap());
        let password = password.as_ref().map(|text| format!(":{text}")).unwrap_or_default();
        format!("{scheme}://{user}{password}@{host}:{port}/{database}")
    };
    match &database.address {
        Address::Sqlite(path) => format!("sqlite:///{}", path.display()),
        Address::Postgres(server) => on("postgresql+psycopg2", server),
        Address::Mysql(server) => on("mysql+pymysql", server),
    }
}

/// The first column of each row.
pub(crate) async fn column(database: &Database, sql: &str) -> Vec<String> {
    macro_rules! ask {
        ($connection:ty, $url:expr) => {{
            let mut connection = <$connection>::connect(&$url).await.unwrap();
            let sql = AssertSqlSafe(sql.to_owned());
            let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
            rows.iter().map(|row| row.try_get_unchecked::<String, _>(0).unwrap()).collect()
        }};
    }
    let url = uri(database).replace("+psycopg2", "").replace("+pymysql", "");
    match &database.address {
        Address::Sqlite(_) => ask!(sqlx::SqliteConnection, url.replace("sqlite:///", "sqlite://")),
        Address::Postgres(_) => ask!(sqlx::PgConnection, url),
        Address::Mysql(_) => ask!(sqlx::MySqlConnection, url),
    }
}

pub(super) async fn fill(database: &Database, dump: &str) {
    let url = uri(database).replace("+psycopg2", "").replace("+pymysql", "");
    match &database.address {
        Address::Sqlite(path) => {
            fs::write(path, fs::read(format!("{LEGACY}/{dump}")).unwrap()).unwrap();
        }
        Address::Postgres(_) => {
            let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(fixture(dump))).execute(&mut connection).await.unwrap();
        }
        Address::Mysql(_) => {
            let mut connection = sqlx::MySqlConnection::connect(&url).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(fixture(dump))).execute(&mut connection).await.unwrap();
        }
    }
}

/// How the original's table is made, as the database itself says.
async fn schema(database: &Database) -> Vec<String> {
    let sql = match &database.address {
        Address::Sqlite(_) => {
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'inventory' AND sql IS NOT NULL"
        }
        Address::Postgres(_) => {
            "SELECT concat_ws(' ', column_name, data_type, character_maximum_length, is_nullable, \
             column_default, collation_name, ordinal_position) FROM information_schema.columns \
             WHERE table_name = 'inventory' \
             UNION ALL SELECT indexdef FROM pg_indexes WHERE tablename = 'inventory' ORDER BY 1"
        }
        Address::Mysql(_) => {
            "SELECT CONCAT_WS(' ', column_name, column_type, is_nullable, column_default, \
             column_key, collation_name, ordinal_position) FROM information_schema.columns \
             WHERE table_name = 'inventory' AND table_schema = DATABASE() ORDER BY ordinal_position"
        }
    };
    column(database, sql).await
}

fn start(database: &Database, directory: &Path, zone: Option<&str>) -> ServerProcess {
    let mut command = serve(directory);
    command.env("SQLALCHEMY_DATABASE_URI", uri(database));
    if let Some(zone) = zone {
        command.env("TZ", zone);
    }
    ServerProcess::spawn(command)
}

async fn list(server: &ServerProcess) -> Vec<Value> {
    let list = client().get(format!("{}/api/machines", server.url)).send().await.unwrap();
    sorted(list.json().await.unwrap())
}

fn sorted(mut list: Value) -> Vec<Value> {
    let Value::Array(mut items) = list["items"].take() else { panic!("no items in {list}") };
    items.sort_by_key(|item| item["machine_id"].as_str().unwrap().to_owned());
    items
}

/// Every field that the original answered is there, with the same value.
fn same(ours: &[Value], originals: &[Value]) {
    assert_eq!(ours.len(), originals.len());
    for (ours, original) in ours.iter().zip(originals) {
        for (field, value) in original.as_object().unwrap() {
            assert_eq!(&ours[field], value, "{field} of {ours}");
        }
    }
}

async fn adopts(database: Database, dump: &str, answer: &str) {
    fill(&database, dump).await;
    let directory = tempfile::tempdir().unwrap();
    let originals = sorted(serde_json::from_str(&fixture(answer)).unwrap());
    let before = schema(&database).await;
    for zone in [Some("UTC"), Some("Asia/Tokyo"), None] {
        let server = start(&database, directory.path(), zone);
        assert!(server.start.contains("machines=250"), "{}", server.start);
        same(&list(&server).await, &originals);
    }

    // A report of a machine that is there updates its row, and what people set stays.
    let server = start(&database, directory.path(), None);
    let chosen = originals.iter().find(|item| !item["computer_activation"].is_null()).unwrap();
    let id = chosen["machine_id"].as_str().unwrap();
    let mut report = body(id);
    report["computer_model"] = "Another model".into();
    let request = client().post(format!("{}/api/machines", server.url));
    let request = request.header("Content-Type", "application/json").body(report.to_string());
    assert_eq!(request.send().await.unwrap().status(), 200);
    let (code, _, log) = server.stop(Signal::SIGTERM);
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(schema(&database).await, before, "the original's table changed");
    let kept =
        column(&database, &format!("SELECT hostname FROM inventory WHERE machine_id = '{id}'"))
            .await;
    assert_eq!(kept, [format!("host-{id}")]);

    let server = start(&database, directory.path(), Some("Asia/Tokyo"));
    let ours = list(&server).await;
    let updated = ours.iter().find(|item| item["machine_id"] == id).unwrap();
    for field in ["created_at", "computer_activation"] {
        assert_eq!(updated[field], chosen[field], "{field}");
    }
    if !chosen["computer_model"].is_null() {
        assert_eq!(updated["computer_model"], chosen["computer_model"]);
    }
    assert!(updated["updated_at"].as_str() > chosen["updated_at"].as_str(), "{updated}");
    let without = |items: &[Value]| -> Vec<Value> {
        items.iter().filter(|item| item["machine_id"] != id).cloned().collect()
    };
    same(&without(&ours), &without(&originals));
}

#[tokio::test]
async fn the_originals_sqlite_file_is_used_as_it_is() {
    let database = sqlite_database();
    adopts(database, "sqlite.db", "sqlite-list.json").await;
}

#[tokio::test]
async fn the_originals_postgres_database_is_used_as_it_is() {
    if let Some(database) = postgres_database().await {
        adopts(database, "postgres.sql", "postgres-list.json").await;
    }
}

#[tokio::test]
async fn the_originals_mysql_database_is_used_as_it_is() {
    if let Some(database) = mysql_database().await {
        adopts(database, "mysql.sql", "mysql-list.json").await;
    }
}

/// A fresh database has the table that the original would have made.
#[tokio::test]
async fn a_fresh_database_gets_the_originals_table() {
    let fresh = sqlite_database();
    let directory = tempfile::tempdir().unwrap();
    drop(start(&fresh, directory.path(), None));
    let original = sqlite_database();
    fill(&original, "sqlite.db").await;
    assert_eq!(schema(&fresh).await, schema(&original).await);
    for (fresh, original, dump) in [
        (postgres_database().await, postgres_database().await, "postgres.sql"),
        (mysql_database().await, mysql_database().await, "mysql.sql"),
    ] {
        let (Some(fresh), Some(original)) = (fresh, original) else { continue };
        drop(start(&fresh, directory.path(), None));
        fill(&original, dump).await;
        // On MySQL our ids have case, whatever collation the database has for other texts.
        let plain = |schema: Vec<String>| -> Vec<String> {
            schema.iter().map(|line| line.replace("utf8mb4_bin", "utf8mb4_general_ci")).collect()
        };
        assert_eq!(plain(schema(&fresh).await), plain(schema(&original).await), "{dump}");
    }
}

/// What stands in the original's own sample environment, with its file in the data directory.
const OLD_ENVIRONMENT: &str = "SECRET_KEY=change-me\r\n\
    TATUSCAN_DB_FILE=tatuscan.db \r\n\
    SQLALCHEMY_DATABASE_URI=\r\n\
    TIMEZONE=America/Cuiaba\r\n\
    LOG_LEVEL=INFO\r\n\
    GUNICORN_WORKERS=3\r\n";

#[tokio::test]
async fn the_originals_file_in_the_data_directory_is_copied_at_the_first_start() {
    let directory = tempfile::tempdir().unwrap();
    let legacy = directory.path().join("tatuscan.db");
    fs::write(&legacy, fs::read(format!("{LEGACY}/sqlite.db")).unwrap()).unwrap();
    fs::write(directory.path().join(".env"), OLD_ENVIRONMENT).unwrap();
    let before = fs::read(&legacy).unwrap();
    let originals = sorted(serde_json::from_str(&fixture("sqlite-list.json")).unwrap());

    let server = ServerProcess::start(directory.path());
    assert!(server.start.contains("the original's inventory is copied"), "{}", server.start);
    assert!(server.start.contains("tatuscan.redb"), "{}", server.start);
    same(&list(&server).await, &originals);
    let report = client().post(format!("{}/api/machines", server.url));
    let report = report.header("Content-Type", "application/json").body(body("new").to_string());
    assert_eq!(report.send().await.unwrap().status(), 201);
    drop(server);

    let server = ServerProcess::start(directory.path());
    assert!(!server.start.contains("is copied"), "it is copied once: {}", server.start);
    assert_eq!(list(&server).await.len(), originals.len() + 1);
    assert!(fs::read(&legacy).unwrap() == before, "the original's file changed");
    let beside: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("tatuscan.db"))
        .collect();
    assert_eq!(beside, ["tatuscan.db"], "nothing was left beside it");
}
