//! Databases that are spoken to over TLS: by their authority, and by no other.

use std::path::Path;

use crate::support::database::{DatabaseServer, Kind, PASSWORD};
use crate::support::machines::body;
use crate::support::process::{ServerProcess, serve};
use crate::support::server::client;
use crate::support::tls::Authority;

fn start(database: &DatabaseServer, directory: &Path, options: &str) -> ServerProcess {
    let mut command = serve(directory);
    command.env("SQLALCHEMY_DATABASE_URI", format!("{}?{options}", database.uri()));
    ServerProcess::spawn(command)
}

async fn post(server: &ServerProcess) -> u16 {
    let request = client().post(format!("{}/api/machines", server.url));
    let request = request.header("Content-Type", "application/json").body(body("m").to_string());
    request.send().await.unwrap().status().as_u16()
}

async fn is_checked(kind: Kind, trusting: &[&str]) {
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let Some(database) = DatabaseServer::start_with(kind, Some(&ours)) else { return };
    let directory = tempfile::tempdir().unwrap();
    let ours = ours.write(directory.path(), "ours");
    let other = other.write(directory.path(), "other");
    for (round, options) in trusting.iter().enumerate() {
        let good = options.replace("{CA}", ours.to_str().unwrap());
        let server = start(&database, directory.path(), &good);
        assert_eq!(post(&server).await, if round == 0 { 201 } else { 200 }, "{options}");
        drop(server);
        let bad = options.replace("{CA}", other.to_str().unwrap());
        let server = start(&database, directory.path(), &bad);
        assert_eq!(post(&server).await, 503, "{options}: not that authority's");
        assert!(!server.start.contains(PASSWORD));
    }
}

#[tokio::test]
async fn a_postgres_server_is_checked() {
    let checked = ["sslmode=verify-ca&sslrootcert={CA}", "sslmode=verify-full&sslrootcert={CA}"];
    is_checked(Kind::Postgres, &checked).await;
}

#[tokio::test]
async fn a_mysql_server_is_checked() {
    is_checked(Kind::Mysql, &["ssl_ca={CA}"]).await;
}
