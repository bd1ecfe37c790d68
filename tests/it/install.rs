//! `tatuscan install`, below a directory of its own, and what a package needs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use crate::support::edge::{tatuscan, text};
use crate::support::process::{ServerProcess, serve};
use crate::support::unit;

const UNIT: &str = "etc/systemd/system/tatuscan.service";
const SETTINGS: &str = "etc/tatuscan/tatuscan.env";
const PROGRAM: &str = "usr/local/bin/tatuscan";
/// A backup a day, unless somebody says otherwise.
const BACKUPS: &str = "TATUSCAN_BACKUP_DIR=/var/backups/tatuscan";

fn run(root: &Path, arguments: &[&str]) -> Output {
    let mut command = tatuscan(root);
    let destination = root.to_str().unwrap();
    command.args(arguments).args(["--destination", destination]).output().unwrap()
}

fn install(root: &Path, arguments: &[&str]) -> String {
    let output = run(root, &[&["install"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    text(&output)
}

fn read(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn write(root: &Path, path: &str, content: impl AsRef<[u8]>) {
    fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
    fs::write(root.join(path), content).unwrap();
}

/// What the settings' file sets, without what it only names.
fn set(root: &Path) -> Vec<String> {
    let text = read(root, SETTINGS);
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(Into::into).collect()
}

#[test]
fn install_writes_its_files_and_again_changes_only_what_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let secret = "SQLALCHEMY_DATABASE_URI=postgresql://u:secret@db/x";
    let said = install(root, &["TIMEZONE=America/Manaus", secret]);
    assert!(!said.contains("secret"), "{said}");
    let mode = |path: &str| fs::metadata(root.join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(SETTINGS), mode(PROGRAM), mode(UNIT)), (0o600, 0o755, 0o644));
    let (backups, data) = (BACKUPS, "TATUSCAN_DB_DIR=/var/lib/tatuscan");
    assert_eq!(set(root), [secret, backups, data, "TIMEZONE=America/Manaus"]);
    assert!(read(root, SETTINGS).contains("#TATUSCAN_PORT=8040"), "the others are named");
    assert!(read(root, UNIT).contains("ExecStart=/usr/local/bin/tatuscan serve\n"));

    let said = install(root, &[]);
    assert_eq!(said.matches("as it should be").count(), 5, "{said}");
    let said = install(root, &["TIMEZONE=UTC"]);
    assert_eq!(said.matches("as it should be").count(), 4, "{said}");
    assert_eq!(set(root), [secret, backups, data, "TIMEZONE=UTC"]);

    for _ in 0..2 {
        assert_eq!(run(root, &["uninstall"]).status.code(), Some(0));
        assert!(!root.join(UNIT).exists() && !root.join(PROGRAM).exists());
        assert!(root.join(SETTINGS).exists());
    }
    assert_eq!(run(root, &["uninstall", "--purge"]).status.code(), Some(0));
    assert!(!root.join("etc/tatuscan").exists());
}

#[test]
fn what_cannot_be_used_is_refused_before_anything_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    for (arguments, said) in [
        (&["TATUSCAN_PRT=80"][..], "Did you mean TATUSCAN_PORT?"),
        (&["8040"], "Write NAME=VALUE"),
        (&["TATUSCAN_PORT=x"], "TATUSCAN_PORT (--port)"),
        (&["TATUSCAN_DB_DIR=/home/x/data"], "hidden from services"),
        (&["TATUSCAN_DB_DIR=data"], "TATUSCAN_DB_DIR: data is no whole path"),
        (&["TATUSCAN_DB_DIR=/srv/x/../../etc"], "without .."),
        (&["TATUSCAN_DB_DIR=/srv"], "not TatuScan's alone"),
        (&["TATUSCAN_BACKUP_DIR=/var/backups"], "TATUSCAN_BACKUP_DIR: /var/backups is not"),
        (&["TATUSCAN_DB_FILE=/etc/tatuscan/x.redb"], "not TatuScan's alone"),
        (&["--url", "http://h"], "tatuscan agent install --url URL"),
    ] {
        let output = run(root, &[&["install"], arguments].concat());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        assert!(text(&output).contains(said), "{}", text(&output));
    }
    let said = install(root, &["--dry-run", "--agent"]);
    assert!(said.contains("Type=notify") && said.contains("DynamicUser=yes"), "{said}");
    assert_eq!(fs::read_dir(root).unwrap().count(), 0);
}

#[test]
fn other_directories_that_the_settings_name_are_opened_to_the_service() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    install(root, &["TATUSCAN_DB_DIR=/srv/tatuscan", "TATUSCAN_BACKUP_DIR=/mnt/nas"]);
    let more = "etc/systemd/system/tatuscan.service.d/paths.conf";
    let expected = "[Service]\nReadWritePaths=-/mnt/nas\nReadWritePaths=-/srv/tatuscan\n";
    assert_eq!(read(root, more), expected);
    let said = install(root, &["TATUSCAN_DB_DIR=/var/lib/tatuscan", "TATUSCAN_BACKUP_DIR="]);
    assert!(!root.join(more).exists(), "{said}");
}

#[test]
fn the_originals_server_hands_over_its_settings_and_its_inventory() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let database = include_bytes!("fixtures/legacy/sqlite.db");
    let unit = "[Service]\nWorkingDirectory=/opt/tatuscan\nEnvironment=\"LOG_LEVEL=warning\"\n\
                ExecStart=/opt/tatuscan/.venv/bin/gunicorn --bind 0.0.0.0:8040 app:app\n";
    write(root, UNIT, unit);
    let edited = "etc/systemd/system/tatuscan.service.d/override.conf";
    write(root, edited, "[Service]\nUser=www-data\nEnvironment=TATUSCAN_OFFLINE=20m\n");
    write(root, "etc/systemd/system/tatuscan.socket", "[Socket]\nListenStream=8040\n");
    write(root, "etc/systemd/system/tatuscan-web.service", "[Service]\nExecStart=/opt/x/web\n");
    write(root, "opt/tatuscan/data/machines.db", database);
    let old = "SECRET_KEY=x\nTIMEZONE='America/Manaus'\nTATUSCAN_DB_DIR=./data\n\
               TATUSCAN_DB_FILE=machines.db\nLOG_LEVEL=debug\nTATUSCAN_URL=http://x:8040\nHOST=1\n";
    write(root, "opt/tatuscan/.env", old);
    let said = install(root, &["TATUSCAN_PORT=80"]);
    assert!(said.contains("tatuscan.socket is of an earlier installation"), "{said}");
    let expected = [
        "LOG_LEVEL=warning",
        BACKUPS,
        "TATUSCAN_DB_DIR=/var/lib/tatuscan",
        "TATUSCAN_DB_FILE=machines.db",
        "TATUSCAN_OFFLINE=20m",
        "TATUSCAN_PORT=80",
        "TIMEZONE=America/Manaus",
    ];
    assert_eq!(set(root), expected);
    assert_eq!(read(root, "etc/tatuscan/original/tatuscan.service"), unit);
    assert!(root.join("etc/tatuscan/original/tatuscan.socket").exists());
    assert!(!root.join("etc/systemd/system/tatuscan-web.service").exists());
    assert!(!root.join(edited).exists(), "it would be ours");
    assert!(!root.join("etc/systemd/system/tatuscan.socket").exists());
    let left = fs::read(root.join("opt/tatuscan/data/machines.db")).unwrap();
    assert!(left == database, "the original's own file stays as it was");
    // The copy is what a server with these settings adopts.
    let mut server = serve(&root.join("var/lib/tatuscan"));
    server.env("TATUSCAN_DB_FILE", "machines.db");
    let server = ServerProcess::spawn(server);
    assert!(!server.start.contains("machines=0"), "{}", server.start);
    // Again: nothing of the original's is there any more.
    assert!(!install(root, &[]).contains("earlier installation"));
    // Whatever goes, what was the original's does not.
    let output = run(root, &["uninstall", "--purge"]);
    assert!(text(&output).contains("/etc/tatuscan/original stay"), "{}", text(&output));
    assert_eq!(read(root, "etc/tatuscan/original/tatuscan.service"), unit);
}

#[test]
fn supervisors_program_and_an_agent_under_the_servers_name_are_taken_over() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let program = "[program:tatuscan]\ncommand=/opt/tatuscan/.venv/bin/gunicorn app:app\n\
                   directory=/opt/tatuscan\nenvironment=TIMEZONE=\"America/Belem\",LOG_LEVEL=error\n";
    write(root, "etc/supervisor/conf.d/tatuscan.conf", program);
    let agent = "[Service]\nEnvironment=TATUSCAN_URL=http://old:8040\n\
                 ExecStart=/usr/local/bin/tatuscan -d\n";
    write(root, UNIT, agent);
    install(root, &[]);
    let data = "TATUSCAN_DB_DIR=/var/lib/tatuscan";
    assert_eq!(set(root), ["LOG_LEVEL=error", BACKUPS, data, "TIMEZONE=America/Belem"]);
    assert_eq!(read(root, "etc/tatuscan/original/supervisor-tatuscan.conf"), program);
    assert!(!root.join("etc/supervisor/conf.d/tatuscan.conf").exists());
    assert_eq!(read(root, "etc/tatuscan/agent.env"), "TATUSCAN_URL=http://old:8040\n");
    assert!(read(root, UNIT).contains("tatuscan serve"), "the name is the server's now");
    assert!(root.join("etc/systemd/system/tatuscan-agent.service").exists());
    assert_eq!(read(root, "etc/tatuscan/original/tatuscan.service"), agent);
}

#[test]
fn a_server_that_came_with_a_package_is_left_to_it() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let unit = include_str!("../../appliance/systemd/tatuscan.service");
    write(root, "usr/lib/systemd/system/tatuscan.service", unit);
    for (command, said) in [("install", "with a package"), ("uninstall", "apt remove")] {
        let output = run(root, &[command]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output).contains(said), "{}", text(&output));
    }
}

#[test]
fn systemd_finds_no_fault_with_the_unit_and_little_that_it_exposes() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    install(root, &[]);
    unit::is_sound(&root.join(UNIT));
}

#[test]
fn shells_and_man_are_told_every_command() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    for shell in ["bash", "zsh", "fish"] {
        let output = tatuscan(root).args(["completions", shell]).output().unwrap();
        assert!(text(&output).contains("setup-link"), "{shell}");
    }
    let pages = root.join("man");
    let written = tatuscan(root).args(["man", "--to"]).arg(&pages).status().unwrap();
    assert!(written.success());
    for (page, said) in [
        ("tatuscan.1", "tatuscan\\-serve(1)"),
        ("tatuscan-serve.1", "TATUSCAN_PORT"),
        ("tatuscan-agent-install.1", "dry\\-run"),
        ("tatuscan-agent.1", "TATUSCAN_URL"),
    ] {
        let text = fs::read_to_string(pages.join(page)).unwrap();
        assert!(text.contains(said), "{page}: {text}");
    }
}

#[test]
fn healthcheck_says_whether_the_server_of_this_machine_is_well() {
    let directory = tempfile::tempdir().unwrap();
    let check = || {
        let mut command = tatuscan(directory.path());
        command.arg("healthcheck").env("TATUSCAN_DB_DIR", directory.path()).output().unwrap()
    };
    let output = check();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("TATUSCAN_DB_DIR"), "{}", text(&output));
    let server = ServerProcess::start(directory.path());
    let output = check();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains(&server.url), "{}", text(&output));
    server.kill();
    let output = check();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("does not answer"), "{}", text(&output));
}
