//! The agent as a process: old calls, exit codes, signals, hosts with little on them.

use std::time::{Duration, Instant};

use crate::support::edge::{Listener, answer, tatuscan, text};

#[test]
fn one_accepted_report_is_exit_code_0_and_a_refused_one_is_1() {
    let directory = tempfile::tempdir().unwrap();
    for (status, code) in [("201 Created", 0), ("200 OK", 0), ("400 No", 1), ("503 No", 1)] {
        let listener = Listener::start("127.0.0.1:0", &[&answer(status, "")]);
        let url = format!("http://{}/", listener.address);
        let output = tatuscan(directory.path()).env("TATUSCAN_URL", url).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{status}: {}", text(&output));
        let request = listener.request();
        assert!(request.starts_with("POST /api/machines HTTP/1.1\r\n"), "{request}");
        assert!(!request.contains("interval_s"), "{request}");
    }
}

#[cfg(unix)]
#[test]
fn a_daemon_says_its_interval_repeats_and_stops_at_once() {
    use nix::sys::signal::{Signal, kill};

    let directory = tempfile::tempdir().unwrap();
    let listener = Listener::start("127.0.0.1:0", &[&answer("201 Created", "")]);
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut child = tatuscan(directory.path())
            .args(["-d", "-interval", "500ms", "-l", "error"])
            .env("TATUSCAN_URL", format!("http://{}", listener.address))
            .spawn()
            .unwrap();
        for _ in 0..2 {
            assert!(listener.request().contains(r#""interval_s":1,"#));
        }
        let asked = Instant::now();
        kill(nix::unistd::Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
        assert!(asked.elapsed() < Duration::from_secs(2), "{signal}: {:?}", asked.elapsed());
    }
}

#[test]
fn a_service_started_by_systemd_repeats_without_the_flag() {
    let directory = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_tatuscan");
    let print = |marker: &str| {
        let script = format!("SYSTEMD_EXEC_PID={marker} exec {program} agent --print");
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &script]).env_clear().current_dir(directory.path());
        text(&shell.output().unwrap())
    };
    assert!(print("$$").contains(r#""interval_s": 60"#));
    assert!(!print("1").contains("interval_s"));
}

#[test]
fn without_root_certificates_http_works_and_https_says_what_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let listener = Listener::start("127.0.0.1:0", &[&answer("201 Created", "")]);
    let run = |url: String| {
        let nowhere = directory.path().join("nowhere");
        tatuscan(directory.path())
            .args(["agent", "--url", &url])
            .env("SSL_CERT_FILE", &nowhere)
            .env("SSL_CERT_DIR", &nowhere)
            .output()
            .unwrap()
    };
    let output = run(format!("http://{}", listener.address));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let output = run(format!("https://{}", listener.address));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("ca-certificates"), "{}", text(&output));
}

#[test]
fn print_shows_the_report_on_standard_output_and_sends_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let output = tatuscan(directory.path()).args(["agent", "--print"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for field in ["machine_id", "hostname", "ip", "os", "os_version", "timestamp"] {
        assert!(report[field].is_string(), "{field}: {report}");
    }
    assert!(report["memory_total_mb"].as_i64().unwrap() > 0, "{report}");
    assert!(report["memory_used_mb"].as_i64() < report["memory_total_mb"].as_i64(), "{report}");
    assert!((0.0..=100.0).contains(&report["cpu_percent"].as_f64().unwrap()), "{report}");
    let timestamp = report["timestamp"].as_str().unwrap();
    assert_eq!(timestamp.len(), "2026-11-23T07:24:37Z".len(), "{timestamp}");
    assert!(timestamp.ends_with('Z'), "{timestamp}");
}

#[test]
fn the_processor_load_is_measured_in_a_single_report_too() {
    let directory = tempfile::tempdir().unwrap();
    let child = tatuscan(directory.path())
        .args(["agent", "--print"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let busy = Instant::now();
    while busy.elapsed() < Duration::from_millis(1500) {
        std::hint::spin_loop();
    }
    let output = child.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["cpu_percent"].as_f64().unwrap() > 0.0, "{report}");
}

#[test]
fn the_agent_alone_is_called_in_the_same_ways() {
    let directory = tempfile::tempdir().unwrap();
    let run = |words: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tatuscan-agent"));
        command.args(words.split_whitespace()).env_clear().current_dir(directory.path());
        command.env("TATUSCAN_STATE_DIR", directory.path().join("state"));
        command.output().unwrap()
    };
    let known = "Environment variable TATUSCAN_URL not defined";
    for (words, code, said) in [
        ("", 1, known),
        ("-d -interval 30s -l debug", 1, known),
        ("-interval=soon", 1, "\"soon\""),
        ("--url http://127.0.0.1:1", 1, "report not accepted"),
        ("--dance", 2, "--dance"),
        ("--version", 0, env!("CARGO_PKG_VERSION")),
    ] {
        let output = run(words);
        assert_eq!(output.status.code(), Some(code), "{words}: {}", text(&output));
        assert!(text(&output).contains(said), "{words}: {}", text(&output));
    }
    let report: serde_json::Value = serde_json::from_slice(&run("--print").stdout).unwrap();
    assert!(report["machine_id"].is_string(), "{report}");
}

#[test]
fn an_outage_is_logged_once_and_so_is_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let (down, up) = (answer("503 Down", "Retry-After: 0\r\n"), answer("201 Created", ""));
    let listener = Listener::start("127.0.0.1:0", &[&down, &down, &up]);
    let mut child = tatuscan(directory.path())
        .args(["-d", "--interval", "500ms"])
        .env("TATUSCAN_URL", format!("http://{}", listener.address))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    for _ in 0..4 {
        listener.request();
    }
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    let log = text(&output);
    assert_eq!(log.matches("report not sent, trying again").count(), 1, "{log}");
    assert_eq!(log.matches("reports are accepted again failures=2").count(), 1, "{log}");
}
