//! A database server of a test's own, which it may stop, kill and start again.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User};
use tempfile::TempDir;

use super::skip;
use super::tls::{Authority, Pair, params};

/// Which program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    Mysql,
}

/// A server with a database `tatuscan` and a password that no log may show.
pub(crate) struct DatabaseServer {
    kind: Kind,
    directory: TempDir,
    port: u16,
    child: Option<Child>,
    /// A certificate and its key, where clients may encrypt.
    tls: Option<Pair>,
}

pub(crate) const PASSWORD: &str = "s3cr3t-pa55";

impl DatabaseServer {
    /// A running server; skipped aloud where the program, or root to start it, is missing.
    pub(crate) fn start(kind: Kind) -> Option<Self> {
        Self::start_with(kind, None)
    }

    /// One that shows a certificate of this authority.
    pub(crate) fn start_with(kind: Kind, authority: Option<&Authority>) -> Option<Self> {
        let (what, user, package) = match kind {
            Kind::Postgres => ("postgres", "postgres", "postgresql"),
            Kind::Mysql => ("mysql", "mysql", "mariadb-server"),
        };
        let owner = User::from_name(user).ok().flatten();
        let is_here = kind.program().is_some_and(|program| Path::new(&program).is_file());
        let Some(owner) = owner.filter(|_| is_here && nix::unistd::geteuid().is_root()) else {
            let why = format!("needs root and a server of its own: apt-get install {package}");
            skip(what, &why);
            return None;
        };
        let directory = tempfile::tempdir().unwrap();
        chown(directory.path(), Some(owner.uid.as_raw()), Some(owner.gid.as_raw())).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let tls = authority.map(|authority| {
            let pair = authority.issue(directory.path(), "server", &params());
            for file in [&pair.certificate, &pair.key] {
                chown(file, Some(owner.uid.as_raw()), Some(owner.gid.as_raw())).unwrap();
                fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
            }
            pair
        });
        let mut server = Self { kind, directory, port, child: None, tls };
        server.prepare();
        server.go_on();
        server.make_database();
        Some(server)
    }

    fn data(&self) -> String {
        self.directory.path().join("data").display().to_string()
    }

    fn prepare(&self) {
        let mut command = match self.kind {
            Kind::Postgres => {
                let mut command = as_user("postgres", &postgres_program("initdb").unwrap());
                command.args(["-A", "trust", "-U", "postgres", "--no-sync", "-D", &self.data()]);
                command
            }
            Kind::Mysql => {
                let mut command = Command::new("mariadb-install-db");
                command.args(["--no-defaults", "--user=mysql", "--skip-test-db"]);
                command.arg("--auth-root-authentication-method=normal");
                command.arg(format!("--datadir={}", self.data()));
                command
            }
        };
        let done = command.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Starts the server that was stopped, and waits until it answers.
    pub(crate) fn go_on(&mut self) {
        let program = self.kind.program().unwrap();
        let socket = self.directory.path();
        let mut command = match self.kind {
            Kind::Postgres => {
                let mut command = as_user("postgres", &program);
                command.args(["-D", &self.data(), "-p", &self.port.to_string()]);
                command.arg("-k").arg(socket).args(["-c", "listen_addresses=127.0.0.1"]);
                if let Some(Pair { certificate, key }) = &self.tls {
                    command.args(["-c", "ssl=on"]);
                    command.args(["-c", &format!("ssl_cert_file={}", certificate.display())]);
                    command.args(["-c", &format!("ssl_key_file={}", key.display())]);
                }
                command
            }
            Kind::Mysql => {
                let mut command = Command::new(program);
                command.args(["--no-defaults", "--user=mysql", "--bind-address=127.0.0.1"]);
                command.arg(format!("--datadir={}", self.data()));
                command.arg(format!("--port={}", self.port));
                command.arg(format!("--socket={}", socket.join("sock").display()));
                command.arg(format!("--pid-file={}", socket.join("pid").display()));
                if let Some(Pair { certificate, key }) = &self.tls {
                    command.arg(format!("--ssl-cert={}", certificate.display()));
                    command.arg(format!("--ssl-key={}", key.display()));
                }
                command
            }
        };
        let started = Instant::now();
        loop {
            let log = fs::File::create(socket.join("log")).unwrap();
            command.stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null());
            let mut child = command.spawn().unwrap();
            while child.try_wait().unwrap().is_none() {
                if self.client("SELECT 1").is_ok() {
                    self.child = Some(child);
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
                assert!(started.elapsed() < Duration::from_secs(60), "the database does not start");
            }
            // What a killed server left may take a moment to go.
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Stops it in an orderly way, or as the end of the power does.
    pub(crate) fn stop(&mut self, signal: Signal) {
        let mut child = self.child.take().unwrap();
        // Asked with SIGTERM, PostgreSQL would wait for its clients to leave.
        let signal = match (self.kind, signal) {
            (Kind::Postgres, Signal::SIGTERM) => Signal::SIGINT,
            (_, signal) => signal,
        };
        let family = family(child.id());
        kill(pid_of(&child), signal).unwrap();
        child.wait().unwrap();
        // PostgreSQL's sessions are processes, which outlive a killed parent by a moment.
        let ended = Instant::now();
        while family.iter().any(|pid| runs(pid)) {
            assert!(ended.elapsed() < Duration::from_secs(10), "a session does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Lets the process stand still, or go on.
    pub(crate) fn freeze(&self, is_frozen: bool) {
        let signal = if is_frozen { "-STOP" } else { "-CONT" };
        let family = family(self.child.as_ref().unwrap().id());
        Command::new("kill").arg(signal).args(family).status().unwrap();
    }

    fn make_database(&self) {
        match self.kind {
            Kind::Postgres => {
                let role = format!("CREATE ROLE keeper LOGIN PASSWORD '{PASSWORD}'");
                self.client(&role).unwrap();
                self.client("CREATE DATABASE tatuscan OWNER keeper").unwrap();
            }
            Kind::Mysql => {
                self.client("CREATE DATABASE tatuscan CHARACTER SET utf8mb4").unwrap();
                let user = "'keeper'@'127.0.0.1'";
                self.client(&format!("CREATE USER {user} IDENTIFIED BY '{PASSWORD}'")).unwrap();
                self.client(&format!("GRANT ALL ON tatuscan.* TO {user}")).unwrap();
            }
        }
    }

    /// Runs a statement as the server's own administrator.
    fn client(&self, sql: &str) -> Result<(), String> {
        let port = self.port.to_string();
        let mut command = match self.kind {
            Kind::Postgres => {
                let mut command = Command::new("psql");
                command.args(["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-c", sql]);
                command
            }
            Kind::Mysql => {
                let mut command = Command::new("mariadb");
                command.args(["--no-defaults", "-h", "127.0.0.1", "-P", &port, "-uroot"]);
                command.args(["-e", sql]);
                command
            }
        };
        let done = command.output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        if done.status.success() { Ok(()) } else { Err(said) }
    }

    /// The address as an old `.env` has it.
    pub(crate) fn uri(&self) -> String {
        let scheme = match self.kind {
            Kind::Postgres => "postgresql+psycopg2",
            Kind::Mysql => "mysql+pymysql",
        };
        format!("{scheme}://keeper:{PASSWORD}@127.0.0.1:{}/tatuscan", self.port)
    }
}

impl Drop for DatabaseServer {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.stop(Signal::SIGKILL);
        }
    }
}

impl Kind {
    fn program(self) -> Option<String> {
        match self {
            Self::Postgres => postgres_program("postgres"),
            Self::Mysql => Some("/usr/sbin/mariadbd".to_owned()),
        }
    }
}

/// A program of the newest PostgreSQL that is installed.
fn postgres_program(name: &str) -> Option<String> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let programs = versions.flatten().map(|version| version.path().join("bin").join(name));
    programs.filter(|program| program.is_file()).max().map(|program| program.display().to_string())
}

/// PostgreSQL refuses to run as root.
fn as_user(user: &str, program: &str) -> Command {
    let user = User::from_name(user).unwrap().unwrap();
    let mut command = Command::new(program);
    command.uid(user.uid.as_raw()).gid(user.gid.as_raw()).current_dir("/");
    command
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().try_into().unwrap())
}

/// Whether a process still does something: one that ended may be a name in the list until somebody
/// asks how it ended.
fn runs(pid: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

/// A process and all that came from it.
fn family(pid: u32) -> Vec<String> {
    let mut family = vec![pid.to_string()];
    for level in 0.. {
        let Some(parent) = family.get(level).cloned() else { break };
        let children = Command::new("pgrep").args(["-P", &parent]).output().unwrap();
        let text = String::from_utf8(children.stdout).unwrap();
        family.extend(text.split_whitespace().map(str::to_owned));
    }
    family
}
