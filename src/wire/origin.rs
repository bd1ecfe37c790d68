//! How a request looks to the server, as the API says it.

use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::{Deserialize, Serialize};

/// How the request looks to the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
#[oai(example)]
pub struct Origin {
    /// The address that counts as the client's.
    pub address: String,
    /// The port at the other end of the connection: the client's own, or that of a proxy.
    pub port: u16,
    /// Whether a header says that a proxy passed it on.
    pub forwarded: bool,
    /// Whether the address is what a trusted proxy says.
    pub proxy_trusted: bool,
    /// Whether the client's connection is encrypted.
    pub encrypted: bool,
    /// Whether the client counts as the server's own computer.
    pub this_computer: bool,
    /// Whether machines report from there without a token.
    pub near: bool,
    /// Whether the host that was asked for arrived as `host` says; null when it says nothing.
    #[oai(nullable)]
    pub host_arrived: Option<bool>,
}

impl Example for Origin {
    fn example() -> Self {
        Self {
            address: "203.0.113.9".into(),
            port: 50_122,
            forwarded: true,
            proxy_trusted: true,
            encrypted: true,
            this_computer: false,
            near: false,
            host_arrived: None,
        }
    }
}
