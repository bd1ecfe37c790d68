//! `tatuscan export`, beside a running server and without one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use super::{csv_rows, json_rows, sheet_rows};
use crate::support::edge::{tatuscan, text};
use crate::support::machines::body;
use crate::support::process::{ServerProcess, serve_guarded};
use crate::support::server::client;

fn export(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = tatuscan(directory);
    command.arg("export").args(arguments).env("TATUSCAN_DB_DIR", directory.join("data"));
    command.output().unwrap()
}

fn done(output: Output) -> Vec<u8> {
    assert!(output.status.success(), "{}", text(&output));
    output.stdout
}

fn refused(output: &Output, why: &str) {
    assert!(!output.status.success());
    assert!(text(output).contains(why), "{}", text(output));
}

/// Everything that the command does, the same way both ways.
fn all(directory: &Path) {
    let rows = csv_rows(&done(export(directory, &["--columns", "hostname,os"])), b';');
    assert_eq!(rows, [["Máquina", "SO"], ["host-a", "linux"], ["host-b", "windows"]]);
    let filtered = ["--filter", "?os=Windows&sort=os", "--q", "host", "--columns", "hostname"];
    let rows = done(export(directory, &[&filtered[..], &["--lang", "en"]].concat()));
    assert_eq!(csv_rows(&rows, b','), [["Machine"], ["host-b"]]);
    let tab = ["--columns", "hostname,ip", "--delimiter", "\t", "--filter", "os=linux"];
    assert_eq!(csv_rows(&done(export(directory, &tab)), b'\t')[1], ["host-a", "10.0.0.1"]);
    let lines = json_rows(&done(export(directory, &["--format", "jsonl"])));
    assert_eq!((lines.len(), &lines[0]["machine_id"]), (2, &"a".into()));

    // The ending says what it is, and nobody else reads it.
    let file = directory.join("all.xlsx");
    fs::write(&file, "what was there").unwrap();
    let wrong = export(directory, &["--filter", "status=asleep", "-o", "all.xlsx"]);
    refused(&wrong, "status is 'asleep'");
    assert_eq!(fs::read(&file).unwrap(), b"what was there");
    assert!(done(export(directory, &["-o", "all.xlsx"])).is_empty());
    assert_eq!(sheet_rows(&fs::read(&file).unwrap()).len(), 3);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!done(export(directory, &["-o", "/dev/stdout"])).is_empty());
    assert!(!done(export(directory, &["-o", "-"])).is_empty());

    refused(&export(directory, &["--filter", "oss=linux"]), "--filter has 'oss', but takes q, os");
    refused(&export(directory, &["--columns", "x"]), "columns has 'x'");
    refused(&export(directory, &["--format", "jsonl", "--lang", "en"]), "--lang is for");
    refused(&export(directory, &["--delimiter", ";", "-o", "a.xlsx"]), "--delimiter is for CSV");
    refused(&export(directory, &["-o", "nowhere/a.csv"]), "nowhere/a.csv");
    let left = fs::read_dir(directory).unwrap().count();
    assert_eq!(left, 2, "the inventory and the one file");
}

#[tokio::test]
async fn the_command_exports_beside_a_server_and_without_one() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    fs::create_dir(&data).unwrap();
    let server = ServerProcess::spawn(serve_guarded(&data));
    for (id, os) in [("a", "linux"), ("b", "windows")] {
        let mut report = body(id);
        report["os"] = os.into();
        let request = client().post(format!("{}/api/machines", server.url));
        let request = request.header("Content-Type", "application/json");
        assert_eq!(request.body(report.to_string()).send().await.unwrap().status(), 201);
    }
    all(directory.path());
    drop(server);
    all(directory.path());
}
