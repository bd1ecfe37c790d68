//! Alerts and the dashboard, over the metrics that there are.

use std::collections::BTreeSet;
use std::process::Command;

use regex::Regex;
use serde_json::Value;

use super::front::Front;
use super::{free_port, installed, read, replaced, root, yaml};
use crate::support::edge::{tatuscan, text};
use crate::support::machines::body;
use crate::support::process::{ServerProcess, serve_guarded};
use crate::support::server::client;

/// Everything that a server says of itself once each of its parts had something to do.
async fn metrics() -> String {
    let (data, backups) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut command = serve_guarded(data.path());
    command.env("TATUSCAN_BIND", "127.0.0.1").env("TATUSCAN_BACKUP_DIR", backups.path());
    let mut server = ServerProcess::spawn(command);
    server.wait_for("a backup is taken");
    for (address, status) in [(None, 201), (Some("203.0.113.9"), 401)] {
        let mut report = client().post(format!("{}/api/machines", server.url));
        if let Some(address) = address {
            report = report.header("X-Forwarded-For", address);
        }
        let report = report.header("Content-Type", "application/json");
        let report = report.body(body("m1").to_string()).send().await.unwrap();
        assert_eq!(report.status(), status);
    }
    let token = std::fs::read_to_string(data.path().join("admin.token")).unwrap();
    let answer = client().get(format!("{}/metrics", server.url)).bearer_auth(token.trim());
    answer.send().await.unwrap().text().await.unwrap()
}

/// The expressions of the dashboard and of its variables.
fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if matches!(name.as_str(), "expr" | "query") => {
                        found.push(text.clone());
                    }
                    _ => expressions(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| expressions(value, found)),
        _ => {}
    }
}

fn dashboard() -> Value {
    serde_json::from_str(&read("appliance/grafana/tatuscan.json")).unwrap()
}

#[tokio::test]
async fn every_metric_of_the_alerts_and_the_dashboard_is_one_that_the_server_has() {
    let metrics = metrics().await;
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    let known: BTreeSet<&str> = lines.filter_map(|line| line.split(['{', ' ']).next()).collect();
    let rules = yaml("appliance/prometheus/tatuscan.rules.yml").remove(0);
    let mut texts = Vec::new();
    expressions(&rules, &mut texts);
    assert!(texts.len() > 8, "{texts:?}");
    texts.push(rules.to_string());
    expressions(&dashboard(), &mut texts);
    let name = Regex::new(r"\b(?:tatuscan|process)_[a-z_]+\b").unwrap();
    let mut used = BTreeSet::new();
    for text in &texts {
        for found in name.find_iter(text) {
            used.insert(found.as_str());
            assert!(known.contains(found.as_str()), "{} in {text}", found.as_str());
        }
    }
    assert!(used.len() > 12, "{used:?}");
    // Labels and what they may be, too.
    for label in ["status=\"missing\"", "route=\"/api/machines\"", "result=\"created\"", "network="]
    {
        assert!(metrics.contains(label), "{label} in {metrics}");
        assert!(texts.iter().any(|text| text.contains(label.split('=').next().unwrap())));
    }
}

#[test]
fn the_dashboard_takes_its_source_from_a_variable_and_its_panels_do_not_overlap() {
    let dashboard = dashboard();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert_eq!(
        (&variables[0]["name"], &variables[0]["type"]),
        (&"datasource".into(), &"datasource".into())
    );
    let panels = dashboard["panels"].as_array().unwrap();
    let (mut ids, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        let place = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(x < 24 && taken.insert((x, y)), "{}", panel["title"]);
            }
        }
        if panel["type"] == "row" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
            let text = target["expr"].as_str().unwrap();
            assert!(text.contains(r#"job="$job", instance=~"$instance""#), "{text}");
        }
    }
}

#[test]
fn prometheus_takes_the_files_and_each_alert_comes_when_it_should() {
    if !installed("promtool", "prometheus") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    for file in ["prometheus.yml", "tatuscan.rules.yml", "tatuscan.test.yml"] {
        let from = root().join("appliance/prometheus").join(file);
        std::fs::copy(from, place.path().join(file)).unwrap();
    }
    std::fs::write(place.path().join("tatuscan.token"), "tsr_example").unwrap();
    for arguments in [
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "tatuscan.rules.yml"],
        ["test", "rules", "tatuscan.test.yml"],
    ] {
        let output = Command::new("promtool").args(arguments).current_dir(place.path()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    }
    // No alert is left out of the test.
    let rules = yaml("appliance/prometheus/tatuscan.rules.yml").remove(0);
    let tests = read("appliance/prometheus/tatuscan.test.yml");
    for rule in rules["groups"][0]["rules"].as_array().unwrap() {
        let name = rule["alert"].as_str().unwrap();
        assert!(tests.contains(&format!("alertname=\"{name}\"")), "{name}");
    }
}

#[tokio::test]
async fn prometheus_reads_the_metrics_with_a_token_that_may_only_read() {
    if !installed("prometheus", "prometheus") {
        return;
    }
    let (data, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = ServerProcess::spawn(serve_guarded(data.path()));
    let mut create = tatuscan(data.path());
    create.env("TATUSCAN_DB_DIR", data.path());
    let output =
        create.args(["token", "create", "prometheus", "--scope", "read"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let token = said.split_whitespace().find(|word| word.starts_with("tsr_")).unwrap();
    std::fs::write(place.path().join("tatuscan.token"), token).unwrap();
    let config = read("appliance/prometheus/prometheus.yml");
    let address = server.url.trim_start_matches("http://");
    let config = replaced(&config, "localhost:8040", address);
    let config = replaced(&config, "scrape_interval: 30s", "scrape_interval: 1s");
    std::fs::write(place.path().join("prometheus.yml"), config).unwrap();
    let rules = read("appliance/prometheus/tatuscan.rules.yml");
    std::fs::write(place.path().join("tatuscan.rules.yml"), rules).unwrap();
    let port = free_port();
    let log = std::fs::File::create(place.path().join("log")).unwrap();
    let mut command = Command::new("prometheus");
    command.arg("--config.file=prometheus.yml").arg("--storage.tsdb.path=data");
    command.arg(format!("--web.listen-address=127.0.0.1:{port}")).current_dir(place.path());
    let _prometheus = Front::start(command.stderr(log), port);
    let ask = format!("http://127.0.0.1:{port}/api/v1/query?query=tatuscan_free_bytes");
    let began = std::time::Instant::now();
    loop {
        let answer: Value =
            client().get(&ask).send().await.unwrap().json().await.unwrap_or_default();
        if answer["data"]["result"][0]["value"][1].is_string() {
            assert_eq!(answer["data"]["result"][0]["metric"]["job"], "tatuscan");
            return;
        }
        assert!(began.elapsed().as_secs() < 30, "{answer}");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
}
