//! The load generator, against the real server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use crate::support::edge::{tatuscan, text};
use crate::support::process::ServerProcess;

fn run(server: &ServerProcess, flags: &[&str]) -> (bool, String) {
    let directory = tempfile::tempdir().unwrap();
    let mut command = tatuscan(directory.path());
    command.args(["loadgen", "--url", &server.url]).args(flags);
    let output = command.output().unwrap();
    (output.status.success(), text(&output))
}

#[test]
fn it_measures_observes_and_verifies() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(directory.path());
    let (pid, log) = (server.pid().to_string(), directory.path().join("acknowledged"));
    let flags = ["--machines", "200", "--connections", "8", "--duration", "3s", "--reads", "10"];
    let more = ["--verify", "--json", "--pid", &pid, "--ack-log", log.to_str().unwrap()];
    let (succeeded, said) = run(&server, &[flags.as_slice(), &more].concat());
    assert!(succeeded, "{said}");
    let outcome: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(outcome["verified"], 200);
    assert_eq!(outcome["statuses"]["201"], 200);
    assert!(outcome["per_second"].as_f64().unwrap() > 50.0, "{said}");
    assert!(outcome["reads"]["count"].as_u64().unwrap() > 0, "{said}");
    assert!(outcome["latency"]["p99_us"].as_u64().unwrap() > 0, "{said}");
    assert!(outcome["process"]["resident_largest_kib"].as_u64().unwrap() > 1000, "{said}");
    let log = std::fs::read_to_string(log).unwrap();
    assert_eq!(log.lines().count(), 200);
    assert!(log.lines().all(|line| line.split(' ').count() == 2), "{log}");
}

#[test]
fn an_open_loop_keeps_its_rate_and_empty_posts_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(directory.path());
    let (succeeded, said) =
        run(&server, &["--rate", "100", "--machines", "50", "--duration", "2s"]);
    assert!(succeeded && said.contains("201: 50}"), "{said}");
    let rate: f64 = said.split(' ').next().unwrap().parse().unwrap();
    assert!((80.0..=101.0).contains(&rate), "{said}");
    let (succeeded, said) = run(&server, &["--work", "empty", "--duration", "500ms"]);
    assert!(succeeded && said.contains("{400: "), "{said}");
}

/// Requests on a connection until it ends, each its first line and its body; all are answered alike.
fn heard(stream: &TcpStream, answer: &str) -> Vec<(String, String)> {
    let (mut lines, mut requests) = (BufReader::new(stream), Vec::new());
    loop {
        let mut head = Vec::new();
        while head.last().is_none_or(|line: &String| !line.trim().is_empty()) {
            let mut line = String::new();
            if lines.read_line(&mut line).unwrap_or(0) == 0 {
                return requests;
            }
            head.push(line);
        }
        let length = head.iter().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        let mut body = vec![0; length.trim().parse().unwrap()];
        lines.read_exact(&mut body).unwrap();
        requests.push((head.swap_remove(0), String::from_utf8(body).unwrap()));
        (&mut &*stream).write_all(answer.as_bytes()).unwrap();
    }
}

#[test]
fn the_same_figures_go_to_what_takes_prometheus_text() {
    for (work, begins, answer, status) in [
        ("import", "POST /api/v1/import/prometheus ", "HTTP/1.1 204 No Content\r\n\r\n", 204),
        (
            "push",
            "PUT /metrics/job/tatuscan/instance/",
            "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
            202,
        ),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let hearing = std::thread::spawn(move || heard(&listener.accept().unwrap().0, answer));
        let directory = tempfile::tempdir().unwrap();
        let mut command = tatuscan(directory.path());
        command.args(["loadgen", "--url", &url, "--work", work, "--connections", "1"]);
        let output = command.args(["--machines", "3", "--duration", "300ms"]).output().unwrap();
        let (said, requests) = (text(&output), hearing.join().unwrap());
        assert!(output.status.success() && said.contains(&format!("{{{status}: ")), "{said}");
        assert!(requests.len() > 3, "{requests:?}");
        for (line, body) in requests {
            assert!(line.starts_with(begins), "{line}");
            let samples: Vec<_> =
                body.lines().filter_map(|sample| sample.split_once('{')).collect();
            let names: Vec<_> = samples.iter().map(|(name, _)| *name).collect();
            let expected =
                ["tatuscan_cpu_percent", "tatuscan_memory_used_mb", "tatuscan_memory_total_mb"];
            assert_eq!(names, expected, "{body}");
            for (_, rest) in samples {
                let (labels, value) = rest.split_once("} ").unwrap();
                assert_eq!(labels.split("\",").count(), 5, "{labels}");
                assert!(labels.starts_with("machine_id=\"") && value.parse::<f64>().is_ok());
            }
        }
    }
}

#[test]
fn a_server_that_lost_reports_is_found_out() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = ServerProcess::start(first.path());
    let url = server.url.clone();
    let address = url.trim_start_matches("http://").to_owned();
    // The same address, but another store: as if everything had been lost in a restart.
    let swapping = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(800));
        server.kill();
        let mut command = crate::support::process::serve(second.path());
        command.env("TATUSCAN_PORT", address.rsplit(':').next().unwrap());
        let server = ServerProcess::spawn(command);
        std::thread::sleep(std::time::Duration::from_secs(4));
        drop(server);
    });
    let directory = tempfile::tempdir().unwrap();
    let mut command = tatuscan(directory.path());
    command.args(["loadgen", "--url", &url, "--machines", "5000", "--rate", "2000"]);
    let output = command.args(["--duration", "2s", "--verify"]).output().unwrap();
    swapping.join().unwrap();
    let said = text(&output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("LOST: machine"), "{said}");
}
