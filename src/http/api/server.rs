//! What the server is.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;

use super::Tag;
use super::session::shown;
use crate::http::context::Context;
use crate::http::error::AdminError;
use crate::http::payload::JsonBody;
use crate::wire::Timestamp;
use crate::wire::access::Mode;

pub(in crate::http) struct ServerApi;

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
struct Server {
    /// Its version.
    version: String,
    /// Since when it answers.
    started_at: Timestamp,
    /// The zone that times are shown in.
    timezone: String,
    /// How strict the rules are.
    mode: Mode,
    /// Machines in its inventory.
    machines: usize,
}

impl Example for Server {
    fn example() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            started_at: crate::wire::Machine::example().created_at,
            timezone: "America/Cuiaba".into(),
            mode: Mode::Compat,
            machines: 1247,
        }
    }
}

#[OpenApi(tag = "Tag::Health")]
impl ServerApi {
    /// Describe the server
    ///
    /// Its version, how long it has been running, and by which rules.
    #[oai(path = "/api/server", method = "get", operation_id = "describeServer")]
    async fn server(&self, context: Data<&Arc<Context>>) -> Result<JsonBody<Server>, AdminError> {
        Ok(JsonBody(Server {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: context.presenter().time(context.started_at),
            timezone: context.settings.zone.name().to_owned(),
            mode: shown(context.access.mode()),
            machines: context.inventory.machine_count().await?,
        }))
    }
}
