//! The server's clock is put forward and back, by hours, days and years, between requests and while
//! they run.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tatuscan::agent::schedule;
use tatuscan::clock;
use tatuscan::inventory::Inventory;
use tatuscan::jobs::Backups;
use tatuscan::model::StatusRules;
use tatuscan::model::access::{AuditEntry, AuditQuery, Role};
use tatuscan::store::backup::Backup;
use tatuscan::store::redb::RedbStore;
use tatuscan::store::{Pace, Store, transact};
use tokio_util::sync::CancellationToken;

use crate::access::{Box, PASSWORD, console, json as answer};
use crate::support::machines::{body, noon};
use crate::support::seed::{Round, campaign};
use crate::support::server::Guarded;

/// A clock of one test, off by so many seconds.
macro_rules! moved_clock {
    ($off:ident, $now:ident) => {
        static $off: AtomicI64 = AtomicI64::new(0);
        fn $now() -> DateTime<Utc> {
            clock::now() + TimeDelta::seconds($off.load(SeqCst))
        }
    };
}

const DAY: i64 = 86_400;

/// Forward or back, by minutes or by decades.
fn any_step(round: &mut Round) -> i64 {
    let unit = [60, 3_600, DAY, 30 * DAY, 365 * DAY][round.index(5)];
    let step = unit * i64::try_from(round.within(1..30)).unwrap();
    if round.once_in(2) { step } else { -step }
}

/// One request of any kind: whatever the clock says, it is no failure of the server.
async fn ask(server: &Box, round: &mut Round, cookie: &str) -> (u16, String) {
    let own = [("Cookie", cookie), ("Sec-Fetch-Site", "same-origin")];
    let id = format!("m{}", round.below(6));
    let machine = format!("/api/machines/{id}");
    let login = json!({"name": "ana", "password": "wrong as can be"});
    let edit = json!({"activation_days": round.below(900)});
    let report = body(&id);
    let queries = ["", "?q=seen:%3E7d", "?status=missing", "?sort=updated_at&dir=desc"];
    let list = format!("/api/machines{}", queries[round.index(queries.len())]);
    let (method, path, body): (_, &str, Option<&Value>) = match round.below(16) {
        0..=5 => (Method::POST, "/api/machines", Some(&report)),
        6 => (Method::PATCH, &machine, Some(&edit)),
        7 => (Method::DELETE, &machine, None),
        8 => (Method::GET, &list, None),
        9 => (Method::GET, "/api/summary", None),
        10 => (Method::GET, "/metrics", None),
        11 => (Method::GET, "/api/audit", None),
        12 => (Method::GET, "/api/export/machines.csv", None),
        13 => (Method::POST, "/api/session", Some(&login)),
        14 => (Method::GET, "/api/session", None),
        _ => (Method::GET, "/report", None),
    };
    let asked = format!("{method} {path}");
    let response = server.ask(method, path, &own, body).await;
    (response.status().as_u16(), asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_step_of_the_clock_breaks_anything() {
    moved_clock!(OFF, now);
    let mut steps = 0;
    for mut round in campaign(6) {
        OFF.store(0, SeqCst);
        let server = Box::start(Guarded { now, ..Guarded::compat() }).await;
        let cookie = server.session("ana", Role::Admin).await;
        for _ in 0..12 {
            let mut stepping = Vec::new();
            for _ in 0..5 {
                let (status, asked) = ask(&server, &mut round, &cookie).await;
                assert!(status < 500, "{asked} at {}: {status}", now());
                // A step may come in the middle of the next request.
                if round.once_in(4) {
                    let moved = any_step(&mut round);
                    stepping.push(tokio::spawn(async move { OFF.fetch_add(moved, SeqCst) }));
                    steps += 1;
                }
            }
            join_all(stepping).await;
            OFF.fetch_add(any_step(&mut round), SeqCst);
            steps += 1;
            // A report is as old as it is, whatever the machine's earlier ones say.
            let before = now();
            let reported =
                server.ask(Method::POST, "/api/machines", &[], Some(&body("live"))).await;
            assert!(reported.status().is_success(), "{reported:?}");
            let (_, live) = answer(
                server
                    .ask(
                        Method::GET,
                        "/api/machines/live",
                        &[("Cookie", &fresh(&server).await)],
                        None,
                    )
                    .await,
            )
            .await;
            assert_eq!(live["status"], "online", "{before} {live}");
            let text = live["updated_at"].as_str().or(live["created_at"].as_str()).unwrap();
            let seen = DateTime::parse_from_rfc3339(text).unwrap().to_utc();
            assert!((seen - before).abs() < TimeDelta::seconds(30), "{before} {live}");
        }
        // Once it is right again, all is as ever.
        OFF.store(0, SeqCst);
        let cookie = fresh(&server).await;
        let own = [("Cookie", cookie.as_str())];
        for path in ["/api/machines", "/api/summary", "/api/audit", "/api/session"] {
            assert_eq!(server.status(Method::GET, path, &own).await, 200, "{path}");
        }
    }
    eprintln!("{steps} steps of the clock");

    /// A session that begins at the moment of the server's clock.
    async fn fresh(server: &Box) -> String {
        let by = tatuscan::model::access::Identity { at: now(), ..console() };
        let begun = server.access.log_in("ana", PASSWORD, None, by).await;
        match begun {
            Ok(begun) => format!("tatuscan_session={}", begun.session.expose()),
            Err(error) => panic!("{error:?} at {}", now()),
        }
    }
}

#[tokio::test]
async fn a_session_lives_no_longer_than_it_may_whatever_the_clock_did() {
    moved_clock!(OFF, now);
    let server = Box::start(Guarded { now, ..Guarded::compat() }).await;
    let cookie = server.session("ana", Role::Admin).await;
    let counts = async |cookie: &str, off: i64| {
        OFF.store(off, SeqCst);
        let headers = [("Cookie", cookie)];
        let answered = server.ask(Method::GET, "/api/session", &headers, None).await;
        answer(answered).await.1["user"].is_object()
    };
    // A clock that is put right by some hours logs nobody out.
    for (off, expected) in [
        (0, true),
        (-11 * 3_600, true),
        (0, true),
        (13 * 3_600, false),
        (-13 * 3_600, false),
        (-3_000 * DAY, false),
        (3_000 * DAY, false),
    ] {
        assert_eq!(counts(&cookie, off).await, expected, "{off}");
    }
    // One that was begun under a clock years ahead ends when that is put right.
    let by = tatuscan::model::access::Identity {
        at: clock::now() + TimeDelta::days(3_000),
        ..console()
    };
    let ahead = server.access.log_in("ana", PASSWORD, None, by).await.unwrap();
    let ahead = format!("tatuscan_session={}", ahead.session.expose());
    assert!(counts(&ahead, 3_000 * DAY).await);
    assert!(!counts(&ahead, 0).await);
}

#[tokio::test]
async fn nobody_waits_longer_after_wrong_passwords_than_a_minute() {
    moved_clock!(OFF, now);
    let server = Box::start(Guarded { now, ..Guarded::compat() }).await;
    server.access.add_user("ana", Role::Admin, PASSWORD, console()).await.unwrap();
    let wrong = json!({"name": "ana", "password": "wrong as can be"});
    for _ in 0..10 {
        assert_eq!(server.ask(Method::POST, "/api/session", &[], Some(&wrong)).await.status(), 401);
    }
    for off in [0, -3_600, -4_000 * DAY] {
        OFF.store(off, SeqCst);
        let refused = server.ask(Method::POST, "/api/session", &[], Some(&wrong)).await;
        assert_eq!(refused.status(), 429, "{off}");
        let seconds: u32 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{off}: {seconds}");
    }
    OFF.store(61, SeqCst);
    assert_eq!(server.ask(Method::POST, "/api/session", &[], Some(&wrong)).await.status(), 401);
}

fn entry(at: DateTime<Utc>, subject: &str) -> AuditEntry {
    AuditEntry {
        at,
        actor: "user ana".into(),
        peer: String::new(),
        action: "machine.edit".into(),
        subject: subject.into(),
        before: None,
        after: None,
    }
}

/// Entries that were written while the clock was wrong take no others with them.
#[tokio::test]
async fn the_audit_log_loses_nothing_that_is_not_old() {
    // Some years after the first that there can be entries of.
    let now = noon() + TimeDelta::days(2_000);
    let days = |days| now + TimeDelta::days(days);
    for (dates, kept) in [
        (vec![-1_200, -1_100, -10], "2"),
        // Written under a clock of 1970, and of 2000.
        (vec![-1_200, -1_100, -30, -20_400, -9_000, -10], "2345"),
        // Written under a clock of ten years later.
        (vec![-1_200, 3_650, -1_100, -10], "3"),
        (vec![-1_200, -1_100, 3_650, -10], "23"),
        (vec![-20_400, -1_100, -10], "2"),
        // Before the first one that was dated by a right clock nobody knows how old they are.
        (vec![-20_400, -20_400, -10], "012"),
        (vec![-20_400, 3_650], "01"),
        (vec![-1_200, -1_100], ""),
        (vec![], ""),
        // A clock that was put back by a year.
        (vec![-900, -1_100, -10], "012"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let store = RedbStore::open(&directory.path().join("tatuscan.redb")).unwrap();
        for (number, date) in dates.iter().enumerate() {
            let entry = entry(days(*date), &number.to_string());
            transact(&store, Pace::AtOnce, move |transaction| {
                transaction.audit(entry.clone());
                Ok(())
            })
            .await
            .unwrap();
        }
        // What the journal alone holds goes later.
        store.close().await;
        drop(store);
        let store = RedbStore::open(&directory.path().join("tatuscan.redb")).unwrap();
        let inventory = Inventory::new(Arc::new(store), StatusRules::default());
        inventory.forget_audit(days(-1_095), now).await.unwrap();
        let all = AuditQuery { before: None, subject: None, action: None, until: None, limit: 100 };
        let left = inventory.audit(&all).await.unwrap().entries;
        let left: String = left.into_iter().rev().map(|(_, entry)| entry.subject).collect();
        assert_eq!(left, kept, "{dates:?}");
    }
}

fn named(directory: &Path) -> Vec<String> {
    let names = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| name.ends_with("Z.redb")).collect();
    names.sort();
    names
}

/// A backup is taken soon, whatever the clock did, and the newest ones are kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_go_on_and_the_newest_are_kept() {
    moved_clock!(OFF, now);
    let directory = tempfile::tempdir().unwrap();
    let store = RedbStore::open(&directory.path().join("tatuscan.redb")).unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    let inventory = Inventory::new(Arc::clone(&store), StatusRules::default());
    let backups = directory.path().join("backups");
    let mut expected = Vec::new();
    for (number, off) in [0, 2 * DAY, -1_000 * DAY, 3 * DAY, 900 * DAY, 4 * DAY].iter().enumerate()
    {
        OFF.store(*off, SeqCst);
        let id = format!("m{number}");
        store.record_reports(vec![crate::support::machines::report(&id, 1)]).await.unwrap();
        let job = Backups {
            directory: backups.clone(),
            every: Duration::from_secs(86_400),
            keep: 2,
            server: "test".into(),
            now,
        };
        let stopping = CancellationToken::new();
        let begun = now();
        let running = tokio::spawn(job.run(inventory.clone(), stopping.clone()));
        let asked = Instant::now();
        while inventory.last_backup().await.unwrap().is_none_or(|run| {
            run.succeeded_at.is_none_or(|at| (at - begun).abs() > TimeDelta::minutes(1))
        }) {
            assert!(asked.elapsed() < Duration::from_secs(20), "no backup at {begun}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stopping.cancel();
        running.await.unwrap();
        let names = named(&backups);
        let day = begun.format("tatuscan-%Y%m%d").to_string();
        let newest = names.iter().rfind(|name| name.starts_with(&day));
        let newest = newest.unwrap_or_else(|| panic!("{day} is not among {names:?}"));
        let backup = Backup::open(&backups.join(newest)).unwrap();
        assert_eq!(backup.snapshot().machines.len(), number + 1);
        expected.push(newest.clone());
    }
    // Of the past the two newest, and what says that it is of the future.
    let names = named(&backups);
    for kept in [&expected[3], &expected[4], &expected[5]] {
        assert!(names.contains(kept), "{kept} is not among {names:?}");
    }
    assert_eq!(names.len(), 3, "{names:?}");
}

/// An agent whose clock is wrong reports as often as ever.
#[test]
fn an_agent_waits_for_no_clock() {
    for mut round in campaign(200) {
        let most = DateTime::<Utc>::MAX_UTC.timestamp();
        let now = i64::try_from(round.below(u64::try_from(most).unwrap())).unwrap();
        let now = if round.once_in(2) { now } else { -now };
        let now = DateTime::from_timestamp(now, 999_999_999).unwrap();
        let interval = Duration::from_secs(round.within(1..86_400));
        let phase = schedule::phase(&format!("m{}", round.below(1_000)), interval);
        let wait = schedule::until_next_tick(now, interval, phase);
        assert!(wait > Duration::ZERO && wait <= interval, "{now} {interval:?} {wait:?}");
    }
}
