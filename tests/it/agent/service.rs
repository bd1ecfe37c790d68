//! The agent as a service of systemd, installed below a directory of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::edge::{tatuscan, text};
use crate::support::unit;

const UNIT: &str = "etc/systemd/system/tatuscan-agent.service";
const SETTINGS: &str = "etc/tatuscan/agent.env";
const PROGRAM: &str = "usr/local/bin/tatuscan-agent";

fn install(root: &Path, arguments: &[&str]) -> Output {
    let mut command = tatuscan(root);
    command.args(["agent", "install", "--destination"]).arg(root).args(arguments);
    command.output().unwrap()
}

fn read(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).unwrap()
}

fn mode(root: &Path, path: &str) -> u32 {
    fs::metadata(root.join(path)).unwrap().permissions().mode() & 0o7777
}

#[test]
fn install_writes_three_files_and_again_changes_only_what_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let secret = "tse_secret";
    let arguments = ["--url", "https://h.example/x", "--enroll-token", secret, "--no-users"];
    let output = install(root, &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(!text(&output).contains(secret), "{}", text(&output));
    let expected = "TATUSCAN_URL=https://h.example/x\nTATUSCAN_ENROLL_TOKEN=tse_secret\nTATUSCAN_NO_USERS=yes\n";
    assert_eq!(read(root, SETTINGS), expected);
    assert_eq!(
        (mode(root, SETTINGS), mode(root, PROGRAM), mode(root, UNIT)),
        (0o600, 0o755, 0o644)
    );
    assert!(!read(root, UNIT).contains(secret));

    let before = read(root, UNIT);
    let output = install(root, &arguments);
    assert_eq!(text(&output).matches("as it should be").count(), 3, "{}", text(&output));
    let output = install(root, &["--interval", "5m"]);
    assert_eq!(output.status.code(), Some(0), "the address is known: {}", text(&output));
    assert_eq!(read(root, SETTINGS), format!("{expected}TATUSCAN_INTERVAL=5m\n"));
    assert_eq!(read(root, UNIT), before);

    // The copy is the agent, called as the unit calls it.
    let mut copy = Command::new(root.join(PROGRAM));
    let copy = copy.args(["--daemon", "--interval", "no"]).env_clear().output().unwrap();
    assert!(text(&copy).contains("TATUSCAN_INTERVAL"), "{}", text(&copy));

    let mut copy = Command::new(root.join(PROGRAM));
    let copy = copy.arg("doctor").env_clear().env("TATUSCAN_STATE_DIR", root).output().unwrap();
    assert!(text(&copy).contains("identity"), "not the server's doctor: {}", text(&copy));

    let mut remove = tatuscan(root);
    remove.args(["agent", "uninstall", "--destination"]).arg(root);
    for _ in 0..2 {
        let output = remove.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        assert!(!root.join(UNIT).exists() && !root.join(PROGRAM).exists());
    }
    assert!(root.join(SETTINGS).exists());
}

#[test]
fn wrong_settings_and_a_missing_address_are_refused_before_anything_is_written() {
    let directory = tempfile::tempdir().unwrap();
    for (arguments, said) in [
        (&[][..], "which server?"),
        (&["--url", "h:8040"], "http://"),
        (&["--url", "http://h", "--interval", "0s"], "TATUSCAN_INTERVAL"),
        (&["--url", "http://h", "--tls-pin", "x"], "TATUSCAN_TLS_PIN"),
    ] {
        let output = install(directory.path(), arguments);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        assert!(text(&output).contains(said), "{}", text(&output));
    }
    let output = install(directory.path(), &["--url", "http://h", "--dry-run"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("DynamicUser=yes"), "{}", text(&output));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn the_originals_agent_hands_over_its_settings_and_its_server_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let units = root.join("etc/systemd/system");
    fs::create_dir_all(&units).unwrap();
    fs::create_dir_all(root.join("opt/tatuscan")).unwrap();
    let old = units.join("tatuscan.service");
    let server =
        "[Service]\nEnvironment=TATUSCAN_URL=http://x\nExecStart=/opt/x/gunicorn app:app\n";
    fs::write(&old, server).unwrap();
    assert_eq!(install(root, &[]).status.code(), Some(1), "that was no agent's address");

    fs::write(root.join("opt/tatuscan/.env"), "TATUSCAN_URL='http://old:8040'\nX=1\n").unwrap();
    let agent = "[Service]\nEnvironment=\"TATUSCAN_INTERVAL=30s\"\nEnvironmentFile=-/opt/tatuscan/.env\n\
                 ExecStart=/usr/local/bin/tatuscan -d\n";
    fs::write(&old, agent).unwrap();
    let output = install(root, &["--interval", "2m"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("tatuscan.service is the earlier agent"), "{}", text(&output));
    assert_eq!(read(root, SETTINGS), "TATUSCAN_URL=http://old:8040\nTATUSCAN_INTERVAL=2m\n");
    // The other way round: what is settled stays, whatever the old unit says.
    assert_eq!(install(root, &["--url", "http://new"]).status.code(), Some(0));
    assert_eq!(install(root, &[]).status.code(), Some(0));
    assert_eq!(read(root, SETTINGS), "TATUSCAN_INTERVAL=2m\nTATUSCAN_URL=http://new\n");
}

#[test]
fn systemd_finds_no_fault_with_the_unit_and_little_that_it_exposes() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let output = install(root, &["--url", "http://h"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    unit::is_sound(&root.join(UNIT));
}
