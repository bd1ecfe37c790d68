//! Backups that servers take by themselves.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::join_all;
use nix::sys::signal::Signal;
use tatuscan::inventory::Inventory;
use tatuscan::model::StatusRules;
use tatuscan::store::backup::Backup;

use super::{Place, mode, names};
use crate::support::machines::noon;
use crate::support::process::ServerProcess;
use crate::support::server::client;

/// A place whose server takes a backup every second and keeps three.
fn serve(place: &Place, directory: &Path) -> ServerProcess {
    let mut serve = place.serve();
    serve.env("TATUSCAN_BACKUP_DIR", directory).env("TATUSCAN_BACKUP_EVERY", "1s");
    serve.env("TATUSCAN_BACKUP_KEEP", "3").env("TATUSCAN_PUBLIC_READ", "1");
    ServerProcess::spawn(serve)
}

async fn metric(server: &ServerProcess, name: &str) -> Option<i64> {
    let text = client().get(format!("{}/metrics", server.url)).send().await.unwrap();
    let text = text.text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

fn backups(directory: &Path) -> Vec<PathBuf> {
    let names = names(directory).into_iter();
    let names = names.filter(|name| name.starts_with("tatuscan-2") && name.ends_with("Z.redb"));
    names.map(|name| directory.join(name)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_takes_backups_and_keeps_the_newest() {
    let place = Place::embedded();
    place.fill(25).await;
    let directory = place.path().join("backups");
    let mut server = serve(&place, &directory);
    server.wait_for("a backup is taken");
    let first = backups(&directory).remove(0);
    let mine = ["tatuscan-mine.redb", "tatuscan-20200101T000000Z.redb.bak", "notes.txt"];
    for name in mine {
        fs::write(directory.join(name), "mine").unwrap();
    }
    while !server.wait_for("a backup is taken").contains("removed=1") {}
    assert!(!first.exists(), "the oldest one went");
    let kept = backups(&directory);
    assert!((3..=4).contains(&kept.len()), "{kept:?}");
    for file in &kept[..2] {
        assert_eq!(mode(file), 0o600);
    }
    let newest = kept.iter().filter_map(|file| Backup::open(file).ok()).next_back().unwrap();
    assert_eq!(newest.snapshot().machines.len(), 25);
    assert_eq!(mode(&directory), 0o700);
    for name in mine {
        assert_eq!(fs::read(directory.join(name)).unwrap(), b"mine");
    }
    let at = metric(&server, "tatuscan_backup_last_success_timestamp_seconds").await.unwrap();
    assert!((tatuscan::clock::now().timestamp() - at).abs() < 10, "{at}");
    assert_eq!(metric(&server, "tatuscan_backup_last_failed").await, Some(0));
    assert!(metric(&server, "tatuscan_backup_last_success_bytes").await.unwrap() > 1_000);
    let (code, took, log) = server.stop(Signal::SIGTERM);
    assert_eq!(code, Some(0), "{log}");
    assert!(took < Duration::from_secs(8), "{took:?}");
    assert!(!names(&directory).iter().any(|name| name.ends_with(".new")));
}

/// What a wrong clock named for the future is no reason to remove the newest, and what cannot be
/// removed is no reason to call it failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_names_spoil_no_backup() {
    let place = Place::embedded();
    place.fill(1).await;
    let directory = place.path().join("backups");
    let future: Vec<_> = (0..3)
        .map(|day| directory.join(format!("tatuscan-2099010{}T000000Z.redb", day + 1)))
        .collect();
    fs::create_dir(&directory).unwrap();
    for file in &future {
        fs::write(file, "of a wrong clock").unwrap();
    }
    let stubborn = directory.join("tatuscan-20200101T000000Z.redb");
    fs::create_dir(&stubborn).unwrap();
    let mut server = serve(&place, &directory);
    // Three are kept: with the fourth, one is to go that cannot.
    for _ in 0..4 {
        server.wait_for("a backup is taken");
    }
    assert_eq!(metric(&server, "tatuscan_backup_last_failed").await, Some(0));
    drop(server);
    let whole = backups(&directory).iter().filter(|file| Backup::open(file).is_ok()).count();
    assert!((2..=4).contains(&whole), "{whole}");
    assert!(future.iter().all(|file| file.exists()) && stubborn.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_fails_is_said_and_tried_again() {
    let place = Place::embedded();
    place.fill(1).await;
    let directory = place.path().join("backups");
    fs::write(&directory, "in the way").unwrap();
    let mut server = serve(&place, &directory);
    let said = server.wait_for("a backup failed");
    assert!(said.contains("TATUSCAN_BACKUP_DIR") && said.contains("backups"), "{said}");
    let started = Instant::now();
    while metric(&server, "tatuscan_backup_last_failed").await != Some(1) {
        assert!(started.elapsed() < Duration::from_secs(10));
    }
    assert_eq!(metric(&server, "tatuscan_backup_last_success_timestamp_seconds").await, None);
    fs::remove_file(&directory).unwrap();
    server.wait_for("a backup is taken");
    assert_eq!(backups(&directory).len(), 1);
}

/// Of servers that share a database one takes each backup; what a dead one began another one takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_several_servers_takes_each_backup() {
    const DAY: TimeDelta = TimeDelta::days(1);
    for place in Place::all().await {
        let stores = match place.database {
            None => vec![place.open().await],
            Some(_) => vec![place.open().await, place.open().await],
        };
        let servers: Vec<_> = (0..8)
            .map(|number| {
                let store = Arc::clone(&stores[number % stores.len()]);
                (format!("server {number}"), Inventory::new(store, StatusRules::default()))
            })
            .collect();
        let begin = async |at| {
            let asked =
                servers.iter().map(|(name, inventory)| inventory.begin_backup(name, DAY, at));
            let answers = join_all(asked).await;
            let next: Vec<_> = answers.into_iter().filter_map(Result::unwrap).collect();
            (8 - next.len(), next.first().copied())
        };
        let inventory = &servers[0].1;
        assert_eq!(begin(noon()).await, (1, Some(noon() + TimeDelta::minutes(15))));
        inventory.end_backup(noon(), Ok(7), noon()).await.unwrap();
        assert_eq!(begin(noon() + DAY - TimeDelta::seconds(1)).await, (0, Some(noon() + DAY)));
        // The next one fails, and is tried again in a quarter of an hour.
        let second = noon() + DAY;
        assert_eq!(begin(second).await.0, 1);
        inventory.end_backup(second, Err("no space".into()), second).await.unwrap();
        let run = inventory.last_backup().await.unwrap().unwrap();
        assert_eq!((run.succeeded_at, run.bytes), (Some(noon()), 7));
        assert_eq!(run.error.as_deref(), Some("no space"));
        let third = second + TimeDelta::minutes(15);
        assert_eq!(begin(third - TimeDelta::seconds(1)).await.0, 0);
        assert_eq!(begin(third).await.0, 1);
        // Its server is killed: another one takes it, and what the first says then counts no more.
        let fourth = third + TimeDelta::minutes(15);
        assert_eq!(begin(fourth).await.0, 1);
        inventory.end_backup(third, Ok(9), fourth).await.unwrap();
        let run = inventory.last_backup().await.unwrap().unwrap();
        assert_eq!((run.begun_at, run.ended_at, run.bytes), (fourth, None, 7));
        // A clock that was wrong does not keep it away for ever.
        assert_eq!(begin(noon()).await.0, 1);
        for store in stores {
            drop(store);
        }
    }
}
