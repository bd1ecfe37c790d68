//! People: the setup link, logging in and out, guessing.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use tatuscan::access::{LinkPlace, LoginError, Secret};
use tatuscan::clock;
use tatuscan::model::access::{Identity, Role, Scope};

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
    let key = server.access.new_setup_link(LinkPlace::Alone, console()).await.unwrap();
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
    let old = server.access.new_setup_link(LinkPlace::Alone, at(-31 * 60)).await.unwrap();
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
    let other = server.access.log_in("ana", PASSWORD, None, console()).await.unwrap();
    let change = json!({"password": PASSWORD, "new_password": "another long password"});
    let headers = [("Cookie", mine.as_str()), OWN];
    let wrong = json!({"password": "not this one at all", "new_password": "another long password"});
    let refused = server.ask(Method::PATCH, "/api/session", &headers, Some(&wrong)).await;
    assert_eq!(refused.status(), 401);
    let changed = server.ask(Method::PATCH, "/api/session", &headers, Some(&change)).await;
    assert_eq!(changed.status(), 200);
    let (renewed, _) = cookie(&changed);
    let other = format!("tatuscan_session={}", other.session.expose());
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
    server.access.log_in("bea", PASSWORD, None, at(0)).await.unwrap();
    let waiting = server.access.log_in("ana", PASSWORD, None, at(0)).await;
    assert!(matches!(waiting, Err(LoginError::TooMany { .. })));
    server.access.log_in("ana", PASSWORD, None, at(61)).await.unwrap();
    let wrong = server.access.log_in("ana", "wrong again, sorry", None, at(62)).await;
    assert_eq!(wrong.unwrap_err(), LoginError::Wrong, "a right one clears");
}

/// What is wrong elsewhere locks nobody out of a browser in which they logged in before; what is
/// wrong there does, in the end.
#[tokio::test]
async fn a_known_browser_is_not_locked_out_by_others() {
    let server = Box::start(Guarded::compat()).await;
    server.access.add_user("ana", Role::Admin, PASSWORD, console()).await.unwrap();
    let login = |password: &str| json!({"name": "ana", "password": password});
    let ask = async |password: &str, headers: &[(&str, &str)]| {
        server.ask(Method::POST, "/api/session", headers, Some(&login(password))).await
    };
    let begun = ask(PASSWORD, &[]).await;
    let cookies: Vec<_> =
        begun.headers().get_all("set-cookie").iter().map(|it| it.to_str().unwrap()).collect();
    let known = cookies.iter().find(|cookie| cookie.starts_with("tatuscan_browser=")).unwrap();
    assert!(known.contains("HttpOnly") && known.contains("SameSite=Strict"), "{known}");
    let browser = [("Cookie", known.split(';').next().unwrap())];
    for _ in 0..10 {
        assert_eq!(ask("wrong as can be", &[]).await.status(), 401);
    }
    assert_eq!(ask(PASSWORD, &[]).await.status(), 429, "elsewhere it is locked");
    let again = ask(PASSWORD, &browser).await;
    assert_eq!(again.status(), 200);
    let again = again.headers().get_all("set-cookie").iter().count();
    assert_eq!(again, 1, "it is known already");
    // The cookie is no way around: it stops counting after as many guesses.
    for _ in 0..10 {
        ask("wrong as can be", &[]).await;
        assert_eq!(ask("wrong as can be", &browser).await.status(), 401);
    }
    assert_eq!(ask(PASSWORD, &browser).await.status(), 429);
}

/// Whoever guesses learns from no answer whether a name is somebody's.
#[tokio::test]
async fn a_name_that_is_nobodys_is_answered_like_one_that_is() {
    let server = Box::start(Guarded::compat()).await;
    server.access.add_user("ana", Role::Admin, PASSWORD, console()).await.unwrap();
    let mut seen = Vec::new();
    for name in ["nobody", "ana", "nobody2"] {
        let wrong = json!({"name": name, "password": "wrong as can be"});
        let mut statuses = Vec::new();
        for _ in 0..12 {
            let refused = server.ask(Method::POST, "/api/session", &[], Some(&wrong)).await;
            statuses.push(refused.status().as_u16());
        }
        seen.push(statuses);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[1], seen[2]);
    let locked = audited(&server, "login.lock").await;
    let subjects: Vec<_> = locked.iter().map(|entry| &entry["subject"]).collect();
    assert_eq!(subjects, ["", "ana", ""], "what is nobody's name may be a password");
}

async fn audited(server: &Box, action: &str) -> Vec<Value> {
    let admin = format!("Bearer {}", server.token(Scope::Admin).await);
    let headers = [("Authorization", admin.as_str())];
    let path = format!("/api/audit?action={action}");
    let (_, list) = answer(server.ask(Method::GET, &path, &headers, None).await).await;
    list["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn sessions_are_listed_ended_and_not_endless() {
    let server = Box::start(Guarded::compat()).await;
    let mine = server.session("ana", Role::Admin).await;
    let headers = [("Cookie", mine.as_str()), OWN];
    let theirs = server.session("bob", Role::Viewer).await;
    let viewer = [("Cookie", theirs.as_str()), OWN];
    assert_eq!(server.status(Method::GET, "/api/sessions", &viewer).await, 403);
    let list = async || {
        answer(server.ask(Method::GET, "/api/sessions", &headers, None).await).await.1["items"]
            .as_array()
            .unwrap()
            .clone()
    };
    let sessions = list().await;
    assert_eq!(sessions.len(), 2);
    let own: Vec<_> = sessions.iter().filter(|session| session["current"] == true).collect();
    assert_eq!((own.len(), &own[0]["user"], &own[0]["peer"]), (1, &json!("ana"), &json!("")));
    let other = sessions.iter().find(|session| session["user"] == "bob").unwrap();
    let path = format!("/api/sessions/{}", other["id"].as_str().unwrap());
    assert_eq!(server.status(Method::DELETE, &path, &headers).await, 200);
    assert_eq!(server.status(Method::DELETE, &path, &headers).await, 404);
    assert_eq!(server.status(Method::DELETE, "/api/sessions/%FF", &headers).await, 404);
    assert_eq!(server.status(Method::GET, "/api/machines", &viewer).await, 401);
    assert_eq!(audited(&server, "session.end").await.len(), 1);
    assert_eq!(audited(&server, "login").await.len(), 2);
    for _ in 0..52 {
        server.access.log_in("ana", PASSWORD, None, at(1)).await.unwrap();
    }
    assert_eq!(server.access.sessions(clock::now()).await.unwrap().len(), 50);
}

/// Servers that start on one database do not spoil each other's links; somebody who asks for a new
/// one means that the others are void.
#[tokio::test]
async fn setup_links_of_servers_that_start_count_beside_each_other() {
    let server = Box::start(Guarded::compat()).await;
    let mut links = Vec::new();
    for place in [LinkPlace::BesideOthers, LinkPlace::BesideOthers] {
        links.push(server.access.new_setup_link(place, console()).await.unwrap());
    }
    let set_up = async |link: &Secret| {
        server.access.set_up(link.expose(), "ana", PASSWORD, console()).await.unwrap().is_some()
    };
    let asked_for = server.access.new_setup_link(LinkPlace::Alone, console()).await.unwrap();
    assert!(!set_up(&links[0]).await && !set_up(&links[1]).await);
    let beside = server.access.new_setup_link(LinkPlace::BesideOthers, console()).await.unwrap();
    assert!(set_up(&asked_for).await);
    assert!(!set_up(&beside).await, "the first admin is there");
}

/// Guesses at the same time are counted like guesses one after the other.
#[tokio::test]
async fn guesses_at_once_have_to_wait_too() {
    let server = Box::start(Guarded::compat()).await;
    server.access.add_user("ana", Role::Admin, PASSWORD, console()).await.unwrap();
    let guesses = (0..30).map(|_| server.access.log_in("ana", "wrong as can be", None, console()));
    let guesses = futures_util::future::join_all(guesses).await;
    let looked_at = guesses.iter().filter(|guess| matches!(guess, Err(LoginError::Wrong))).count();
    assert!((10..=11).contains(&looked_at), "{looked_at} were looked at");
}

/// Nor does the cookie of a browser that is known give more guesses when many come at once.
#[tokio::test]
async fn guesses_at_once_in_a_known_browser_have_to_wait_too() {
    let server = Box::start(Guarded::compat()).await;
    server.access.add_user("ana", Role::Admin, PASSWORD, console()).await.unwrap();
    let begun = server.access.log_in("ana", PASSWORD, None, console()).await.unwrap();
    let cookie = begun.browser.unwrap();
    let guess = || {
        let known = Some(cookie.expose());
        server.access.log_in("ana", "wrong as can be", known, console())
    };
    let guesses = futures_util::future::join_all((0..50).map(|_| guess())).await;
    let looked_at = guesses.iter().filter(|it| matches!(it, Err(LoginError::Wrong))).count();
    assert!((20..=22).contains(&looked_at), "{looked_at} were looked at");
}

/// A link that takes an account over ends what its owner until then had.
#[tokio::test]
async fn a_setup_link_ends_the_sessions_of_its_account() {
    let server = Box::start(Guarded::compat()).await;
    let viewer = server.session("bob", Role::Viewer).await;
    let key = server.access.new_setup_link(LinkPlace::Alone, console()).await.unwrap();
    let body = json!({"key": key.expose(), "name": "bob", "password": PASSWORD});
    let made = server.ask(Method::POST, "/api/setup", &[], Some(&body)).await;
    assert_eq!(made.status(), 200);
    let headers = [("Cookie", viewer.as_str())];
    assert_eq!(server.status(Method::GET, "/api/users", &headers).await, 401);
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
