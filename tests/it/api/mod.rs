//! What the API takes, refuses and answers.

mod answers;
mod duplicates;
mod fields;
mod figures;
mod kept;
mod reports;
mod routes;
mod search;
mod sections;
mod software;

use serde_json::json;

use crate::support::machines::body;
use crate::support::server::Server;

/// Two machines with Windows and one with Linux.
async fn three_machines(server: &Server) {
    for (id, hostname, os, version) in [
        ("1", "pc-10", "windows", "Windows 11"),
        ("2", "pc-2", "windows", "Windows 10"),
        ("3", "srv", "linux", "Debian 12"),
    ] {
        let mut report = body(id);
        report["hostname"] = json!(hostname);
        report["os"] = json!(os);
        report["os_version"] = json!(version);
        server.report(&report).await;
    }
}
