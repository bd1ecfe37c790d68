//! Several servers on one database: nothing is lost between them, and each sees what the others
//! acknowledged.

use std::sync::Arc;

use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, Connection as _};
use tatuscan::model::{HumanEdit, MachineId, MachinePage, MachineQuery, Report, SectionName};
use tatuscan::store::Store;

use super::places::{Database, Place as _, mysql_database, postgres_database, sqlite_database};
use super::sections::{agree, put};
use crate::support::machines::{report, section};

async fn everything(store: &dyn Store) -> MachinePage {
    store.machines(&MachineQuery::default()).await.unwrap()
}

fn id(number: usize) -> MachineId {
    MachineId::stored(&format!("m{number}"))
}

/// Reports of the same machines come to both servers at once, and people edit on one of them.
async fn nothing_is_lost_between(database: &Database) {
    const MACHINES: usize = 20;
    let (first, second) = (database.open().await, database.open().await);
    let writers = (0..16_usize).map(|writer| {
        let store = Arc::clone(if writer % 2 == 0 { &first } else { &second });
        tokio::spawn(async move {
            let mut created = 0;
            for round in 0..15_i64 {
                let number = (writer * 7 + usize::try_from(round).unwrap()) % MACHINES;
                let seconds = round * 100 + i64::try_from(writer).unwrap();
                let mine = Report { id: id(number), ..report("", seconds) };
                let recorded = store.record_reports(vec![mine]).await.unwrap();
                created += usize::from(recorded[0].created);
                let machine = store.machine(&id(number)).await.unwrap();
                let at = recorded[0].machine.last_seen();
                assert!(machine.last_seen() >= at || machine.updated_at.is_some());
            }
            created
        })
    });
    let created: usize = join_all(writers).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(created, MACHINES, "each machine is created once");
    for number in 0..MACHINES {
        let days = i32::try_from(number).unwrap();
        let edit = HumanEdit { activation_days: Some(Some(days)), ..HumanEdit::default() };
        first.edit_machine(&id(number), edit).await.unwrap();
        let later = Report { id: id(number), ..report("", 5_000) };
        let recorded = second.record_reports(vec![later]).await.unwrap();
        assert_eq!(recorded[0].machine.human.activation_days, Some(days));
    }
    for number in 0..4 {
        let (one, other) = if number % 2 == 0 { (&first, &second) } else { (&second, &first) };
        let users = section(SectionName::Users, &number.to_string(), 0);
        put(&**one, &id(number), users, Some("S")).await.unwrap();
        assert_eq!(agree(&**other).await.len(), number + 1);
        let later = Report { id: id(number), ..report("", 5_001) };
        let recorded = other.record_reports(vec![later]).await.unwrap();
        assert_eq!(recorded[0].machine.hardware.sections.len(), 1);
    }
    first.delete_machine(&id(0)).await.unwrap();
    assert_eq!(agree(&*second).await.len(), 3);
    assert_eq!(second.machine_count().await.unwrap(), MACHINES - 1);
    assert_eq!(everything(&*first).await, everything(&*second).await);
    let third = database.open().await;
    assert_eq!(everything(&*first).await, everything(&*third).await);
}

/// A server that lost touch reads everything when the changes it lacks are no longer there, or when
/// the database is an older one.
async fn what_cannot_be_followed_is_read_anew(database: &Database, forget: &str, rewind: &str) {
    let (first, second) = (database.open().await, database.open().await);
    for number in 0..6 {
        let mine = Report { id: id(number), ..report("", 0) };
        first.record_reports(vec![mine]).await.unwrap();
        if number == 2 {
            assert_eq!(second.machine_count().await.unwrap(), 3);
        }
    }
    execute(database, forget).await;
    assert_eq!(everything(&*first).await, everything(&*second).await);
    execute(database, rewind).await;
    assert_eq!(second.machine_count().await.unwrap(), 5);
    let mine = Report { id: id(9), ..report("", 0) };
    assert!(second.record_reports(vec![mine]).await.unwrap()[0].created);
    assert_eq!(first.machine_count().await.unwrap(), 6);
}

/// Runs statements as a person would, beside the servers.
pub(crate) async fn execute(database: &Database, statements: &str) {
    use tatuscan::store::sql::Address;
    let sql = AssertSqlSafe(statements.to_owned());
    match &database.address {
        Address::Sqlite(path) => {
            let url = format!("sqlite://{}", path.display());
            let mut admin = sqlx::SqliteConnection::connect(&url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut admin).await.unwrap();
        }
        Address::Postgres(server) => {
            let url = format!(
                "postgresql://{}@{}:{}/{}",
                server.user.as_ref().unwrap(),
                server.host,
                server.port,
                server.database.as_ref().unwrap()
            );
            let mut admin = sqlx::PgConnection::connect(&url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut admin).await.unwrap();
        }
        Address::Mysql(server) => {
            let url = format!(
                "mysql://{}@{}:{}/{}",
                server.user.as_ref().unwrap(),
                server.host,
                server.port,
                server.database.as_ref().unwrap()
            );
            let mut admin = sqlx::MySqlConnection::connect(&url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut admin).await.unwrap();
        }
    }
}

const FORGET: &str = "DELETE FROM tatuscan_journal WHERE version < 5";
/// As a restored backup looks: fewer machines, an older number.
const REWIND: &str = "DELETE FROM inventory WHERE machine_id = 'm5'; \
                      DELETE FROM tatuscan_journal WHERE version >= 4; \
                      UPDATE tatuscan_meta SET value = 4 WHERE name = 'version'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_between_two_servers_on_an_sqlite_file() {
    nothing_is_lost_between(&sqlite_database()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_between_two_servers_on_postgres() {
    if let Some(database) = postgres_database().await {
        nothing_is_lost_between(&database).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_between_two_servers_on_mysql() {
    if let Some(database) = mysql_database().await {
        nothing_is_lost_between(&database).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lost_touch_reads_everything_anew() {
    what_cannot_be_followed_is_read_anew(&sqlite_database(), FORGET, REWIND).await;
    if let Some(database) = postgres_database().await {
        what_cannot_be_followed_is_read_anew(&database, FORGET, REWIND).await;
    }
    if let Some(database) = mysql_database().await {
        what_cannot_be_followed_is_read_anew(&database, FORGET, REWIND).await;
    }
}
