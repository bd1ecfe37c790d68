//! The RPM packages, in a Debian whose packages rpm does not know: what they need is not asked.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{
    AGENT_ENABLED, AGENT_SETTINGS, SERVER_ENABLED, SERVER_SETTINGS, System, file, succeeds,
};
use crate::support::skip;

fn server() -> Option<PathBuf> {
    file("tatuscan-", ".x86_64.rpm")
}

fn agent() -> Option<PathBuf> {
    file("tatuscan-agent-", ".x86_64.rpm")
}

/// The same package with a higher release.
fn next(package: &Path) -> Option<PathBuf> {
    let next =
        package.parent()?.join("next").join(package.file_name()?.to_str()?.replace("-1.", "-2."));
    if next.exists() {
        return Some(next);
    }
    skip(
        "packages",
        &format!("cargo generate-rpm --set-metadata 'release = \"2\"' makes {next:?}"),
    );
    None
}

/// A system for RPM packages.
fn system() -> Option<System> {
    if let Err(error) = Command::new("rpm").arg("--version").output() {
        skip("packages", &format!("install the package rpm: {error}"));
        return None;
    }
    let system = System::debian()?;
    // Not there in such systems, and the scripts tell them apart by it.
    std::fs::remove_file(system.file("usr/bin/deb-systemd-invoke")).unwrap();
    Some(system)
}

impl System {
    fn rpm(&self, arguments: &[&str], packages: &[&Path]) -> String {
        let mut command = Command::new("rpm");
        command.arg("--root").arg(self.path()).args(["--dbpath", "/var/lib/rpm"]);
        // What Debian's rpm wants to hear.
        command.arg("--force-debian");
        succeeds(command.args(arguments).args(packages))
    }
}

#[test]
fn they_are_installed_with_settings_that_are_root_s_or_the_server_s() {
    let (Some(server), Some(agent), Some(system)) = (server(), agent(), system()) else { return };
    let said = system.rpm(&["--install", "--nodeps"], &[&server, &agent]);
    assert!(said.contains("tatuscan setup-link"), "{said}");
    assert!(said.contains("set TATUSCAN_URL there"), "{said}");

    for program in ["tatuscan", "tatuscan-agent"] {
        let version = system.run([&format!("/usr/bin/{program}"), "--version"]);
        assert_eq!(version.trim(), format!("{program} {}", env!("CARGO_PKG_VERSION")));
    }
    assert!(system.read("etc/passwd").contains("\ntatuscan:"));
    assert_eq!(system.owned(SERVER_SETTINGS), "640 root tatuscan");
    assert_eq!(system.owned(AGENT_SETTINGS), "600 root root");
    assert!(system.has(SERVER_ENABLED) && !system.has(AGENT_ENABLED));
    for path in [
        "usr/lib/systemd/system/tatuscan-agent.service",
        "usr/share/man/man1/tatuscan.1.gz",
        "usr/share/zsh/site-functions/_tatuscan",
        "usr/share/doc/tatuscan/LICENSE",
    ] {
        assert_eq!(system.owned(path), "644 root root", "{path}");
    }
    assert_eq!(system.rpm(&["--verify", "--nodeps", "tatuscan", "tatuscan-agent"], &[]), "");
    let needs = system.rpm(&["--query", "--requires", "tatuscan", "tatuscan-agent"], &[]);
    let known = ["rpmlib(", "config(tatuscan", "/bin/sh", "ca-certificates"];
    let is_known = |need: &str| known.iter().any(|known| need.starts_with(known));
    assert!(needs.lines().all(is_known), "no library: {needs}");
}

#[test]
fn an_upgrade_keeps_edited_settings_and_what_is_enabled() {
    let (Some(server), Some(agent), Some(system)) = (server(), agent(), system()) else { return };
    let (Some(next_server), Some(next_agent)) = (next(&server), next(&agent)) else { return };
    system.rpm(&["--install", "--nodeps"], &[&server, &agent]);
    system.append(SERVER_SETTINGS, "TATUSCAN_BIND=127.0.0.1");
    system.append(AGENT_SETTINGS, "TATUSCAN_URL=http://localhost:8040");
    system.run(["systemctl", "enable", "tatuscan-agent"]);
    system.run(["systemctl", "disable", "tatuscan"]);

    system.rpm(&["--upgrade", "--nodeps"], &[&next_server, &next_agent]);
    let known = system.rpm(&["--query", "tatuscan", "tatuscan-agent"], &[]);
    assert_eq!(known.lines().filter(|package| package.contains("-2.")).count(), 2, "{known}");
    assert!(system.read(SERVER_SETTINGS).ends_with("TATUSCAN_BIND=127.0.0.1\n"));
    assert!(system.read(AGENT_SETTINGS).ends_with("TATUSCAN_URL=http://localhost:8040\n"));
    assert_eq!(system.owned(SERVER_SETTINGS), "640 root tatuscan");
    assert!(system.has(AGENT_ENABLED) && !system.has(SERVER_ENABLED));
}

#[test]
fn erased_they_keep_the_data_and_edited_settings() {
    let (Some(server), Some(agent), Some(system)) = (server(), agent(), system()) else { return };
    let before = system.traces();
    system.rpm(&["--install", "--nodeps"], &[&server, &agent]);
    system.rpm(&["--erase", "tatuscan", "tatuscan-agent"], &[]);
    assert_eq!(system.traces(), before, "nobody used or edited anything");

    system.rpm(&["--install", "--nodeps"], &[&server, &agent]);
    system.write("var/lib/tatuscan/tatuscan.redb", "an inventory");
    system.append(AGENT_SETTINGS, "TATUSCAN_URL=http://localhost:8040");

    system.rpm(&["--erase", "tatuscan", "tatuscan-agent"], &[]);
    assert!(!system.has("usr/bin/tatuscan") && !system.has(SERVER_ENABLED));
    assert_eq!(system.read("var/lib/tatuscan/tatuscan.redb"), "an inventory");
    let saved = system.read(&format!("{AGENT_SETTINGS}.rpmsave"));
    assert!(saved.ends_with("TATUSCAN_URL=http://localhost:8040\n"), "{saved}");
}
