//! What `appliance/build` makes for Linux, where it is installed: in copies of a small Debian, and in
//! directories with nothing else.

mod alone;
mod booted;
mod deb;
mod release;
mod rpm;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::edge::text;
use crate::support::skip;

const SERVER_SETTINGS: &str = "etc/tatuscan/tatuscan.env";
const AGENT_SETTINGS: &str = "etc/tatuscan/agent.env";
const SERVER_ENABLED: &str = "etc/systemd/system/multi-user.target.wants/tatuscan.service";
const AGENT_ENABLED: &str = "etc/systemd/system/multi-user.target.wants/tatuscan-agent.service";

/// A variable that says where something for these tests is; without it they are skipped.
fn place(variable: &str, what: &str) -> Option<PathBuf> {
    match std::env::var_os(variable) {
        Some(place) => Some(fs::canonicalize(&place).expect(variable)),
        None => {
            skip("packages", &format!("{variable} must name {what}"));
            None
        }
    }
}

/// The directory that `appliance/build` filled.
fn built() -> Option<PathBuf> {
    place("TATUSCAN_TEST_PACKAGES", "the directory that appliance/build --out filled")
}

/// The one file of a release whose name begins and ends like this.
fn file(beginning: &str, end: &str) -> Option<PathBuf> {
    let built = built()?;
    let entries = fs::read_dir(&built).unwrap().map(|entry| entry.unwrap().path());
    let is_it = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let rest = name.strip_prefix(beginning).and_then(|rest| rest.strip_suffix(end));
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let found: Vec<PathBuf> = entries.filter(is_it).collect();
    assert_eq!(found.len(), 1, "{beginning}*{end} in {}: {found:?}", built.display());
    found.into_iter().next()
}

/// Runs a command to its end, and gives what it said.
fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", text(&output));
    text(&output)
}

/// A Linux in a directory, gone when it is dropped.
struct System(TempDir);

impl System {
    /// A copy of the Debian that `TATUSCAN_TEST_ROOT` names.
    fn debian() -> Option<Self> {
        let made = "a Debian: debootstrap --variant=minbase \
                    --include=ca-certificates,systemd,systemd-sysv,dbus bookworm DIRECTORY";
        let root = place("TATUSCAN_TEST_ROOT", made)?;
        if !nix::unistd::geteuid().is_root() {
            skip("packages", "needs root, to install into a directory");
            return None;
        }
        let copy = Self::empty();
        succeeds(Command::new("cp").arg("-a").arg(root.join(".")).arg(copy.path()));
        Some(copy)
    }

    fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    fn has(&self, path: &str) -> bool {
        self.file(path).symlink_metadata().is_ok()
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.file(path).parent().unwrap()).unwrap();
        fs::write(self.file(path), text).unwrap();
    }

    fn append(&self, path: &str, line: &str) {
        self.write(path, &format!("{}{line}\n", self.read(path)));
    }

    /// Mode, user and group of a file, as `640 root tatuscan`.
    fn owned(&self, path: &str) -> String {
        let file = fs::metadata(self.file(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let name = |list: &str, id: u32| {
            let list = self.read(list);
            let entry = list.lines().map(|line| line.split(':').collect::<Vec<_>>());
            let entry = entry.filter(|fields| fields.len() > 2);
            entry.into_iter().find(|fields| fields[2] == id.to_string()).unwrap()[0].to_owned()
        };
        let (user, group) = (name("etc/passwd", file.uid()), name("etc/group", file.gid()));
        format!("{:o} {user} {group}", file.mode() & 0o7777)
    }

    /// A command of that system.
    fn command<I: IntoIterator<Item: AsRef<OsStr>>>(&self, arguments: I) -> Command {
        let mut command = Command::new("chroot");
        command.arg(self.path()).args(arguments).env_clear();
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    }

    fn run<const N: usize>(&self, arguments: [&str; N]) -> String {
        succeeds(&mut self.command(arguments))
    }

    fn try_run<const N: usize>(&self, arguments: [&str; N]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Puts a file into the system, and says where it is there.
    fn bring(&self, file: &Path) -> String {
        let path = format!("/root/{}", file.file_name().unwrap().to_str().unwrap());
        fs::copy(file, self.file(&path[1..])).unwrap();
        path
    }

    /// Files and directories whose path speaks of TatuScan, but for what the package managers know.
    fn traces(&self) -> Vec<String> {
        let found = self.run(["find", "/", "-xdev", "-iname", "*tatuscan*"]);
        let known = ["/var/lib/dpkg/", "/var/lib/rpm/", "/root/"];
        let ours = found.lines().filter(|path| !known.iter().any(|known| path.starts_with(known)));
        ours.map(str::to_owned).collect()
    }
}
