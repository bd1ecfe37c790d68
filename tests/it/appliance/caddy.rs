//! Caddy with the file for it.

use std::path::Path;
use std::process::Command;

use super::front::{Front, check, check_redirect, port, server};
use super::{free_port, installed, read, replaced};

const SITE: &str = "appliance/caddy/Caddyfile";
const ADDRESSES: &str = "http://inventory.example.org, https://inventory.example.org {";

/// Caddy over `site`, with its own files in `directory`, and a certificate of its own authority.
fn caddy(directory: &Path, site: &str, http: u16) -> Front {
    let here = directory.display();
    let https = free_port();
    let whole = format!(
        "{{\n\tadmin off\n\thttp_port {http}\n\thttps_port {https}\n\tskip_install_trust\n\
         \tlocal_certs\n\tstorage file_system {here}/store\n}}\n{site}"
    );
    let file = directory.join("Caddyfile");
    std::fs::write(&file, whole).unwrap();
    let log = std::fs::File::create(directory.join("log")).unwrap();
    let mut command = Command::new("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config", file.to_str().unwrap()]);
    Front::start(command.env("HOME", directory).stderr(log), http)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caddy_passes_on_reports_large_files_and_who_sent_them() {
    if !installed("caddy", "caddy") {
        return;
    }
    let (data, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = server(data.path());
    let front = free_port();
    let site = replaced(&read(SITE), ADDRESSES, "http://127.0.0.1, https://127.0.0.1 {");
    let site = replaced(&site, "127.0.0.1:8040", &format!("127.0.0.1:{}", port(&server)));
    let _caddy = caddy(place.path(), &site, front);
    check(&format!("http://127.0.0.1:{front}"), data.path()).await;
}

#[tokio::test]
async fn caddy_moves_a_report_to_https_without_losing_it() {
    if !installed("caddy", "caddy") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let front = free_port();
    let site = replaced(&read(SITE), ADDRESSES, "https://127.0.0.1 {");
    let _caddy = caddy(place.path(), &site, front);
    check_redirect(&format!("http://127.0.0.1:{front}")).await;
}
