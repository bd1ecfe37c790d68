//! A configured database, in the words of the store.

use std::time::Duration;

use chrono_tz::Tz;

use crate::config::{self, Database, DatabaseServer, ServerKind, TlsMode};
use crate::store::sql::{Address, Encryption, Server, SqlSettings};

/// Time to connect where the address says nothing: an agent that waits is answered in time.
const CONNECT: Duration = Duration::from_millis(1_500);

/// What the store has to know of a database.
#[must_use]
pub fn sql_settings(database: &Database, zone: Tz) -> SqlSettings {
    let address = match database {
        Database::Sqlite { path } => Address::Sqlite(path.clone()),
        Database::Server(server) => match server.kind {
            ServerKind::Postgres => Address::Postgres(self::server(server)),
            ServerKind::Mysql => Address::Mysql(self::server(server)),
        },
    };
    SqlSettings { address, zone }
}

fn server(server: &DatabaseServer) -> Server {
    let (host, port, socket) = match &server.address {
        config::Address::Tcp { host, port } => (host.clone(), *port, None),
        config::Address::SocketDirectory { directory, port } => {
            ("localhost".into(), *port, Some(directory.clone()))
        }
        config::Address::Socket(path) => ("localhost".into(), 0, Some(path.clone())),
    };
    Server {
        host,
        port,
        socket,
        user: server.user.clone().or_else(own_name),
        password: server.password.as_ref().map(|password| password.expose().to_owned()),
        database: Some(server.database.clone()),
        encryption: match server.tls.mode {
            TlsMode::Disable => Encryption::Disable,
            TlsMode::Prefer => Encryption::Prefer,
            TlsMode::Require => Encryption::Require,
            TlsMode::VerifyCa => Encryption::VerifyCa,
            TlsMode::VerifyFull => Encryption::VerifyFull,
        },
        ca_file: server.tls.ca_file.clone(),
        client_certificate: server
            .tls
            .client
            .as_ref()
            .map(|client| (client.certificate.clone(), client.key.clone())),
        connect_timeout: server.connect_timeout.unwrap_or(CONNECT),
        application_name: server.application_name.clone().unwrap_or_else(|| "tatuscan".into()),
        parameters: server.parameters.clone(),
    }
}

/// The name of the user that this process runs as.
fn own_name() -> Option<String> {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten()?;
    Some(user.name)
}
