//! The Debian packages.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{
    AGENT_ENABLED, AGENT_SETTINGS, SERVER_ENABLED, SERVER_SETTINGS, System, file, succeeds,
};
use crate::support::edge::text;
use crate::support::skip;

pub(super) fn server() -> Option<PathBuf> {
    file("tatuscan_", "_amd64.deb")
}

pub(super) fn agent() -> Option<PathBuf> {
    file("tatuscan-agent_", "_amd64.deb")
}

impl System {
    /// Installs packages, or upgrades to them; settings that were edited stay.
    fn install(&self, packages: &[&Path]) -> String {
        let mut command = vec!["dpkg".to_owned(), "--force-confold".to_owned(), "-i".to_owned()];
        command.extend(packages.iter().map(|package| self.bring(package)));
        succeeds(&mut self.command(command))
    }
}

/// The package as its next version would be, with another line in its settings.
pub(super) fn next_version(package: &Path, settings: &str, directory: &Path) -> PathBuf {
    let tree = directory.join("tree");
    succeeds(Command::new("dpkg-deb").arg("-R").arg(package).arg(&tree));
    let control = fs::read_to_string(tree.join("DEBIAN/control")).unwrap();
    let lines = control.lines().map(|line| match line.strip_prefix("Version: ") {
        Some(version) => format!("Version: {version}.next\n"),
        None => format!("{line}\n"),
    });
    fs::write(tree.join("DEBIAN/control"), lines.collect::<String>()).unwrap();
    let text = fs::read_to_string(tree.join(settings)).unwrap();
    fs::write(tree.join(settings), format!("{text}# A setting of the next version.\n")).unwrap();
    let next = directory.join("next.deb");
    succeeds(Command::new("dpkg-deb").args(["-b", "--root-owner-group"]).arg(&tree).arg(&next));
    next
}

#[test]
fn the_server_is_installed_with_its_user_its_settings_and_its_service_enabled() {
    let (Some(package), Some(system)) = (server(), System::debian()) else { return };
    let said = system.install(&[&package]);
    assert!(said.contains("tatuscan setup-link"), "the way to the first login: {said}");

    assert_eq!(
        system.run(["/usr/bin/tatuscan", "--version"]).trim(),
        format!("tatuscan {}", env!("CARGO_PKG_VERSION"))
    );
    let passwd = system.read("etc/passwd");
    let user = passwd.lines().find(|line| line.starts_with("tatuscan:")).unwrap();
    assert!(user.contains(":/var/lib/tatuscan:") && user.ends_with("nologin"), "{user}");
    assert_eq!(system.owned("etc/tatuscan"), "755 root root");
    assert_eq!(system.owned(SERVER_SETTINGS), "640 root tatuscan");
    let settings = system.read(SERVER_SETTINGS);
    assert!(settings.contains("\n#TATUSCAN_PORT=8040\n"), "{settings}");
    let set = settings.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(
        set.collect::<Vec<_>>(),
        ["TATUSCAN_DB_DIR=/var/lib/tatuscan", "TATUSCAN_BACKUP_DIR=/var/backups/tatuscan"]
    );
    assert!(!settings.contains("TATUSCAN_URL"), "the agent's");
    assert_eq!(system.owned("var/backups/tatuscan"), "700 tatuscan tatuscan");
    assert!(system.has(SERVER_ENABLED), "starts at every boot");
    for path in [
        "usr/lib/systemd/system/tatuscan.service",
        "usr/lib/sysusers.d/tatuscan.conf",
        "usr/lib/tmpfiles.d/tatuscan.conf",
        "usr/share/man/man1/tatuscan.1.gz",
        "usr/share/bash-completion/completions/tatuscan",
        "usr/share/zsh/vendor-completions/_tatuscan",
        "usr/share/fish/vendor_completions.d/tatuscan.fish",
        "usr/share/doc/tatuscan/copyright",
        "usr/share/doc/tatuscan/README.md",
    ] {
        assert_eq!(system.owned(path), "644 root root", "{path}");
    }
    assert_eq!(system.run(["dpkg", "--verify", "tatuscan"]), "");
}

#[test]
fn the_agent_is_not_started_before_its_settings_say_which_server() {
    let (Some(package), Some(system)) = (agent(), System::debian()) else { return };
    let said = system.install(&[&package]);
    assert!(said.contains("set TATUSCAN_URL there"), "{said}");
    assert!(!system.has(AGENT_ENABLED));
    assert_eq!(system.owned(AGENT_SETTINGS), "600 root root");
    assert!(system.has("usr/share/man/man1/tatuscan-agent.1.gz"));
    assert_eq!(
        system.run(["/usr/bin/tatuscan-agent", "--version"]).trim(),
        format!("tatuscan-agent {}", env!("CARGO_PKG_VERSION"))
    );
    system.run(["dpkg", "--purge", "tatuscan-agent"]);

    // As whoever installs many machines does it: the settings are there before the package.
    system.write(AGENT_SETTINGS, "TATUSCAN_URL=http://inventory:8040\n");
    let said = system.install(&[&package]);
    assert!(system.has(AGENT_ENABLED), "{said}");
    assert_eq!(system.read(AGENT_SETTINGS), "TATUSCAN_URL=http://inventory:8040\n");
}

#[test]
fn an_upgrade_keeps_edited_settings_and_a_service_that_was_disabled() {
    let (Some(package), Some(system)) = (server(), System::debian()) else { return };
    system.install(&[&package]);
    system.append(SERVER_SETTINGS, "TATUSCAN_BIND=127.0.0.1");
    let edited = system.read(SERVER_SETTINGS);
    system.run(["systemctl", "disable", "tatuscan"]);

    let directory = tempfile::tempdir().unwrap();
    system.install(&[&next_version(&package, SERVER_SETTINGS, directory.path())]);
    let versions = system.run(["dpkg-query", "-W", "-f=${Version}", "tatuscan"]);
    assert!(versions.ends_with(".next"), "{versions}");
    assert_eq!(system.read(SERVER_SETTINGS), edited);
    assert_eq!(system.owned(SERVER_SETTINGS), "640 root tatuscan");
    let new = system.read(&format!("{SERVER_SETTINGS}.dpkg-dist"));
    assert!(new.contains("# A setting of the next version."), "beside it, to be compared");
    assert!(!system.has(SERVER_ENABLED));
}

#[test]
fn removed_packages_keep_their_data_and_purged_ones_leave_nothing() {
    let (Some(server), Some(agent), Some(system)) = (server(), agent(), System::debian()) else {
        return;
    };
    let before = system.traces();
    system.install(&[&server, &agent]);
    system.write("var/lib/tatuscan/tatuscan.redb", "an inventory");
    system.write("var/lib/private/tatuscan-agent/machine.key", "a key");
    symlink("private/tatuscan-agent", system.file("var/lib/tatuscan-agent")).unwrap();
    system.write("var/backups/tatuscan/one.backup", "a backup");
    system.append(AGENT_SETTINGS, "TATUSCAN_URL=http://localhost:8040");

    system.run(["dpkg", "--remove", "tatuscan", "tatuscan-agent"]);
    assert!(!system.has("usr/bin/tatuscan") && !system.has("usr/bin/tatuscan-agent"));
    assert_eq!(system.read("var/lib/tatuscan/tatuscan.redb"), "an inventory");
    assert_eq!(system.read("var/lib/tatuscan-agent/machine.key"), "a key");
    assert!(system.has(SERVER_SETTINGS) && system.has(AGENT_SETTINGS));

    system.install(&[&server, &agent]);
    assert!(system.has(SERVER_ENABLED), "as it was before it was removed");

    let said = system.run(["dpkg", "--purge", "tatuscan"]);
    assert!(said.contains("the backups in /var/backups/tatuscan stay"), "{said}");
    assert!(!system.has(SERVER_SETTINGS) && !system.has(SERVER_ENABLED));
    assert!(!system.has("var/lib/tatuscan"));
    assert!(system.read(AGENT_SETTINGS).contains("TATUSCAN_URL=http"), "the other package's");

    fs::remove_dir_all(system.file("var/backups/tatuscan")).unwrap();
    system.run(["dpkg", "--purge", "tatuscan-agent"]);
    assert!(!system.has("etc/tatuscan"));
    assert_eq!(system.traces(), before);
}

#[test]
fn an_installation_that_hides_the_packages_service_is_named_and_left_alone() {
    let (Some(package), Some(system)) = (server(), System::debian()) else { return };
    let unit = "etc/systemd/system/tatuscan.service";
    system.write(unit, "[Service]\nExecStart=/opt/tatuscan/run\n");
    let said = system.install(&[&package]);
    assert!(said.contains("/etc/systemd/system/tatuscan.service is from another"), "{said}");
    assert!(!system.has(SERVER_ENABLED));
    assert_eq!(system.read(unit), "[Service]\nExecStart=/opt/tatuscan/run\n");
}

#[test]
fn they_are_installed_and_purged_where_there_is_no_systemd() {
    let (Some(server), Some(agent), Some(system)) = (server(), agent(), System::debian()) else {
        return;
    };
    for program in ["systemctl", "systemd-sysusers", "deb-systemd-invoke"] {
        let _ = fs::remove_file(system.file(&format!("usr/bin/{program}")));
    }
    assert!(!system.try_run(["systemctl", "--version"]).status.success());
    system.install(&[&server, &agent]);
    assert!(system.read("etc/passwd").contains("\ntatuscan:"));
    assert_eq!(system.owned(SERVER_SETTINGS), "640 root tatuscan");
    system.run(["dpkg", "--purge", "tatuscan", "tatuscan-agent"]);
    assert!(!system.has("etc/tatuscan"));
}

#[test]
fn debians_own_checker_finds_no_error() {
    let (Some(server), Some(agent)) = (server(), agent()) else { return };
    let output =
        Command::new("lintian").args(["--fail-on", "error"]).arg(server).arg(agent).output();
    match output {
        Ok(output) => assert!(output.status.success(), "{}", text(&output)),
        Err(error) => skip("lintian", &format!("install the package lintian: {error}")),
    }
}
