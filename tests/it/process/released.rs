//! What every release stored is opened by this one, and says the same: `fixtures/released/make.py`
//! keeps it when a release is made.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde_json::Value;
use zip::ZipArchive;

use crate::support::process::{ServerProcess, serve};
use crate::support::server::client;

const RELEASED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/released");

fn releases() -> Vec<PathBuf> {
    let entries = fs::read_dir(RELEASED).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

/// Whether all that was said is said; a later release may say more. How a machine is depends on the
/// time of day.
fn holds(now: &Value, then: &Value, at: &str) {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => {
            for (name, then) in then.iter().filter(|(name, _)| *name != "status") {
                let now = now.get(name).unwrap_or_else(|| panic!("{at}: {name} is gone"));
                holds(now, then, &format!("{at}.{name}"));
            }
        }
        (Value::Array(now), Value::Array(then)) => {
            assert_eq!(now.len(), then.len(), "{at}");
            for (number, (now, then)) in now.iter().zip(then).enumerate() {
                holds(now, then, &format!("{at}[{number}]"));
            }
        }
        _ => assert_eq!(now, then, "{at}"),
    }
}

async fn answers_as_then(release: &Path, name: &str, then: &Value) {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let mut packed =
        ZipArchive::new(File::open(release.join(format!("{name}.zip"))).unwrap()).unwrap();
    packed.extract(data).unwrap();
    let mut command = serve(data);
    command.env_remove("TATUSCAN_AUTH");
    if name == "sqlite" {
        let uri = format!("sqlite:///{}", data.join("inventory.db").display());
        command.env("SQLALCHEMY_DATABASE_URI", uri);
    }
    let server = ServerProcess::spawn(command);
    let token = fs::read_to_string(data.join("admin.token")).unwrap();
    let client = client();
    for (question, then) in then.as_object().unwrap() {
        let request = client.get(format!("{}{question}", server.url)).bearer_auth(token.trim());
        let now: Value = request.send().await.unwrap().json().await.unwrap();
        holds(&now, then, &format!("{} {name} {question}: ", release.display()));
    }
}

#[tokio::test]
async fn what_every_release_stored_is_opened_and_says_the_same() {
    let releases = releases();
    assert!(!releases.is_empty());
    for release in releases {
        let then = fs::read_to_string(release.join("answers.json")).unwrap();
        let then: Value = serde_json::from_str(&then).unwrap();
        for (name, then) in then.as_object().unwrap() {
            assert!(then["/api/machines?sort=hostname"]["count"].as_u64() > Some(5), "{name}");
            answers_as_then(&release, name, then).await;
        }
    }
}
