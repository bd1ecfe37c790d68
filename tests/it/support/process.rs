//! The real server as a child process.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A running `tatuscan serve`, killed when it is dropped.
pub(crate) struct ServerProcess {
    child: Child,
    log: BufReader<ChildStdout>,
    /// What it said until it was ready.
    pub(crate) start: String,
    pub(crate) url: String,
}

/// `tatuscan serve` on any free port of this computer over the store in `directory`, for whoever
/// asks.
pub(crate) fn serve(directory: &Path) -> Command {
    let mut command = serve_guarded(directory);
    command.env("TATUSCAN_AUTH", "off").env("TATUSCAN_BIND", "127.0.0.1");
    command
}

/// `tatuscan serve` on any free port over the store in `directory`, with nothing else set.
pub(crate) fn serve_guarded(directory: &Path) -> Command {
    let mut command = super::edge::tatuscan(directory);
    command.arg("serve").env("TATUSCAN_DB_DIR", directory).env("TATUSCAN_PORT", "0");
    command
}

impl ServerProcess {
    pub(crate) fn start(directory: &Path) -> Self {
        Self::spawn(serve(directory))
    }

    /// Starts a server and waits until it is ready.
    pub(crate) fn spawn(command: Command) -> Self {
        Self::try_spawn(command).unwrap_or_else(|said| panic!("the server did not start: {said}"))
    }

    /// As [`ServerProcess::spawn`]; what it said when it ended before it was ready.
    pub(crate) fn try_spawn(mut command: Command) -> Result<Self, String> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let mut start = String::new();
        while !start.contains("url=") {
            if log.read_line(&mut start).unwrap() == 0 {
                let mut errors = String::new();
                child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
                child.wait().unwrap();
                return Err(start + &errors);
            }
        }
        let url = start.split("url=").nth(1).unwrap().split_whitespace().next().unwrap();
        let url = url.replace("localhost", "127.0.0.1");
        Ok(Self { child, log, start, url })
    }

    /// Reads on in its log until a line holds `text`, and gives what it read; fails after 30 seconds
    /// without one.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let (found, waiting) = std::sync::mpsc::channel::<()>();
        let pid = Pid::from_raw(self.child.id().try_into().unwrap());
        std::thread::spawn(move || {
            if waiting.recv_timeout(Duration::from_secs(30)) == Err(RecvTimeoutError::Timeout) {
                kill(pid, Signal::SIGKILL).unwrap();
            }
        });
        let mut said = String::new();
        while !said.contains(text) {
            let read = self.log.read_line(&mut said).unwrap();
            assert!(read > 0, "{text:?} was never said: {said}");
        }
        drop(found);
        said
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Ends it as `kill -9` or the power does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(mut self) {
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and says how it ended, how long that took, and what it logged.
    pub(crate) fn stop(mut self, signal: Signal) -> (Option<i32>, Duration, String) {
        self.signal(signal);
        let asked = Instant::now();
        let code = self.child.wait().unwrap().code();
        let took = asked.elapsed();
        let mut log = String::new();
        self.log.read_to_string(&mut log).unwrap();
        (code, took, log)
    }

    /// Memory in use, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a server that cannot start, and says how it ended and what it printed.
pub(crate) fn refused(mut command: Command) -> (i32, String) {
    let output: Output = command.output().unwrap();
    (output.status.code().unwrap(), super::edge::text(&output))
}
