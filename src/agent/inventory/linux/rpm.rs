//! Packages of Fedora, SUSE and their kin, as `rpm` lists them: their database has no form that is
//! meant for others.

use std::io::BufReader;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::lines;
use super::tree::Tree;
use crate::agent::inventory::words::short;
use crate::wire::sections::Package;

/// Where its database may be.
const DATABASES: [&str; 2] = ["usr/lib/sysimage/rpm", "var/lib/rpm"];
const FILES: [&str; 3] = ["rpmdb.sqlite", "Packages.db", "Packages"];
const FORMAT: &str = "%{NAME}\\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\\t%{VENDOR}\\n";
/// How long it may take.
const LIMIT: Duration = Duration::from_secs(8);

/// None where there is no database, as on Debian with `rpm` as a tool.
pub(super) fn packages(tree: Tree<'_>) -> anyhow::Result<Vec<Package>> {
    let has_database =
        |path: &&&str| FILES.iter().any(|file| tree.exists(&format!("{path}/{file}")));
    let Some(database) = DATABASES.iter().find(has_database) else { return Ok(Vec::new()) };
    let mut command = Command::new("rpm");
    command.arg("--dbpath").arg(tree.path(database)).args(["-qa", "--queryformat", FORMAT]);
    list(command, LIMIT).context("rpm")
}

/// What that command lists, line by line; it is ended when it takes too long.
fn list(mut command: Command, limit: Duration) -> anyhow::Result<Vec<Package>> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).env("LC_ALL", "C");
    let mut child = command.spawn()?;
    let output = child.stdout.take().context("no output")?;
    let (done, waiting) = mpsc::channel::<()>();
    let watch = thread::Builder::new().stack_size(64 * 1024).spawn(move || {
        let is_late = waiting.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout);
        if is_late {
            // Only fails when it has ended.
            let _ = child.kill();
        }
        (is_late, child.wait())
    })?;
    let mut packages = Vec::new();
    let read = lines::each(BufReader::new(output), |line| packages.extend(package(line)));
    drop(done);
    let (is_late, status) = watch.join().ok().context("its watch broke")?;
    ensure!(!is_late, "there is no end after {} s", limit.as_secs_f32());
    read?;
    let status = status?;
    ensure!(status.success(), "{status}");
    Ok(packages)
}

/// A line as [`FORMAT`] says.
fn package(line: &str) -> Option<Package> {
    let mut fields = line.split('\t').map(|field| Some(field).filter(|text| *text != "(none)"));
    let (name, version) = (short(fields.next()??)?, fields.next()??);
    // Keys are in the database as if they were packages.
    if name == "gpg-pubkey" {
        return None;
    }
    Some(Package {
        name,
        version: short(version.strip_prefix("0:").unwrap_or(version)),
        publisher: fields.next().flatten().and_then(short),
        source: Some("rpm".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_list_is_read() {
        let script = r"printf 'bash\t0:5.2.32-1.fc41\tFedora Project\nbind\t32:9.18-1\t(none)\n'
            printf 'gpg-pubkey\t0:e99d6ad1-64d2612c\t(none)\n(none)\t0:1-1\t(none)\ngarbage\n'";
        let package = |name: &str, version: &str, publisher: Option<&str>| Package {
            name: name.into(),
            version: Some(version.into()),
            publisher: publisher.map(str::to_owned),
            source: Some("rpm".into()),
        };
        let expected = [
            package("bash", "5.2.32-1.fc41", Some("Fedora Project")),
            package("bind", "32:9.18-1", None),
        ];
        assert_eq!(list(shell(script), LIMIT).unwrap(), expected);
    }

    #[test]
    fn a_list_that_fails_or_hangs_is_an_error() {
        let failed = list(shell("printf 'bash\\t0:1-1\\tx\\n'; exit 3"), LIMIT).unwrap_err();
        assert!(failed.to_string().contains("exit status: 3"), "{failed}");
        assert!(list(Command::new("no-such-program-here"), LIMIT).is_err());
        let start = Instant::now();
        let late = list(shell("exec sleep 60"), Duration::from_millis(200)).unwrap_err();
        assert!(late.to_string().contains("no end after 0.2 s"), "{late}");
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}
