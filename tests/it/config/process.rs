//! The program itself: which source wins, old calls, exit codes.

use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::edge::{tatuscan, text};

/// Runs `tatuscan` in `directory` with those words and variables.
fn run(directory: &Path, words: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = tatuscan(directory);
    command.args(words.split_whitespace()).envs(variables.iter().copied()).output().unwrap()
}

/// The interval that the agent refuses tells which source it was read from.
fn interval(directory: &Path, words: &str, variables: &[(&str, &str)]) -> String {
    let output = run(directory, words, variables);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let text = text(&output);
    let value = text.split("TATUSCAN_INTERVAL (--interval): \"").nth(1);
    value.unwrap_or_else(|| panic!("{text}")).split('"').next().unwrap().to_owned()
}

#[test]
fn flag_then_environment_then_file() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let variable = [("TATUSCAN_INTERVAL", "from-environment")].as_slice();
    std::fs::write(here.join(".env"), "TATUSCAN_INTERVAL = 'from-file' # why\r\n").unwrap();
    assert_eq!(interval(here, "agent --interval from-flag", variable), "from-flag");
    assert_eq!(interval(here, "agent", variable), "from-environment");
    assert_eq!(interval(here, "agent", &[]), "from-file");
    assert_eq!(interval(here, "agent", &[("TATUSCAN_INTERVAL", " \r")]), "from-file");
}

#[test]
fn the_file_beside_the_program_is_read_too_and_first() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let program = there.path().join("tatuscan");
    std::fs::copy(env!("CARGO_BIN_EXE_tatuscan"), &program).unwrap();
    let run = || {
        let mut command = std::process::Command::new(&program);
        let output = command.arg("agent").env_clear().current_dir(here.path()).output().unwrap();
        text(&output)
    };
    std::fs::write(there.path().join(".env"), "TATUSCAN_INTERVAL=beside\n").unwrap();
    assert!(run().contains("\"beside\""));
    std::fs::write(here.path().join(".env"), "TATUSCAN_INTERVAL=here\n").unwrap();
    assert!(run().contains("\"beside\""));
    std::fs::remove_file(there.path().join(".env")).unwrap();
    assert!(run().contains("\"here\""));
}

#[test]
fn a_bad_line_of_the_file_is_named_in_the_log_by_path_and_number() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(".env"), "TATUSCAN_URL=http://127.0.0.1:1\n???\n")
        .unwrap();
    let output = run(directory.path(), "", &[]);
    let log = String::from_utf8_lossy(&output.stdout);
    assert!(log.contains("WARN") && log.contains(".env: line 2: "), "{log}");
}

#[test]
fn a_file_that_cannot_be_read_is_said() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join(".env")).unwrap();
    let output = run(directory.path(), "agent", &[("TATUSCAN_URL", "http://127.0.0.1:1")]);
    assert!(text(&output).contains(".env: cannot be read"), "{}", text(&output));
}

#[test]
fn old_calls_are_the_agents() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    for words in ["-d", "--daemon", "-l debug", "-interval 30s", "-interval=30s", "--interval 30s"]
    {
        let output = run(here, words, &[]);
        assert_eq!(output.status.code(), Some(1), "{words}");
        let text = text(&output);
        assert!(text.contains("Environment variable TATUSCAN_URL not defined"), "{words}: {text}");
    }
    assert_eq!(interval(here, "-interval=soon -d", &[]), "soon");
    let nobody = [("TATUSCAN_URL", "http://127.0.0.1:1")];
    assert!(text(&run(here, "", &nobody)).contains("report not accepted"));
}

#[test]
fn exit_codes_tell_help_from_misuse_and_misuse_from_wrong_settings() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    for (words, code) in [
        ("--help", 0),
        ("--version", 0),
        ("serve --help", 0),
        ("", 2),
        ("dance", 2),
        ("serve --dance", 2),
        ("agent --dance", 2),
        ("-d --dance", 2),
        ("serve --port x", 1),
        ("agent", 1),
        ("agent -l loud --url http://127.0.0.1:1", 1),
    ] {
        let output = run(here, words, &[]);
        assert_eq!(output.status.code(), Some(code), "{words}: {}", text(&output));
    }
    assert!(text(&run(here, "", &[])).contains("Usage: tatuscan"));
    let version = format!("tatuscan {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(text(&run(here, "--version", &[])), version);
    assert_eq!(text(&run(here, "-V", &[("TATUSCAN_URL", "http://127.0.0.1:1")])), version);
}

#[test]
fn help_names_the_variables_and_never_shows_their_values() {
    let directory = tempfile::tempdir().unwrap();
    let variables = [
        ("TATUSCAN_URL", "http://u:hunter2@h"),
        ("SQLALCHEMY_DATABASE_URI", "mysql://u:hunter2@h/d"),
        ("SECRET_KEY", "hunter2"),
    ];
    for words in ["serve --help", "agent --help"] {
        let help = text(&run(directory.path(), words, &variables));
        assert!(help.contains("[env: TATUSCAN_"), "{help}");
        assert!(!help.contains("hunter2"), "{help}");
    }
}

#[cfg(unix)]
#[test]
fn a_data_directory_of_somebody_else_stops_the_server_and_nothing_is_made_elsewhere() {
    let directory = tempfile::tempdir().unwrap();
    let named = PathBuf::from("/proc/self");
    let variables = [("TATUSCAN_DB_DIR", named.to_str().unwrap())];
    let output = run(directory.path(), "serve", &variables);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("/proc/self"), "{}", text(&output));
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}

#[test]
fn log_lines_are_text_or_json_as_asked() {
    let directory = tempfile::tempdir().unwrap();
    let log = |format: &str| {
        let variables = [
            ("LOG_LEVEL", "loud"),
            ("TATUSCAN_LOG_FORMAT", format),
            ("TATUSCAN_DB_DIR", "/proc/self"),
        ];
        let output = run(directory.path(), "serve", &variables);
        String::from_utf8(output.stdout).unwrap()
    };
    let line: serde_json::Value = serde_json::from_str(&log("json")).unwrap();
    assert_eq!(line["level"], "WARN");
    assert!(line["message"].as_str().unwrap().contains("LOG_LEVEL"), "{line}");
    let line = log("text");
    assert!(line.contains(" WARN LOG_LEVEL (--log-level): "), "{line}");
}

/// In a directory that everybody writes to, a file may be anybody's.
#[test]
fn what_another_user_left_where_everybody_writes_is_no_setting() {
    use std::os::unix::fs::{PermissionsExt, chown};
    let directory = tempfile::tempdir().unwrap();
    let (here, file) = (directory.path(), directory.path().join(".env"));
    std::fs::write(&file, "TATUSCAN_INTERVAL=theirs\n").unwrap();
    if chown(&file, Some(12345), Some(12345)).is_err() {
        eprintln!("skipped: only root gives files to other users; run the tests as root");
        return;
    }
    // A deployment's own directory is its own, whoever made the file.
    assert_eq!(interval(here, "agent", &[]), "theirs");
    let mode = |mode| std::fs::set_permissions(here, PermissionsExt::from_mode(mode)).unwrap();
    mode(0o1777);
    let variables = [("TATUSCAN_URL", "http://127.0.0.1:1")];
    let output = text(&run(here, "agent", &variables));
    assert!(!output.contains("theirs"), "{output}");
    assert!(output.contains("WARN") && output.contains(".env: is passed over"), "{output}");
    chown(&file, Some(0), Some(0)).unwrap();
    assert_eq!(interval(here, "agent", &[]), "theirs");
}
