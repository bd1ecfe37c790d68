//! The commands of the documents: they are commands of these programs, and those of the README that need
//! one computer only do what they say, as they are written.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use clap::{CommandFactory as _, Parser as _};
use tatuscan::cli::{Tatuscan, TatuscanAgent};

use super::{files, read};
use crate::support::edge::{tatuscan, text};
use crate::support::process::ServerProcess;
use crate::support::server::client;

/// What stands after `$` in the text's blocks of a terminal, each as many lines as it takes.
fn commands(text: &str) -> Vec<String> {
    let blocks = text.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut found: Vec<String> = Vec::new();
    for block in blocks {
        let mut is_open = false;
        for line in block.lines() {
            if let Some(begun) = line.strip_prefix("$ ") {
                found.push(begun.to_owned());
            } else if is_open {
                let command = found.last_mut().unwrap();
                command.push('\n');
                command.push_str(line);
            } else {
                continue;
            }
            let command = found.last().unwrap();
            is_open = command.ends_with('\\') || command.matches('\'').count() % 2 == 1;
        }
    }
    found
}

/// `command` in a shell in which the programs tell only what they are called with.
fn calls(command: &str) -> Vec<Vec<String>> {
    let told = |name: &str| format!("{name}() {{ printf '\\1{name}'; printf '\\2%s' \"$@\"; }}\n");
    let names = ["tatuscan", "tatuscan-agent", "./tatuscan", "./tatuscan-agent"];
    let script = names.map(told).concat() + "sudo() { \"$@\"; }\n" + command;
    // Where it looks for files there are none.
    let place = tempfile::tempdir().unwrap();
    let output = Command::new("bash").args(["-c", &script]).current_dir(place.path()).output();
    let said = String::from_utf8(output.unwrap().stdout).unwrap();
    let calls = said.split('\u{1}').skip(1);
    calls.map(|call| call.split('\u{2}').map(str::to_owned).collect()).collect()
}

/// Whether nothing but these programs is run by it.
fn is_ours(command: &str) -> bool {
    let mut words = command.split_whitespace().filter(|word| {
        let set = word.split_once('=').map(|(name, _)| name);
        *word != "sudo"
            && !set.is_some_and(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
    });
    let first = words.next().unwrap_or_default().trim_start_matches("./");
    matches!(first, "tatuscan" | "tatuscan-agent") && !command.contains('>')
}

#[test]
fn every_command_in_the_documents_is_one_of_the_programs() {
    let documents = files("appliance/doc");
    let documents =
        documents.iter().filter(|file| file.extension().is_some_and(|kind| kind == "md"));
    let texts = documents.map(read).chain([read("README.md")]);
    let mut count = 0;
    for command in texts.flat_map(|text| commands(&text)).filter(|command| is_ours(command)) {
        for call in calls(&command) {
            count += 1;
            let parsed = if call[0].ends_with("agent") {
                TatuscanAgent::try_parse_from(&call).map(|_| ())
            } else {
                Tatuscan::try_parse_from(&call).map(|_| ())
            };
            if let Err(error) = parsed {
                assert!(!error.use_stderr(), "{command}\n{error}");
            }
        }
    }
    assert!(count > 30, "{count}");
    Tatuscan::command().debug_assert();
}

/// What a command needs that is not on every computer, or is not a command to run twice.
const ELSEWHERE: [&str; 22] = [
    "server:8040",
    "sudo ",
    "systemctl",
    "pkill",
    "cargo ",
    "rustup",
    "docker",
    "kubectl",
    " serve",
    "agent",
    "export SQL",
    "postgresql:",
    "restore",
    "…",
    "...",
    "tail ",
    "ssh ",
    "curl -L",
    "tar ",
    " ID",
    "5f1c0e9a7b3d",
    "./tatuscan",
];

/// Runs a command of the README in `directory`, where a server that listens at `port` has its `data`.
fn run(directory: &Path, port: &str, command: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_tatuscan");
    let command = command.replace("localhost:8040", &format!("localhost:{port}"));
    let command = command.replace("/backups/", "./backups/");
    let script = format!(
        "set -e; curl() {{ command curl --noproxy '*' --silent --show-error --fail-with-body \"$@\"; }}\n\
         tatuscan() {{ {program} \"$@\"; }}\n{command}\n"
    );
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).current_dir(directory).env_clear();
    shell.env("PATH", "/usr/local/bin:/usr/bin:/bin").output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_readmes_commands_do_what_it_says_as_they_are_written() {
    if !super::installed("curl", "curl") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    for folder in ["backups", "data"] {
        fs::create_dir(here.join(folder)).unwrap();
    }
    fs::write(here.join("rooms.csv"), "hostname,room\nlab-01-pc07,7\n").unwrap();
    fs::write(here.join("inventario.csv"), "NUMERO;DATA DA CARGA\n07;15/01/2024\n").unwrap();
    fs::write(here.join("list.csv"), "asset_number,Andar,Obs\n10422,3,ok\n").unwrap();
    let mut serve = tatuscan(here);
    serve.arg("serve").env("TATUSCAN_PORT", "0").env("TATUSCAN_DB_DIR", here.join("data"));
    let server = ServerProcess::spawn(serve);
    let port = server.url.rsplit(':').next().unwrap();
    let token = fs::read_to_string(here.join("data/admin.token")).unwrap();
    for key in ["floor", "rack"] {
        let field = format!(r#"{{"key":"{key}","label":"{key}","type":"text"}}"#);
        let field = client().post(format!("{}/api/fields", server.url)).body(field);
        let field = field.bearer_auth(token.trim()).header("Content-Type", "application/json");
        let answer = field.send().await.unwrap();
        assert!(answer.status().is_success(), "{:?}", answer.text().await);
    }
    let mut count = 0;
    for command in commands(&read("README.md")) {
        if ELSEWHERE.iter().any(|word| command.contains(word)) {
            continue;
        }
        let output = run(here, port, &command);
        assert!(output.status.success(), "$ {command}\n{}", text(&output));
        count += 1;
    }
    assert!(count >= 28, "{count} commands");
    assert!(here.join("backups/monday.redb").exists() && here.join("machines.xlsx").exists());
}
