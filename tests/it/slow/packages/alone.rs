//! The static programs, in directories with nothing else: no C library, no shell, no settings.

use std::path::PathBuf;
use std::process::Command;

use super::{System, file, succeeds};
use crate::support::edge::{Listener, answer, text};
use crate::support::process::ServerProcess;
use crate::support::server::client;
use crate::support::skip;

/// An otherwise empty directory with the program of that name from its archive.
fn with(program: &str) -> Option<System> {
    let archive: PathBuf = file(&format!("{program}-"), "-linux-amd64.tar.gz")?;
    if !nix::unistd::geteuid().is_root() {
        skip("packages", "needs root, to make a directory the only one");
        return None;
    }
    let system = System::empty();
    let unpacked = tempfile::tempdir().unwrap();
    succeeds(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(unpacked.path()));
    let entries = std::fs::read_dir(unpacked.path()).unwrap();
    let directory = entries.map(|entry| entry.unwrap().path()).next().unwrap();
    for name in ["README.md", "CHANGELOG.md", "LICENSE"] {
        assert!(directory.join(name).is_file(), "{name} is in the archive");
    }
    std::fs::copy(directory.join(program), system.file(program)).unwrap();
    Some(system)
}

#[tokio::test]
async fn the_server_serves() {
    let Some(system) = with("tatuscan") else { return };
    let version = system.run(["/tatuscan", "--version"]);
    assert_eq!(version.trim(), format!("tatuscan {}", env!("CARGO_PKG_VERSION")));

    let mut command = system.command(["/tatuscan", "serve"]);
    command.env("TATUSCAN_DB_DIR", "/data").env("TATUSCAN_PORT", "0");
    command.env("TATUSCAN_AUTH", "off").env("TATUSCAN_BIND", "127.0.0.1");
    let server = ServerProcess::spawn(command);
    let answer = client().get(format!("{}/api/health", server.url)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let page = client().get(&server.url).header("Accept", "text/html").send().await.unwrap();
    assert!(page.text().await.unwrap().contains("<!doctype html>"), "the dashboard is inside");
    assert!(system.has("data/tatuscan.redb"));
    let run = |command: &str, more: &[&str]| {
        let mut command = system.command(["/tatuscan", command]);
        succeeds(command.args(more).env("TATUSCAN_DB_DIR", "/data"))
    };
    run("healthcheck", &[]);
    assert!(run("backup", &["/copy.redb"]).contains("/copy.redb") && system.has("copy.redb"));
    assert!(run("doctor", &[]).contains("answers, and its store works"));
}

#[test]
fn the_agent_reports_to_a_name() {
    let Some(system) = with("tatuscan-agent") else { return };
    let listener = Listener::start("127.0.0.1:0", &[&answer("201 Created", "")]);
    let url = format!("http://localhost:{}", listener.address.port());
    // What the kernel shows, and two files that every system has; nothing of a C library.
    system.write("etc/hosts", "127.0.0.1 localhost\n");
    system.write("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    for directory in ["proc", "sys"] {
        std::fs::create_dir(system.file(directory)).unwrap();
    }
    let script = "mount --rbind /proc \"$1/proc\"; mount --rbind /sys \"$1/sys\"
                  exec chroot \"$1\" /tatuscan-agent";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-ec", script, "sh"]).arg(system.path()).env_clear();
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("TATUSCAN_URL", url);
    command.env("TATUSCAN_STATE_DIR", "/state");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let report = listener.request();
    assert!(report.starts_with("POST /api/machines HTTP/1.1\r\n"), "{report}");
    assert!(report.contains("\"os\":\"linux\""), "{report}");
}
