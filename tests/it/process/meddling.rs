//! What people do to the file of a running server.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::machines::body;
use crate::support::process::{ServerProcess, refused, serve};
use crate::support::server::client;

async fn post(url: &str, id: &str) -> u16 {
    let request = client().post(format!("{url}/api/machines"));
    let request = request.header("Content-Type", "application/json");
    let response = request.body(body(id).to_string()).send().await.unwrap();
    let status = response.status().as_u16();
    if status == 503 {
        assert!(response.headers().contains_key("retry-after"));
        let answer: Value = response.json().await.unwrap();
        assert!(!answer.to_string().contains("redb"), "{answer}");
    }
    status
}

async fn health(url: &str) -> u16 {
    client().get(format!("{url}/api/health")).send().await.unwrap().status().as_u16()
}

/// Does something to the file of a running server, undoes it, and checks that the server said so
/// and lost nothing it had acknowledged.
async fn meddle(change: impl Fn(&Path), undo: impl Fn(&Path)) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tatuscan.redb");
    let server = ServerProcess::start(directory.path());
    assert_eq!(post(&server.url, "before").await, 201);
    change(&path);
    for id in ["lost-1", "lost-2"] {
        assert_eq!(post(&server.url, id).await, 503);
    }
    assert_eq!(health(&server.url).await, 503);
    undo(&path);
    let undone = Instant::now();
    while post(&server.url, "after").await == 503 {
        assert!(undone.elapsed() < Duration::from_secs(5), "it did not heal by itself");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(health(&server.url).await, 200);
    server.kill();
    let server = ServerProcess::start(directory.path());
    for id in ["before", "after"] {
        let machine = client().get(format!("{}/api/machines/{id}", server.url));
        assert_eq!(machine.send().await.unwrap().status(), 200, "{id}");
    }
}

#[tokio::test]
async fn a_file_that_was_moved_away_is_missed_and_used_again_when_it_is_back() {
    let aside = |path: &Path| path.with_extension("aside");
    meddle(
        |path| fs::rename(path, aside(path)).unwrap(),
        |path| fs::rename(aside(path), path).unwrap(),
    )
    .await;
}

#[tokio::test]
async fn a_file_in_its_place_is_not_written() {
    let aside = |path: &Path| path.with_extension("aside");
    meddle(
        |path| {
            fs::rename(path, aside(path)).unwrap();
            fs::copy(aside(path), path).unwrap();
        },
        |path| fs::rename(aside(path), path).unwrap(),
    )
    .await;
}

#[tokio::test]
async fn a_file_that_was_emptied_is_not_begun_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tatuscan.redb");
    let server = ServerProcess::start(directory.path());
    assert_eq!(post(&server.url, "before").await, 201);
    fs::OpenOptions::new().write(true).truncate(true).open(&path).unwrap();
    for id in ["lost-1", "lost-2", "lost-3"] {
        assert_eq!(post(&server.url, id).await, 503);
    }
    assert_eq!(health(&server.url).await, 503);
    server.kill();
    assert_eq!(fs::metadata(&path).unwrap().len(), 0, "it was written");
    let (code, said) = refused(serve(directory.path()));
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("is empty"), "{said}");
}
