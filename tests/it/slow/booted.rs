//! A Debian in which systemd runs: in a container, with a network of its own.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::system::{System, succeeds};
use crate::support::skip;

/// A system that runs, until it is dropped.
pub(super) struct Booted {
    pub(super) system: System,
    container: Child,
    /// Its first process, as this system numbers it.
    init: String,
}

impl Booted {
    pub(super) fn boot(system: System) -> Option<Self> {
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
        // Something of the system's own may not work in a container.
        booted.wait_for_any(&["systemctl", "is-system-running"], &["running", "degraded"]);
        Some(booted)
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.init, "-m", "-u", "-i", "-n", "-p", "--"]).args(arguments);
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    }

    /// Runs lines of a shell, and fails where one of them does.
    pub(super) fn script(&self, lines: &str) -> String {
        self.run(&["timeout", "60", "bash", "-euo", "pipefail", "-c", lines])
    }

    pub(super) fn run(&self, arguments: &[&str]) -> String {
        succeeds(&mut self.command(arguments))
    }

    /// Asks until the answer has that word; fails after a minute without.
    pub(super) fn wait_for(&self, arguments: &[&str], word: &str) {
        self.wait_for_any(arguments, &[word]);
    }

    fn wait_for_any(&self, arguments: &[&str], words: &[&str]) {
        let started = Instant::now();
        loop {
            let output = self.command(arguments).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            if said.split_whitespace().any(|said| words.contains(&said)) {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "{arguments:?}: {said}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    pub(super) fn state(&self, service: &str) -> String {
        let output = self.command(&["systemctl", "is-active", service]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub(super) fn pid(&self, service: &str) -> String {
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
