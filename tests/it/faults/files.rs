//! The real program, of whose system calls one fails, or is its last: whatever it was doing to its files,
//! what was acknowledged is there, and there are no halves.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use tatuscan::store::backup::Backup;

use crate::support::edge::{Listener, answer, tatuscan, text};
use crate::support::machines::body;
use crate::support::process::{ServerProcess, serve};
use crate::support::seed::{Round, campaign};
use crate::support::server::client;
use crate::support::skip;

/// What programs ask of their files once these are open.
const CALLS: &str =
    "pwrite64,fdatasync,fsync,ftruncate,rename,renameat,renameat2,link,linkat,flock";

/// What happens to the calls.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// The process ends there, as by `kill -9`.
    Killed(u64),
    /// So many from this one on are refused, with this error.
    Refused(u64, u64, &'static str),
}

impl Fault {
    fn any(round: &mut Round, calls: u64) -> Self {
        let at = round.within(1..calls);
        match round.below(3) {
            0 => Self::Killed(at),
            1 => Self::Refused(at, [1, 1, 3, 10_000][round.index(4)], "EIO"),
            _ => Self::Refused(at, [1, 2, 8, 10_000][round.index(4)], "ENOSPC"),
        }
    }
}

/// Whether programs can be traced here.
fn can_trace() -> bool {
    let tried = Command::new("strace").args(["-f", "-qq", "-o", "/dev/null", "true"]).output();
    let can = tried.is_ok_and(|output| output.status.success());
    if !can {
        skip("strace", "needs strace, and leave to trace programs: apt-get install strace");
    }
    can
}

/// The command, with that fault.
fn with(command: &Command, fault: Fault) -> Command {
    let inject = match fault {
        Fault::Killed(at) => format!("inject={CALLS}:signal=KILL:when={at}"),
        Fault::Refused(at, count, error) => {
            // ENOSPC is no answer to a flush alone; EIO may be one to anything.
            format!("inject={CALLS}:error={error}:when={at}..{}", at + count - 1)
        }
    };
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e"]);
    traced.arg(format!("trace={CALLS}")).arg("-e").arg(inject);
    traced.arg(command.get_program()).args(command.get_args()).env_clear();
    traced.current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            traced.env(name, value);
        }
    }
    traced
}

async fn post(url: &str, id: &str) -> Option<u16> {
    let request = client().post(format!("{url}/api/machines"));
    let request = request.header("Content-Type", "application/json").body(body(id).to_string());
    let answer = request.timeout(Duration::from_secs(12)).send().await.ok()?;
    Some(answer.status().as_u16())
}

/// Starts a server with a fault; `None` when it ended before it was ready, after a word that says why.
fn start(directory: &Path, fault: Fault) -> Option<ServerProcess> {
    let mut command = with(&serve(directory), fault);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    match ServerProcess::try_spawn(command) {
        Ok(server) => Some(server),
        Err(said) => {
            if let Fault::Refused(..) = fault {
                let is_clear = said.contains("Input/output error")
                    || said.contains("No space left on device")
                    || said.contains("in use by another process");
                assert!(is_clear && !said.contains("panicked"), "{fault:?}: {said}");
            }
            None
        }
    }
}

/// Kills what is traced, and lets what traces it end.
fn kill_traced(server: ServerProcess) {
    let pid = server.pid();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    for child in children.unwrap_or_default().split_whitespace() {
        let child = nix::unistd::Pid::from_raw(child.parse().unwrap());
        let _ = kill(child, Signal::SIGKILL);
    }
    server.ended();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_calls_fail_or_end_it_loses_nothing() {
    if !can_trace() {
        return;
    }
    let (mut acknowledged_in_all, mut refused, mut never_ready) = (0, 0, 0);
    for mut round in campaign(8) {
        let directory = tempfile::tempdir().unwrap();
        let mut acknowledged = Vec::new();
        for life in 0..2 {
            let fault = Fault::any(&mut round, 70);
            let Some(server) = start(directory.path(), fault) else {
                never_ready += 1;
                continue;
            };
            for number in 0..round.within(5..40) {
                let id = format!("l{life}-m{number}");
                match post(&server.url, &id).await {
                    Some(200 | 201) => acknowledged.push(id),
                    Some(503 | 507) => refused += 1,
                    Some(status) => panic!("{fault:?}: {status}"),
                    None => break,
                }
            }
            kill_traced(server);
        }
        let server = ServerProcess::start(directory.path());
        for id in &acknowledged {
            let kept = client().get(format!("{}/api/machines/{id}", server.url)).send().await;
            assert_eq!(kept.unwrap().status(), 200, "{id} of {acknowledged:?}");
        }
        assert_eq!(post(&server.url, "after").await, Some(201));
        acknowledged_in_all += acknowledged.len();
    }
    eprintln!(
        "system calls: {acknowledged_in_all} acknowledged, {refused} refused, {never_ready} starts"
    );
    assert!(acknowledged_in_all > 0);
}

/// A store with some machines, and nobody who uses it.
async fn filled(directory: &Path) {
    let server = ServerProcess::start(directory);
    for number in 0..20 {
        assert_eq!(post(&server.url, &format!("m{number}")).await, Some(201));
    }
    server.stop(Signal::SIGTERM);
}

fn ends(mut command: Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_whose_calls_fail_or_end_it_is_whole_or_not_there() {
    if !can_trace() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    let (mut whole, mut failed) = (0, 0);
    for mut round in campaign(8) {
        let elsewhere = tempfile::tempdir().unwrap();
        let path = elsewhere.path().join("backup.redb");
        let mut command = tatuscan(directory.path());
        command.arg("backup").arg(&path).env("TATUSCAN_DB_DIR", directory.path());
        let fault = Fault::any(&mut round, 14);
        let output = ends(with(&command, fault));
        let said = text(&output);
        assert!(!said.contains("panicked"), "{fault:?}: {said}");
        if output.status.success() {
            whole += 1;
            assert_eq!(Backup::open(&path).unwrap().summary().machines, 20, "{fault:?}");
        } else if let Fault::Refused(..) = fault {
            failed += 1;
            assert!(!said.trim().is_empty(), "{fault:?}");
            assert!(!path.exists() || Backup::open(&path).is_ok(), "{fault:?}: half a backup");
        } else {
            failed += 1;
            assert!(!path.exists() || Backup::open(&path).is_ok(), "{fault:?}: half a backup");
        }
        // The store is as it was.
        let again = elsewhere.path().join("again.redb");
        let mut command = tatuscan(directory.path());
        command.arg("backup").arg(&again).env("TATUSCAN_DB_DIR", directory.path());
        let output = ends(command);
        assert!(output.status.success(), "{fault:?}: {}", text(&output));
        assert_eq!(Backup::open(&again).unwrap().summary().machines, 20, "{fault:?}");
    }
    eprintln!("backups: {whole} whole, {failed} not made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_whose_calls_fail_or_end_it_reports_all_the_same() {
    if !can_trace() {
        return;
    }
    for mut round in campaign(4) {
        let directory = tempfile::tempdir().unwrap();
        let away = Listener::start("127.0.0.1:0", &[&answer("503 Busy", "")]);
        let mut command = tatuscan(directory.path());
        command.arg("agent").env("TATUSCAN_URL", format!("http://{}", away.address));
        let fault = Fault::any(&mut round, 8);
        let output = ends(with(&command, fault));
        let said = text(&output);
        assert!(!said.contains("panicked"), "{fault:?}: {said}");
        assert!(!output.status.success(), "{fault:?}: {said}");
        // What is kept is a whole report, or nothing.
        let kept = directory.path().join("state/unsent-report.json");
        if let Ok(kept) = fs::read(&kept) {
            serde_json::from_slice::<serde_json::Value>(&kept).unwrap();
        }
        let back = Listener::start("127.0.0.1:0", &[&answer("201 Created", "")]);
        let mut command = tatuscan(directory.path());
        command.arg("agent").env("TATUSCAN_URL", format!("http://{}", back.address));
        let asked = Instant::now();
        let output = ends(command);
        assert!(output.status.success(), "{fault:?}: {}", text(&output));
        assert!(asked.elapsed() < Duration::from_secs(30));
        assert!(!kept.exists(), "{fault:?}: it was sent, and is still there");
    }
}
