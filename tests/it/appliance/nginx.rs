//! nginx with the file for it.

use std::path::Path;
use std::process::Command;

use super::front::{Front, check, check_redirect, port, server};
use super::{free_port, installed, read, replaced};
use crate::support::server::client;

const SITE: &str = "appliance/nginx/tatuscan.conf";

/// nginx over `site`, with its own files in `directory`.
fn nginx(directory: &Path, site: &str, port: u16) -> Front {
    let here = directory.display();
    let site = site.replace("/var/log/nginx/access.log", &format!("{here}/access.log"));
    std::fs::write(directory.join("site.conf"), site).unwrap();
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let places = kinds.map(|kind| format!("{kind}_temp_path {here}/{kind};")).concat();
    let whole = format!(
        "pid {here}/pid; error_log {here}/error.log; daemon off; events {{}}\n\
         http {{ access_log off; {places} include {here}/site.conf; }}\n"
    );
    let file = directory.join("nginx.conf");
    std::fs::write(&file, whole).unwrap();
    let arguments = ["-p", directory.to_str().unwrap(), "-c", file.to_str().unwrap()];
    Front::start(Command::new("nginx").args(arguments), port)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_passes_on_reports_large_files_and_who_sent_them() {
    if !installed("nginx", "nginx") {
        return;
    }
    let (data, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = server(data.path());
    let front = free_port();
    let site = replaced(&read(SITE), "listen 80;", &format!("listen 127.0.0.1:{front};"));
    let site = replaced(&site, "127.0.0.1:8040", &format!("127.0.0.1:{}", port(&server)));
    let _nginx = nginx(place.path(), &site, front);
    let url = format!("http://127.0.0.1:{front}");
    check(&url, data.path()).await;

    for path in ["/t/tsr_secret/api/machines?a=b", "/t/tsr_secret", "/t/tsr_secret/"] {
        client().get(format!("{url}{path}")).send().await.unwrap();
    }
    let log = std::fs::read_to_string(place.path().join("access.log")).unwrap();
    assert!(log.contains("\"GET /t/***/api/machines?a=b HTTP/1.1\" 401 "), "{log}");
    assert!(!log.contains("secret"), "{log}");
}

#[tokio::test]
async fn nginx_moves_a_report_to_https_without_losing_it() {
    if !installed("nginx", "nginx") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let text = read(SITE);
    let redirect = text.lines().find(|line| line.contains("return 308")).unwrap();
    let redirect = redirect.trim_start_matches('#');
    let front = free_port();
    let site = format!("server {{ listen 127.0.0.1:{front}; server_name a; {redirect} }}");
    let _nginx = nginx(place.path(), &site, front);
    check_redirect(&format!("http://127.0.0.1:{front}")).await;
}

/// The README's example for several servers.
#[tokio::test]
async fn the_readmes_example_for_several_servers_passes_reports_on() {
    if !installed("nginx", "nginx") {
        return;
    }
    let (data, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = server(data.path());
    let front = free_port();
    let readme = read("README.md");
    let example = readme.split("```nginx\n").find(|text| text.starts_with("upstream tatuscan"));
    let example = example.unwrap().split("```").next().unwrap();
    let site = replaced(example, "listen 80;", &format!("listen 127.0.0.1:{front};"));
    // The first one is away, as it may be.
    let site = replaced(&site, "10.0.0.11:8040", "127.0.0.1:1");
    let site = replaced(&site, "10.0.0.12:8040", &format!("127.0.0.1:{}", port(&server)));
    let _nginx = nginx(place.path(), &site, front);
    for _ in 0..3 {
        let answer =
            client().get(format!("http://127.0.0.1:{front}/api/health")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}
