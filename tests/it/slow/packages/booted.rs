//! The Debian packages where systemd runs: in a container, with a network of its own.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::deb::{agent, next_version, server};
use super::{AGENT_SETTINGS, SERVER_SETTINGS, System, succeeds};
use crate::support::skip;

/// A system that runs, until it is dropped.
struct Booted {
    system: System,
    container: Child,
    /// Its first process, as this system numbers it.
    init: String,
}

impl Booted {
    fn boot(system: System) -> Option<Self> {
        let mut nspawn = Command::new("systemd-nspawn");
        nspawn.args(["--quiet", "--boot", "--register=no", "--keep-unit", "--private-network"]);
        nspawn.arg("--console=pipe").arg("--directory").arg(system.path());
        nspawn.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let container = match nspawn.spawn() {
            Ok(container) => container,
            Err(error) => {
                skip("booted", &format!("install the package systemd-container: {error}"));
                return None;
            }
        };
        let children = format!("/proc/{0}/task/{0}/children", container.id());
        let init = || fs::read_to_string(&children).unwrap_or_default().trim().to_owned();
        let started = Instant::now();
        while init().is_empty() {
            assert!(started.elapsed() < Duration::from_secs(30), "no container");
            std::thread::sleep(Duration::from_millis(100));
        }
        let booted = Self { init: init(), system, container };
        booted.wait_for(&["systemctl", "is-system-running"], "running");
        Some(booted)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.init, "-m", "-u", "-i", "-n", "-p", "--"]).args(arguments);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    }

    fn run(&self, arguments: &[&str]) -> String {
        succeeds(&mut self.command(arguments))
    }

    /// Asks until the answer has that word; fails after a minute without.
    fn wait_for(&self, arguments: &[&str], word: &str) {
        let started = Instant::now();
        loop {
            let output = self.command(arguments).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            if said.split_whitespace().any(|said| said == word) {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "{arguments:?}: {said}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn state(&self, service: &str) -> String {
        let output = self.command(&["systemctl", "is-active", service]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn pid(&self, service: &str) -> String {
        self.run(&["systemctl", "show", "--property=MainPID", "--value", service])
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        let _ = self.command(&["systemctl", "--force", "--force", "poweroff"]).output();
        let _ = self.container.kill();
        let _ = self.container.wait();
    }
}

#[test]
fn the_services_start_report_restart_at_an_upgrade_and_stop_when_removed() {
    let (Some(server), Some(agent), Some(system)) = (server(), agent(), System::debian()) else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (system.bring(&server), system.bring(&agent));
    let next = system.bring(&next_version(&server, SERVER_SETTINGS, directory.path()));
    system.write("etc/hosts", "127.0.0.1 localhost\n");
    let Some(booted) = Booted::boot(system) else { return };

    booted.run(&["dpkg", "-i", &first, &second]);
    assert_eq!(
        booted.state("tatuscan"),
        "active",
        "{}",
        booted.run(&["journalctl", "-u", "tatuscan"])
    );
    assert_eq!(booted.state("tatuscan-agent"), "inactive", "no server is set");
    booted.system.append(AGENT_SETTINGS, "TATUSCAN_URL=http://localhost:8040");
    booted.run(&["systemctl", "enable", "--now", "tatuscan-agent"]);
    booted.wait_for(
        &["journalctl", "--unit=tatuscan", "--output=cat", "--grep=report accepted"],
        "accepted",
    );
    booted.run(&["systemd-analyze", "verify", "tatuscan.service", "tatuscan-agent.service"]);

    let (old, untouched) = (booted.pid("tatuscan"), booted.pid("tatuscan-agent"));
    booted.run(&["dpkg", "-i", &next]);
    assert_eq!(booted.state("tatuscan"), "active");
    assert_ne!(booted.pid("tatuscan"), old, "the new program runs");
    assert_eq!(booted.pid("tatuscan-agent"), untouched);

    booted.run(&["dpkg", "--remove", "tatuscan", "tatuscan-agent"]);
    assert_ne!(booted.state("tatuscan"), "active");
    assert_ne!(booted.state("tatuscan-agent"), "active");
    assert!(booted.system.has("var/lib/tatuscan/tatuscan.redb"));
    booted.run(&["dpkg", "--purge", "tatuscan", "tatuscan-agent"]);
    assert!(
        !booted.system.has("var/lib/tatuscan")
            && !booted.system.has("var/lib/private/tatuscan-agent")
    );
}
