//! Files that people bring: what they change, what is said about them, and what they cannot do.

mod commands;
mod kill;
mod round_trip;
mod rows;
mod size;

use serde_json::{Value, json};

use crate::support::machines::body;
use crate::support::server::Server;

/// Imports a file with these parameters.
async fn import(server: &Server, parameters: &str, file: impl Into<reqwest::Body>) -> (u16, Value) {
    let request = server.client.post(server.url(&format!("/api/import/machines?{parameters}")));
    let request = request.header("Content-Type", "text/csv; charset=utf-8").body(file);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

/// A server with machines of these host names, whose ids are `m0`, `m1`, ….
async fn with_hosts(hostnames: &[&str]) -> Server {
    let server = Server::start().await;
    for (number, hostname) in hostnames.iter().enumerate() {
        let mut report = body(&format!("m{number}"));
        report["hostname"] = json!(hostname);
        assert_eq!(server.report(&report).await.0, 201);
    }
    server
}

async fn machine(server: &Server, id: &str) -> Value {
    server.get(&format!("/api/machines/{id}")).await.1
}

/// How many changes the audit log holds.
async fn audited(server: &Server) -> usize {
    let entries = server.get("/api/audit?action=machine.edit").await.1;
    entries["items"].as_array().unwrap().len()
}
