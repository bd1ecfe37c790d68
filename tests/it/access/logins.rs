//! People: the setup link, logging in and out, guessing.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use tatuscan::access::LoginError;
use tatuscan::clock;
use tatuscan::model::access::{Identity, Role};

use super::{Box, PASSWORD, console, json as answer};
use crate::support::process::{ServerProcess, serve_guarded};
use crate::support::server::{Guarded, client};

const OWN: (&str, &str) = ("Sec-Fetch-Site", "same-origin");

/// The cookie that an answer sets, with its attributes.
fn cookie(answer: &reqwest::Response) -> (String, String) {
    let text = answer.headers()["set-cookie"].to_str().unwrap();
    let (pair, attributes) = text.split_once(';').unwrap();
    (pair.to_owned(), attributes.to_owned())
}

#[tokio::test]
async fn a_setup_link_makes_the_first_admin_once() {
    let server = Box::start(Guarded::compat()).await;
    let key = server.access.new_setup_link(clock::now()).await.unwrap();
    let setup = |key: &str, password: &str| json!({"key": key, "password": password});
    let ask = async |body: Value| server.ask(Method::POST, "/api/setup", &[], Some(&body)).await;
    let (status, refused) = answer(ask(setup(key.expose(), "short")).await).await;
    assert_eq!(status, 400);
    assert!(refused["error"].as_str().unwrap().contains("12 characters"), "{refused}");
    assert_eq!(ask(setup("another", PASSWORD)).await.status(), 401);

    let made = ask(setup(key.expose(), PASSWORD)).await;
    assert_eq!(made.status(), 200);
    assert_eq!(made.headers()["cache-control"], "no-store");
    let (pair, attributes) = cookie(&made);
    assert!(attributes.contains("HttpOnly") && attributes.contains("SameSite=Strict"));
    assert!(!attributes.contains("Secure"), "the connection is not encrypted");
    let (_, session) = answer(made).await;
    assert_eq!(session["user"], json!({"name": "admin", "role": "admin", "scope": null}));
    assert_eq!(session["claimed"], true);
    let headers = [("Cookie", pair.as_str())];
    assert_eq!(server.status(Method::GET, "/api/users", &headers).await, 200);

    assert_eq!(ask(setup(key.expose(), PASSWORD)).await.status(), 401, "it counts once");
    let old = server.access.new_setup_link(clock::now() - TimeDelta::minutes(31)).await.unwrap();
    assert_eq!(ask(setup(old.expose(), PASSWORD)).await.status(), 401, "it is too old");
}

#[tokio::test]
async fn a_person_logs_in_and_out() {
    let server = Box::start(Guarded::compat()).await;
    server.access.add_user("Ana@x.org", Role::Admin, PASSWORD, console()).await.unwrap();
    let login = json!({"name": "ana@X.org ", "password": PASSWORD});
    let begun = server.ask(Method::POST, "/api/session", &[], Some(&login)).await;
    assert_eq!(begun.status(), 200);
    let (first, _) = cookie(&begun);
    let again = server.ask(Method::POST, "/api/session", &[], Some(&login)).await;
    let (second, _) = cookie(&again);
    assert_ne!(first, second);
    for pair in [&first, &second] {
        let headers = [("Cookie", pair.as_str())];
        let (_, session) =
            answer(server.ask(Method::GET, "/api/session", &headers, None).await).await;
        assert_eq!(session["user"]["name"], "ana@x.org");
        assert_eq!(session["may_read"], true);
    }
    let headers = [("Cookie", first.as_str()), OWN];
    let ended = server.ask(Method::DELETE, "/api/session", &headers, None).await;
    assert!(cookie(&ended).1.contains("Max-Age=0"));
    for pair in [&first, &second] {
        let headers = [("Cookie", pair.as_str())];
        assert_eq!(server.status(Method::GET, "/api/machines", &headers).await, 401, "all ended");
        let (status, session) =
            answer(server.ask(Method::GET, "/api/session", &headers, None).await).await;
        assert_eq!((status, &session["user"]), (200, &Value::Null));
    }
}

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions() {
    let server = Box::start(Guarded::compat()).await;
    let mine = server.session("ana", Role::Admin).await;
    let (other, _) = server.access.log_in("ana", PASSWORD, console()).await.unwrap();
    let change = json!({"password": PASSWORD, "new_password": "another long password"});
    let headers = [("Cookie", mine.as_str()), OWN];
    let wrong = json!({"password": "not this one at all", "new_password": "another long password"});
    let refused = server.ask(Method::PATCH, "/api/session", &headers, Some(&wrong)).await;
    assert_eq!(refused.status(), 401);
    let changed = server.ask(Method::PATCH, "/api/session", &headers, Some(&change)).await;
    assert_eq!(changed.status(), 200);
    let (renewed, _) = cookie(&changed);
    let other = format!("tatuscan_session={}", other.expose());
    for (pair, expected) in [(&mine, 401), (&other, 401), (&renewed, 200)] {
        let headers = [("Cookie", pair.as_str())];
        assert_eq!(server.status(Method::GET, "/api/machines", &headers).await, expected);
    }
    let login = json!({"name": "ana", "password": PASSWORD});
    let old = server.ask(Method::POST, "/api/session", &[], Some(&login)).await;
    assert_eq!(old.status(), 401);
}

fn at(seconds: i64) -> Identity {
    let at: DateTime<Utc> = clock::now() + TimeDelta::seconds(seconds);
    Identity { at, ..console() }
}

#[tokio::test]
async fn the_eleventh_wrong_password_in_a_row_has_to_wait() {
    let server = Box::start(Guarded::compat()).await;
    server.access.add_user("ana", Role::Admin, PASSWORD, console()).await.unwrap();
    server.access.add_user("bea", Role::Admin, PASSWORD, console()).await.unwrap();
    for name in ["ana", "nobody"] {
        let wrong = json!({"name": name, "password": "wrong as can be"});
        for _ in 0..10 {
            let (status, refused) =
                answer(server.ask(Method::POST, "/api/session", &[], Some(&wrong)).await).await;
            assert_eq!(
                (status, refused["error"].as_str().unwrap()),
                (401, "The name or the password is wrong")
            );
        }
        let refused = server.ask(Method::POST, "/api/session", &[], Some(&wrong)).await;
        assert_eq!(refused.status(), 429);
        let seconds: u32 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
    }
    // Other people are not kept out, and after a minute one more attempt is looked at.
    server.access.log_in("bea", PASSWORD, at(0)).await.unwrap();
    let waiting = server.access.log_in("ana", PASSWORD, at(0)).await;
    assert!(matches!(waiting, Err(LoginError::TooMany { .. })));
    server.access.log_in("ana", PASSWORD, at(61)).await.unwrap();
    let wrong = server.access.log_in("ana", "wrong again, sorry", at(62)).await;
    assert_eq!(wrong.unwrap_err(), LoginError::Wrong, "a right one clears");
}

#[tokio::test]
async fn many_logins_at_once_keep_memory_flat() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("password");
    std::fs::write(&file, PASSWORD).unwrap();
    let mut serve = serve_guarded(directory.path());
    serve.env("TATUSCAN_ADMIN_PASSWORD_FILE", &file);
    let server = ServerProcess::spawn(serve);
    let login = json!({"name": "admin", "password": PASSWORD}).to_string();
    let before = server.resident_kib();
    let logins = (0..20).map(|_| {
        let request = client().post(format!("{}/api/session", server.url));
        request.header("Content-Type", "application/json").body(login.clone()).send()
    });
    let mut most = 0;
    for login in futures_util::future::join_all(logins).await {
        assert_eq!(login.unwrap().status(), 200);
        most = most.max(server.resident_kib());
    }
    // Each hash takes 19 MiB, and twenty at once would take 380.
    assert!(most - before.min(most) < 100 << 10, "{before} KiB, then {most}");
}

#[tokio::test]
async fn sessions_end_by_themselves() {
    let mut guard = Guarded::compat();
    guard.now = || clock::now() + TimeDelta::hours(13);
    let server = Box::start(guard).await;
    let cookie = server.session("ana", Role::Admin).await;
    let headers = [("Cookie", cookie.as_str())];
    assert_eq!(server.status(Method::GET, "/api/machines", &headers).await, 401);
}

#[tokio::test]
async fn people_are_managed_by_admins_and_the_last_admin_stays() {
    let server = Box::start(Guarded::compat()).await;
    let cookie = server.session("ana", Role::Admin).await;
    let headers = [("Cookie", cookie.as_str()), OWN];
    let ask = async |method: Method, path: &str, body: Option<&Value>| {
        answer(server.ask(method, path, &headers, body).await).await
    };
    let bea = json!({"name": "Bea", "role": "viewer", "password": PASSWORD});
    assert_eq!(ask(Method::POST, "/api/users", Some(&bea)).await.0, 200);
    assert_eq!(ask(Method::POST, "/api/users", Some(&bea)).await.0, 409);
    for (body, field) in [
        (json!({"name": "a b", "role": "viewer", "password": PASSWORD}), "name"),
        (json!({"name": "c", "role": "king", "password": PASSWORD}), "king"),
        (json!({"name": "c", "role": "viewer"}), "password"),
        (json!({"name": "c", "role": "viewer", "password": "short"}), "password"),
    ] {
        let (status, refused) = ask(Method::POST, "/api/users", Some(&body)).await;
        assert_eq!(status, 400, "{refused}");
        assert!(refused["error"].as_str().unwrap().contains(field), "{refused}");
    }
    let (_, list) = ask(Method::GET, "/api/users", None).await;
    let names: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|user| &user["name"]).collect();
    assert_eq!(names, ["ana", "bea"]);
    assert!(!list.to_string().contains("argon2"), "no hash leaves the server");
    assert_eq!(ask(Method::DELETE, "/api/users/ana", None).await.0, 409);
    let viewer = json!({"role": "viewer"});
    assert_eq!(ask(Method::PATCH, "/api/users/ana", Some(&viewer)).await.0, 409);
    assert_eq!(ask(Method::PATCH, "/api/users/ana", Some(&json!({}))).await.0, 400);
    assert_eq!(ask(Method::PATCH, "/api/users/zoe", Some(&viewer)).await.0, 404);
    let admin = json!({"role": "admin"});
    assert_eq!(ask(Method::PATCH, "/api/users/bea", Some(&admin)).await.0, 200);
    assert_eq!(ask(Method::DELETE, "/api/users/ana", None).await.0, 200);
    assert_eq!(ask(Method::GET, "/api/users", None).await.0, 401, "and ana is out");
}
