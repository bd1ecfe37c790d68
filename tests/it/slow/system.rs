//! A Linux in a directory, to install into.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::edge::text;
use crate::support::skip;

/// A variable that says where something for these tests is; without it they are skipped.
pub(super) fn place(variable: &str, what: &str) -> Option<PathBuf> {
    match std::env::var_os(variable) {
        Some(place) => Some(fs::canonicalize(&place).expect(variable)),
        None => {
            skip("system", &format!("{variable} must name {what}"));
            None
        }
    }
}

/// Runs a command to its end, and gives what it said.
pub(super) fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", text(&output));
    text(&output)
}

/// A Linux in a directory, gone when it is dropped.
pub(super) struct System(TempDir);

impl System {
    /// A copy of the Debian that `TATUSCAN_TEST_ROOT` names.
    pub(super) fn debian() -> Option<Self> {
        let made = "a Debian: debootstrap --variant=minbase \
                    --include=ca-certificates,curl,systemd,systemd-sysv,dbus bookworm DIRECTORY";
        let root = place("TATUSCAN_TEST_ROOT", made)?;
        if !nix::unistd::geteuid().is_root() {
            skip("system", "needs root, to install into a directory");
            return None;
        }
        let copy = Self::empty();
        succeeds(Command::new("cp").arg("-a").arg(root.join(".")).arg(copy.path()));
        Some(copy)
    }

    pub(super) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn file(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.file(path).symlink_metadata().is_ok()
    }

    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(super) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        fs::create_dir_all(self.file(path).parent().unwrap()).unwrap();
        fs::write(self.file(path), content).unwrap();
    }

    pub(super) fn append(&self, path: &str, line: &str) {
        self.write(path, format!("{}{line}\n", self.read(path)));
    }

    /// Mode, user and group of a file, as `640 root tatuscan`.
    pub(super) fn owned(&self, path: &str) -> String {
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
    pub(super) fn command<I: IntoIterator<Item: AsRef<OsStr>>>(&self, arguments: I) -> Command {
        let mut command = Command::new("chroot");
        command.arg(self.path()).args(arguments).env_clear();
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    }

    pub(super) fn run<const N: usize>(&self, arguments: [&str; N]) -> String {
        succeeds(&mut self.command(arguments))
    }

    pub(super) fn try_run<const N: usize>(&self, arguments: [&str; N]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Puts a file into the system, and says where it is there.
    pub(super) fn bring(&self, file: &Path) -> String {
        let path = format!("/root/{}", file.file_name().unwrap().to_str().unwrap());
        fs::copy(file, self.file(&path[1..])).unwrap();
        path
    }

    /// Files and directories whose path speaks of TatuScan, but for what the package managers know.
    pub(super) fn traces(&self) -> Vec<String> {
        let found = self.run(["find", "/", "-xdev", "-iname", "*tatuscan*"]);
        let known = ["/var/lib/dpkg/", "/var/lib/rpm/", "/root/"];
        let ours = found.lines().filter(|path| !known.iter().any(|known| path.starts_with(known)));
        ours.map(str::to_owned).collect()
    }
}
