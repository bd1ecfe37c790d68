//! Whether the server is alive.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use serde::Serialize;

use crate::http::app::Context;
use crate::http::openapi::Tag;
use crate::http::payload::JsonBody;

pub(in crate::http) struct HealthApi;

/// The state of a part of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
enum State {
    /// It works.
    Healthy,
    /// It cannot be read or written at the moment.
    Unhealthy,
    /// The process answers.
    Alive,
}

/// The state of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
struct HealthReply {
    /// `healthy`, `unhealthy` or `alive`.
    status: State,
}

#[derive(ApiResponse)]
enum StoreHealth {
    /// The store can be read and written
    #[oai(status = 200)]
    Healthy(JsonBody<HealthReply>),
    /// The store cannot be written at the moment; reads may still work
    #[oai(status = 503)]
    Unhealthy(JsonBody<HealthReply>, #[oai(header = "Retry-After")] u32),
}

#[OpenApi(tag = "Tag::Health")]
impl HealthApi {
    /// Whether the store works
    ///
    /// For load balancers and readiness probes: 200 while the inventory can be read and written.
    #[oai(path = "/api/health", method = "get", operation_id = "checkHealth")]
    async fn health(&self, context: Data<&Arc<Context>>) -> StoreHealth {
        match context.inventory.check().await {
            Ok(()) => StoreHealth::Healthy(JsonBody(HealthReply { status: State::Healthy })),
            Err(_) => StoreHealth::Unhealthy(JsonBody(HealthReply { status: State::Unhealthy }), 5),
        }
    }

    /// Whether the process answers
    ///
    /// For liveness probes: 200 whatever the store does.
    #[oai(path = "/livez", method = "get", operation_id = "checkLiveness")]
    async fn alive(&self) -> JsonBody<HealthReply> {
        JsonBody(HealthReply { status: State::Alive })
    }
}
