//! The agent for Windows under Wine, against a real server. What Wine has no part of is not seen here:
//! real rights and accounts, a delayed start, a restart after a failure, figures of a real machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::process::ServerProcess;
use crate::support::server::client;
use crate::support::{edge, skip};

/// How long a report may take that is due every second.
const PATIENCE: Duration = Duration::from_secs(60);
/// The installed program.
const PROGRAM: &str = r#""C:\Program Files\TatuScan\tatuscan-agent.exe""#;

/// A file that a variable names; `None` where it names none.
fn built(variable: &str) -> Option<PathBuf> {
    let Some(path) = std::env::var_os(variable) else {
        skip("windows", &format!("{variable} names no file: .ci/slow windows builds it"));
        return None;
    };
    let path = PathBuf::from(path);
    Some(
        path.canonicalize()
            .unwrap_or_else(|error| panic!("{variable}: {}: {error}", path.display())),
    )
}

/// A Windows of Wine's, and a directory on its drive Z that commands start in.
struct Windows {
    directory: TempDir,
    /// A program that waits for its input: services run while there is one.
    desk: Option<Child>,
}

impl Windows {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wine/prefix");
        let made = Command::new(script).arg(directory.path().join("prefix")).output().unwrap();
        assert!(made.status.success(), "{}", edge::text(&made));
        let mut windows = Self { directory, desk: None };
        windows.start_anew();
        windows
    }

    /// Starts it, with the services that start by themselves; what ran has ended by then.
    fn start_anew(&mut self) {
        self.end();
        let desk = self.wine(&["cmd", "/c", "pause"]).stdin(Stdio::piped()).spawn().unwrap();
        self.desk = Some(desk);
    }

    fn end(&mut self) {
        if let Some(mut desk) = self.desk.take() {
            let prefix = self.directory.path().join("prefix");
            for how in ["-k", "-w"] {
                Command::new("wineserver").arg(how).env("WINEPREFIX", &prefix).status().unwrap();
            }
            desk.wait().unwrap();
        }
    }

    fn wine(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("wine");
        command.args(arguments).current_dir(self.directory.path());
        command.env("WINEPREFIX", self.directory.path().join("prefix"));
        command.env("WINEARCH", "win64").env("WINEDEBUG", "-all").env_remove("DISPLAY");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Runs commands of a .bat, and says what they printed, with `code N` after each.
    fn run(&self, lines: &[&str]) -> String {
        let lines: String =
            lines.iter().map(|line| format!("{line}\r\n@echo code %errorlevel%\r\n")).collect();
        fs::write(self.directory.path().join("run.bat"), format!("@echo off\r\n{lines}")).unwrap();
        // Into a file: a service that was started would hold a pipe open. A new one: such a service
        // may still write into the last.
        let said = self.directory.path().join("said");
        let _ = fs::remove_file(&said);
        let output = fs::File::create(&said).unwrap();
        let mut command = self.wine(&["cmd", "/c", "run.bat"]);
        command.stderr(output.try_clone().unwrap()).stdout(output).status().unwrap();
        let said = fs::read(said).unwrap();
        let said = String::from_utf8_lossy(&said);
        // Services write there, too, what Wine has to say about this computer's drives.
        let lines = said.lines().map(str::trim).filter(|line| !line.starts_with("wine: "));
        lines.filter(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect()
    }

    /// Puts a file where commands start.
    fn put(&self, file: &Path, name: &str) {
        fs::copy(file, self.directory.path().join(name)).unwrap();
    }

    /// A file of the drive C.
    fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join("prefix/drive_c").join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

impl Drop for Windows {
    fn drop(&mut self) {
        self.end();
    }
}

/// The machines of a server.
async fn machines(server: &ServerProcess) -> Vec<Value> {
    let answer = client().get(format!("{}/api/machines", server.url)).send().await.unwrap();
    let list: Value = answer.json().await.unwrap();
    list["items"].as_array().unwrap().clone()
}

/// When the one machine of a server reported last.
async fn last_report(server: &ServerProcess) -> Option<String> {
    let machines = machines(server).await;
    assert!(machines.len() <= 1, "one machine is several: {machines:?}");
    let machine = machines.first()?;
    let time = machine["updated_at"].as_str().or(machine["created_at"].as_str());
    time.map(ToOwned::to_owned)
}

/// Waits until a machine has reported `times` times from now on.
async fn reports(server: &ServerProcess, times: u32, windows: &Windows) {
    let start = Instant::now();
    for _ in 0..times {
        let before = last_report(server).await;
        while last_report(server).await == before {
            let log = fs::read_to_string(windows.path("ProgramData/TatuScan/agent.log"));
            assert!(start.elapsed() < PATIENCE, "no report came; the agent's log: {log:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// No report comes, where one was due every second.
async fn is_quiet(server: &ServerProcess) -> bool {
    let before = last_report(server).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    last_report(server).await == before
}

#[tokio::test]
async fn the_agent_reports_from_windows() {
    let Some(program) = built("TATUSCAN_TEST_WINDOWS_AGENT") else { return };
    let store = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(store.path());
    let windows = Windows::start();
    windows.put(&program, "agent.exe");
    let said = windows.run(&[&format!("agent.exe --url {}", server.url), "agent.exe"]);
    let [first, second] = said.split("code ").skip(1).collect::<Vec<_>>()[..] else {
        panic!("{said}");
    };
    assert!(first.starts_with('0') && second.starts_with('1'), "{said}");
    assert!(said.contains("Environment variable TATUSCAN_URL not defined"), "{said}");
    let machines = machines(&server).await;
    assert_eq!(machines.len(), 1, "{machines:?}");
    assert_eq!(machines[0]["os"], "windows");
    assert_eq!(machines[0]["os_version"], "Windows 10");
    assert_eq!(machines[0]["agent_version"], env!("CARGO_PKG_VERSION"));
    assert!(machines[0]["memory_total_mb"].as_i64().unwrap() > 0, "{machines:?}");
}

#[tokio::test]
async fn the_service_is_installed_reports_and_goes_again() {
    let Some(program) = built("TATUSCAN_TEST_WINDOWS_AGENT") else { return };
    let store = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(store.path());
    let windows = Windows::start();
    windows.put(&program, "agent.exe");
    let url = &server.url;

    let said = windows.run(&["agent.exe status", "agent.exe install"]);
    assert!(said.contains("the agent is not installed as a service"), "{said}");
    assert!(said.contains("which server?"), "{said}");
    let said = windows.run(&[&format!("agent.exe install --dry-run --url {url}")]);
    assert!(said.contains("TatuScanAgent: a service that runs C:\\Program Files"), "{said}");
    assert!(
        !windows.path("ProgramData/TatuScan").exists()
            && !windows.path("Program Files/TatuScan").exists()
    );

    // A service of the original's is there; what it was told stays.
    let create = r#"sc create TatuScanAgent binPath= "C:\old\TatuScan.exe -d -interval 1s""#;
    let said = windows.run(&[create, &format!("agent.exe install --url {url} -l info")]);
    assert!(said.contains(r"runs C:\old\TatuScan.exe") && said.ends_with("code 0\n"), "{said}");
    reports(&server, 3, &windows).await;
    let said = windows.run(&["agent.exe status", "sc qc TatuScanAgent"]);
    assert!(said.contains("running, as process"), "{said}");
    assert!(said.contains(&format!("program: {PROGRAM}")), "{said}");
    assert!(said.contains(r"account: NT AUTHORITY\LocalService"), "{said}");
    let registry =
        windows.run(&[r"reg query HKLM\System\CurrentControlSet\Services\TatuScanAgent"]);
    let values = ["TatuScan Agent", "TatuScan monitoring agent", r"NT AUTHORITY\LocalService"];
    assert!(values.iter().all(|value| registry.contains(value)), "{registry}");
    assert_eq!(
        windows.read("ProgramData/TatuScan/agent.env"),
        format!("TATUSCAN_INTERVAL=1s\nTATUSCAN_URL={url}\nTATUSCAN_LOG_LEVEL=info\n")
    );

    // Beside the service no other agent repeats, and a single report may be sent.
    let said = windows.run(&["agent.exe --daemon", "agent.exe"]);
    assert!(said.contains("another agent is running here"), "{said}");
    assert!(said.ends_with("code 0\n"), "{said}");

    let said = windows.run(&["agent.exe stop", "agent.exe stop", "agent.exe status"]);
    assert!(said.contains("code 0\ncode 0\n") && said.ends_with("code 1\n"), "{said}");
    assert!(is_quiet(&server).await);
    let log = windows.read("ProgramData/TatuScan/agent.log");
    assert!(log.contains("agent started") && log.contains("agent stopped"), "{log}");
    let said = windows.run(&["agent.exe start", "agent.exe start", "agent.exe restart"]);
    assert!(said.ends_with("code 0\n"), "{said}");
    reports(&server, 2, &windows).await;

    // Again, with one setting more: the others stay, and the service runs.
    let said = windows.run(&["agent.exe install --no-users"]);
    assert!(said.contains("tatuscan-agent.exe: as it should be"), "{said}");
    assert!(
        windows.read("ProgramData/TatuScan/agent.env").contains(&format!("TATUSCAN_URL={url}\n"))
    );
    assert!(windows.read("ProgramData/TatuScan/agent.env").contains("TATUSCAN_NO_USERS=yes\n"));
    reports(&server, 2, &windows).await;

    let said = windows.run(&["agent.exe uninstall", "agent.exe uninstall", "agent.exe status"]);
    assert!(said.contains("The agent is not installed as a service"), "{said}");
    assert!(said.ends_with("code 1\n"), "{said}");
    assert!(is_quiet(&server).await);
    assert!(!windows.path("Program Files/TatuScan/tatuscan-agent.exe").exists());
    assert!(windows.path("ProgramData/TatuScan/identity.json").exists());
    let said = windows.run(&["agent.exe uninstall --purge"]);
    assert!(said.ends_with("code 0\n") && !windows.path("ProgramData/TatuScan").exists(), "{said}");
}

#[tokio::test]
async fn a_service_that_cannot_work_says_why_in_its_log_and_a_strangers_settings_are_not_its_own() {
    let Some(program) = built("TATUSCAN_TEST_WINDOWS_AGENT") else { return };
    let windows = Windows::start();
    windows.put(&program, "agent.exe");
    fs::create_dir_all(windows.path("ProgramData/TatuScan")).unwrap();
    fs::write(windows.path("ProgramData/TatuScan/agent.env"), "TATUSCAN_URL=http://stranger\n")
        .unwrap();
    let said = windows.run(&["agent.exe install --unattended --interval 1s"]);
    assert!(said.contains("does not take it over") && said.ends_with("code 0\n"), "{said}");
    assert_eq!(windows.read("ProgramData/TatuScan/agent.env"), "TATUSCAN_INTERVAL=1s\n");
    let log = windows.read("ProgramData/TatuScan/agent.log");
    assert!(log.contains("Environment variable TATUSCAN_URL not defined"), "{log}");
    let said = windows.run(&["agent.exe start"]);
    assert!(said.contains("stopped at once") && said.ends_with("code 1\n"), "{said}");
}

#[tokio::test]
async fn the_installer_takes_over_from_the_originals_and_is_taken_out_again() {
    let Some(program) = built("TATUSCAN_TEST_WINDOWS_AGENT") else { return };
    let Some(installer) = built("TATUSCAN_TEST_WINDOWS_MSI") else { return };
    let store = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(store.path());
    let mut windows = Windows::start();
    let url = &server.url;
    windows.put(&installer, "new.msi");
    earlier_installers(&windows, &program);

    // The original's service, with this program in the place of its own: the machine's environment
    // says where to report.
    let variables = r"HKLM\System\CurrentControlSet\Control\Session Manager\Environment";
    windows.run(&[
        &format!(r#"reg add "{variables}" /v TATUSCAN_URL /d {url} /f"#),
        &format!(r#"reg add "{variables}" /v TATUSCAN_INTERVAL /d 1s /f"#),
    ]);
    windows.start_anew();
    let said = windows.run(&["msiexec /i original.msi /qn"]);
    assert!(said.ends_with("code 0\n"), "{said}");
    assert!(windows.path("Program Files/TatuScan/TatuScan.exe").exists());
    reports(&server, 2, &windows).await;

    // The first of ours takes its place, and the machine stays the same one.
    let said = windows.run(&["msiexec /i old.msi /qn TATUSCAN_INTERVAL=2s"]);
    assert!(said.ends_with("code 0\n"), "{said}");
    assert!(!windows.path("Program Files/TatuScan/TatuScan.exe").exists());
    reports(&server, 2, &windows).await;

    // The next one over it, with the address as a property, which wins over the machine's environment.
    windows.run(&[&format!(r#"reg add "{variables}" /v TATUSCAN_URL /d http://127.0.0.1:9 /f"#)]);
    windows.start_anew();
    assert!(is_quiet(&server).await);
    let said = windows.run(&[
        &format!("msiexec /i new.msi /qn TATUSCAN_URL={url}"),
        &format!("{PROGRAM} status"),
    ]);
    assert!(said.contains("running, as process") && said.ends_with("code 0\n"), "{said}");
    reports(&server, 2, &windows).await;
    let settings = windows.read("ProgramData/TatuScan/agent.env");
    assert_eq!(settings, format!("TATUSCAN_INTERVAL=2s\nTATUSCAN_URL={url}\n"));

    windows.start_anew();
    reports(&server, 1, &windows).await;
    let said = windows.run(&["msiexec /i old.msi /qn"]);
    assert!(!said.ends_with("code 0\n"), "an older one was installed: {said}");
    reports(&server, 1, &windows).await;

    let said = windows.run(&["msiexec /x new.msi /qn", "sc query TatuScanAgent"]);
    assert!(said.contains("code 0\n") && !said.ends_with("code 0\n"), "{said}");
    assert!(is_quiet(&server).await);
    assert!(!windows.path("Program Files/TatuScan").exists());
    assert!(windows.path("ProgramData/TatuScan/identity.json").exists());

    // What fails leaves nothing behind.
    let said =
        windows.run(&["msiexec /i new.msi /qn TATUSCAN_URL=nonsense", "sc query TatuScanAgent"]);
    assert!(
        said.contains("\"nonsense\" does not say http") && !said.contains("code 0\n"),
        "{said}"
    );
    assert!(!windows.path("Program Files/TatuScan").exists());
}

/// Puts installers there that were before: the original's, and an earlier one of ours.
fn earlier_installers(windows: &Windows, program: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory = windows.directory.path();
    windows.put(program, "TatuScan.exe");
    windows.put(&root.join("tests/wine/original.wxs"), "original.wxs");
    let mut original = Command::new("wixl");
    original.args(["-a", "x64", "-o", "original.msi", "original.wxs"]).current_dir(directory);
    let mut ours = Command::new(root.join("appliance/windows/msi"));
    ours.arg(program).arg("0.0.9").arg(directory.join("old.msi"));
    for mut command in [original, ours] {
        let made = command.output().unwrap();
        assert!(made.status.success(), "{command:?}: {}", edge::text(&made));
    }
}
