//! Several servers on one database: a login at one counts at the other at once, and what is revoked
//! at one is revoked at the other within a second.

use std::time::{Duration, Instant};

use tatuscan::access::{Access, LoginError, Settings, TokenTerms};
use tatuscan::clock;
use tatuscan::model::access::{Role, Scope};

use super::{PASSWORD, console};
use crate::store::places::{Database, Place as _, mysql_database, postgres_database};

async fn share(database: Database) {
    let first = Access::new(database.open().await, Settings::default());
    let second = Access::new(database.open().await, Settings::default());
    first.found(clock::now()).await.unwrap();
    assert!(second.is_in_grace(clock::now()).await.unwrap());
    first.add_user("ana", Role::Admin, PASSWORD, console()).await.unwrap();
    assert!(!second.is_in_grace(clock::now()).await.unwrap(), "it is claimed");

    let begun = first.log_in("ana", PASSWORD, None, console()).await.unwrap();
    let known = second.caller_of_session(begun.session.expose(), clock::now()).await.unwrap();
    assert!(known.is_some(), "the session counts at the other server at once");
    let (token, kept) =
        first.create_token("x", Scope::Read, TokenTerms::default(), console()).await.unwrap();
    let known = second.caller_of_token(token.expose(), false, clock::now()).await.unwrap();
    assert!(known.is_some());

    second.revoke_token(&kept.label(), console()).await.unwrap();
    let revoked = Instant::now();
    while first.caller_of_token(token.expose(), false, clock::now()).await.unwrap().is_some() {
        assert!(revoked.elapsed() < Duration::from_secs(1), "it still counts");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Wrong passwords are counted together.
    for number in 0..10 {
        let access = if number % 2 == 0 { &first } else { &second };
        let wrong = access.log_in("ana", "wrong as can be", None, console()).await;
        assert_eq!(wrong.unwrap_err(), LoginError::Wrong);
        // Counted at one server, it is known at the other half a second later.
        tokio::time::sleep(Duration::from_millis(550)).await;
    }
    let waiting = second.log_in("ana", PASSWORD, None, console()).await;
    assert!(matches!(waiting, Err(LoginError::TooMany { .. })));
}

#[tokio::test]
async fn servers_on_one_postgres_database_know_the_same_people() {
    if let Some(database) = postgres_database().await {
        share(database).await;
    }
}

#[tokio::test]
async fn servers_on_one_mysql_database_know_the_same_people() {
    if let Some(database) = mysql_database().await {
        share(database).await;
    }
}
