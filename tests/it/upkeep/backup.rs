//! `tatuscan backup` and `GET /api/backup`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use tatuscan::model::access::Scope;
use tatuscan::store::backup::Backup;
use tempfile::TempDir;

use super::{Place, mode, names, subjects};
use crate::access::Box as Gated;
use crate::support::edge::text;
use crate::support::process::{ServerProcess, serve_guarded};
use crate::support::rounds;
use crate::support::server::Guarded;

/// A backup of a place that [`Place::fill`] filled.
fn check(file: &Path, machines: usize) {
    let backup = Backup::open(file).unwrap();
    assert!(backup.is_marked());
    let kept = backup.snapshot();
    assert_eq!(kept.machines.len(), machines);
    let edited = kept.machines.iter().find(|machine| machine.id.as_str() == "m0").unwrap();
    assert_eq!(edited.human.activation_days, Some(7));
    let kinds: Vec<_> = kept.records.iter().map(|record| format!("{:?}", record.kind())).collect();
    assert!(kinds.contains(&"User".to_owned()), "{kinds:?}");
    assert!(!kinds.contains(&"Session".to_owned()), "{kinds:?}");
    assert_eq!(subjects(&backup), ["user.add ana", "backup.take inventory"]);
    assert_eq!(mode(file), 0o600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_taken_without_a_server_and_beside_one() {
    for place in Place::all().await {
        place.fill(120).await;
        let elsewhere = TempDir::new().unwrap();
        let file = elsewhere.path().join("a.redb");
        let name = file.to_str().unwrap();
        let said = place.succeeds(&["backup", name]);
        assert!(said.contains("120 machines") && said.contains("the same"), "{said}");
        check(&file, 120);

        let said = place.fails(1, &["backup", name]);
        assert!(said.contains("is there already") && said.contains("--force"), "{said}");

        let server = ServerProcess::spawn(place.serve());
        place.succeeds(&["backup", name, "--force"]);
        let backup = Backup::open(&file).unwrap();
        assert_eq!(backup.snapshot().machines.len(), 120);
        let taken = subjects(&backup).iter().filter(|entry| entry.starts_with("backup")).count();
        assert_eq!(taken, 2, "both are in the audit log");
        assert_eq!(mode(&file), 0o600);
        let (code, _, log) = server.stop(Signal::SIGTERM);
        assert_eq!(code, Some(0), "{log}");
        assert_eq!(names(elsewhere.path()), ["a.redb"]);
        let left = names(place.path());
        assert!(!left.iter().any(|name| name.contains("download")), "{left:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_can_be_started_on_a_backup() {
    let place = Place::embedded();
    place.fill(30).await;
    let elsewhere = TempDir::new().unwrap();
    let file = elsewhere.path().join("tatuscan.redb");
    place.succeeds(&["backup", file.to_str().unwrap()]);
    let server = ServerProcess::spawn(serve_guarded(elsewhere.path()));
    assert!(server.start.contains("machines=30"), "{}", server.start);
    assert!(!server.start.contains("/setup#k="), "it has its admin: {}", server.start);
}

#[tokio::test]
async fn another_server_is_backed_up_with_an_admins_token_only() {
    let server = Gated::start(Guarded::compat()).await;
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("a.redb");
    let url = server.server.url("");
    let with = |token: String| {
        let mut command = crate::support::edge::tatuscan(directory.path());
        command.args(["backup", "a.redb", "--url", &url]).env("TATUSCAN_TOKEN", token);
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    for scope in [Scope::Read, Scope::Write, Scope::Ingest, Scope::Enrol] {
        let output = with(server.token(scope).await).await.unwrap();
        assert!(!output.status.success());
        assert!(text(&output).contains("only admins"), "{}", text(&output));
        assert!(names(directory.path()).is_empty(), "nothing is left");
    }
    let output = with(server.token(Scope::Admin).await).await.unwrap();
    assert!(output.status.success(), "{}", text(&output));
    Backup::open(&file).unwrap();

    let answer = server.server.client.get(server.server.url("/api/backup")).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let token = server.token(Scope::Admin).await;
    let answer = server.server.client.get(server.server.url("/api/backup")).bearer_auth(token);
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let name = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(name.starts_with("attachment; filename=\"tatuscan-2"), "{name}");
    let announced = answer.content_length().unwrap();
    fs::write(&file, answer.bytes().await.unwrap()).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().len(), announced);
    Backup::open(&file).unwrap();
}

#[tokio::test]
async fn where_nothing_is_nothing_is_backed_up_and_nothing_is_made() {
    let place = Place::embedded();
    let said = place.fails(1, &["backup", "a.redb"]);
    assert!(said.contains("there is no inventory at"), "{said}");
    assert!(names(place.path()).is_empty());
    place.fill(1).await;
    let said = place.fails(1, &["backup", "nowhere/a.redb"]);
    assert!(said.contains("nowhere/a.redb"), "{said}");
    let said = place.fails(1, &["backup", place.path().to_str().unwrap()]);
    assert!(said.contains("is a directory"), "{said}");
}

/// Whenever it is killed: the file is whole or it is not there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_killed_leaves_no_part_of_the_file() {
    let place = Place::embedded();
    place.fill(20_000).await;
    let server = ServerProcess::spawn(place.serve());
    let directory = TempDir::new().unwrap();
    let (mut whole, mut part) = (0, 0);
    for round in 0..rounds(12) {
        let file = directory.path().join(format!("{round}.redb"));
        let mut backup = place.program(&["backup", file.to_str().unwrap()]);
        let mut backup = backup.stderr(std::process::Stdio::null()).spawn().unwrap();
        // At last until it is at work, then ever later.
        let draft = || {
            let own = format!("{round}.redb");
            names(directory.path()).iter().any(|name| name.starts_with(&own))
        };
        while !draft() && backup.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(10 * round)).await;
        part += u32::from(!file.exists());
        backup.kill().unwrap();
        backup.wait().unwrap();
        if file.exists() {
            assert_eq!(Backup::open(&file).unwrap().snapshot().machines.len(), 20_000);
            whole += 1;
        }
    }
    assert!(part > 0, "no kill came while it was at work; {whole} were whole");
    // The server is well, and takes the next one.
    let file = directory.path().join("last.redb");
    place.succeeds(&["backup", file.to_str().unwrap()]);
    assert_eq!(Backup::open(&file).unwrap().snapshot().machines.len(), 20_000);
    drop(server);
    let left = names(place.path());
    assert!(!left.iter().any(|name| name.contains("download")), "{left:?}");
}

/// What ends early, or is no backup, is said, and does not become the file.
#[tokio::test]
async fn what_arrives_damaged_does_not_become_the_file() {
    let place = Place::embedded();
    place.fill(10).await;
    place.succeeds(&["backup", "good.redb"]);
    let good = fs::read(place.path().join("good.redb")).unwrap();
    let mut flipped = good.clone();
    let at = good.windows(7).rposition(|bytes| bytes == b"host-m3").unwrap();
    flipped[at] ^= 1;
    let head = |length| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    let answers = [
        ([head(good.len()).as_bytes(), &good[..good.len() / 2]].concat(), "ended the backup early"),
        ([head(flipped.len()).as_bytes(), &flipped[..]].concat(), "damaged"),
        ([head(5).as_bytes(), b"hello"].concat(), "is not a TatuScan store"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(), "404"),
    ];
    for (answer, why) in answers {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(&answer).unwrap();
        });
        let said = place.run(&["backup", "bad.redb", "--url", &url, "--token", "x"]);
        assert!(!said.status.success());
        assert!(text(&said).contains(why), "{why}: {}", text(&said));
        server.join().unwrap();
        let left = names(place.path());
        assert!(!left.iter().any(|name| name.starts_with("bad")), "{left:?}");
    }
}
