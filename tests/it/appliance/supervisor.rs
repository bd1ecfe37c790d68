//! Supervisor with the file for it.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::{free_port, installed, read, replaced};
use crate::support::edge::text;
use crate::support::server::client;

/// `supervisord` over the file, with its places in `directory`.
struct Supervisor<'a> {
    directory: &'a Path,
    child: Child,
}

impl<'a> Supervisor<'a> {
    fn start(directory: &'a Path, port: u16) -> Self {
        let here = directory.display();
        let data = format!("{here}/data");
        let program = read("appliance/supervisor/tatuscan.conf");
        let program = replaced(&program, "/usr/local/bin/tatuscan", env!("CARGO_BIN_EXE_tatuscan"));
        let program = replaced(&program, "/var/lib/tatuscan", &data);
        let program = replaced(&program, "\"8040\"", &format!("\"{port}\""));
        let program = replaced(&program, "/var/log/", &format!("{here}/"));
        let program = replaced(&program, "user=www-data\n", "");
        std::fs::write(directory.join("tatuscan.conf"), program).unwrap();
        let whole = format!(
            "[supervisord]\nnodaemon=true\nlogfile={here}/supervisord.log\npidfile={here}/pid\n\
             [unix_http_server]\nfile={here}/socket\n\
             [rpcinterface:supervisor]\n\
             supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\
             [supervisorctl]\nserverurl=unix://{here}/socket\n\
             [include]\nfiles={here}/tatuscan.conf\n"
        );
        let file = directory.join("supervisord.conf");
        std::fs::write(&file, whole).unwrap();
        std::fs::create_dir_all(&data).unwrap();
        let child = Command::new("supervisord")
            .args(["-n", "-c", file.to_str().unwrap()])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        Self { directory, child }
    }

    fn control(&self, arguments: &[&str]) -> String {
        let file = self.directory.join("supervisord.conf");
        let mut command = Command::new("supervisorctl");
        text(&command.arg("-c").arg(file).args(arguments).output().unwrap())
    }

    fn wait_for(&self, state: &str) {
        let began = Instant::now();
        while !self.control(&["status", "tatuscan"]).contains(state) {
            let log = std::fs::read_to_string(self.directory.join("tatuscan.out.log"));
            let said = self.control(&["status"]);
            assert!(began.elapsed() < Duration::from_secs(60), "{said} {log:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Supervisor<'_> {
    fn drop(&mut self) {
        self.control(&["shutdown"]);
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn supervisor_starts_the_server_and_leaves_a_damaged_store_alone() {
    if !(installed("supervisord", "supervisor") && installed("supervisorctl", "supervisor")) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    let supervisor = Supervisor::start(directory.path(), port);
    supervisor.wait_for("RUNNING");
    let health = format!("http://127.0.0.1:{port}/api/health");
    assert_eq!(client().get(&health).send().await.unwrap().status(), 200);
    supervisor.control(&["restart", "tatuscan"]);
    supervisor.wait_for("RUNNING");
    assert_eq!(client().get(&health).send().await.unwrap().status(), 200);

    supervisor.control(&["stop", "tatuscan"]);
    supervisor.wait_for("STOPPED");
    let store = directory.path().join("data/tatuscan.redb");
    std::fs::write(&store, "").unwrap();
    supervisor.control(&["start", "tatuscan"]);
    supervisor.wait_for("FATAL");
    assert_eq!(std::fs::metadata(&store).unwrap().len(), 0);
}
