//! A disk that fills up, and is freed again.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::machines::body;
use crate::support::process::{ServerProcess, serve};
use crate::support::server::client;
use crate::support::skip;

/// A small file system of its own, gone when it is dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(directory.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(directory));
        }
        skip("tmpfs", "needs root, to mount a small file system");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

async fn post(url: &str, id: &str) -> (u16, Value) {
    let request = client().post(format!("{url}/api/machines"));
    let request = request.header("Content-Type", "application/json");
    let response = request.body(body(id).to_string()).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn status(url: &str) -> u16 {
    client().get(url).send().await.unwrap().status().as_u16()
}

/// A server that stops taking reports when less than so many MB are free.
fn start(data: &Path, min_free: &str) -> ServerProcess {
    let mut command = serve(data);
    command.env("TATUSCAN_MIN_FREE", min_free);
    ServerProcess::spawn(command)
}

/// Reports stop before the disk is full: there is room left to delete, and to go on.
#[tokio::test]
async fn reports_stop_before_the_disk_is_full() {
    let Some(disk) = SmallDisk::mount("48m") else {
        return;
    };
    let data = disk.path().join("data");
    fs::create_dir(&data).unwrap();
    let server = start(&data, "24");
    assert_eq!(post(&server.url, "before").await.0, 201);
    let ballast = disk.path().join("ballast");
    fs::write(&ballast, vec![1; 30 << 20]).unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let (code, answer) = post(&server.url, "after").await;
    assert_eq!(code, 507, "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("no space left"), "{answer}");
    let machine = format!("{}/api/machines/before", server.url);
    assert_eq!(status(&machine).await, 200);
    assert_eq!(client().delete(&machine).send().await.unwrap().status(), 200);
    fs::remove_file(&ballast).unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(post(&server.url, "after").await.0, 201);
}

#[tokio::test]
async fn a_full_disk_refuses_reports_and_heals_without_a_restart() {
    let Some(disk) = SmallDisk::mount("8m") else {
        return;
    };
    let data = disk.path().join("data");
    fs::create_dir(&data).unwrap();
    let server = start(&data, "0");
    assert_eq!(post(&server.url, "before").await.0, 201);
    // Another program fills the disk to its last byte.
    let ballast = disk.path().join("ballast");
    let _ = fs::write(&ballast, vec![1; 16 << 20]);
    let mut acknowledged = vec!["before".to_owned()];
    let mut refusal = None;
    for number in 0..400 {
        let id = format!("m{number}");
        match post(&server.url, &id).await {
            (201, _) => acknowledged.push(id),
            other => {
                refusal = Some(other);
                break;
            }
        }
    }
    let (code, answer) = refusal.expect("the disk never got full");
    assert_eq!(code, 507, "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("no space left"), "{answer}");
    assert!(!answer.to_string().contains("redb"), "{answer}");
    assert_eq!(status(&format!("{}/api/health", server.url)).await, 503);
    assert_eq!(status(&format!("{}/livez", server.url)).await, 200);
    assert_eq!(status(&format!("{}/api/machines", server.url)).await, 200);

    fs::remove_file(&ballast).unwrap();
    let freed = Instant::now();
    while status(&format!("{}/api/health", server.url)).await != 200 {
        assert!(freed.elapsed() < Duration::from_secs(5), "it did not heal by itself");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(post(&server.url, "after").await.0, 201);
    acknowledged.push("after".to_owned());
    server.kill();

    let server = start(&data, "0");
    for id in acknowledged {
        assert_eq!(status(&format!("{}/api/machines/{id}", server.url)).await, 200, "{id}");
    }
}
