//! Whether the server is alive.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use serde::Serialize;

use super::Tag;
use crate::http::context::Context;
use crate::http::error::HealthError;
use crate::http::payload::JsonBody;

pub(in crate::http) struct HealthApi;

/// The state of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
enum StoreState {
    /// It works.
    Healthy,
    /// It cannot be read or written at the moment.
    Unhealthy,
}

/// The state of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
enum ProcessState {
    /// It answers.
    Alive,
}

/// Whether the store works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
struct HealthReply {
    /// `healthy` with 200, `unhealthy` with 503.
    status: StoreState,
}

impl Example for HealthReply {
    fn example() -> Self {
        Self { status: StoreState::Healthy }
    }
}

/// That the process answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
struct LivenessReply {
    /// Always `alive`.
    status: ProcessState,
}

impl Example for LivenessReply {
    fn example() -> Self {
        Self { status: ProcessState::Alive }
    }
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
    async fn health(&self, context: Data<&Arc<Context>>) -> Result<StoreHealth, HealthError> {
        let reply = |status| JsonBody(HealthReply { status });
        Ok(match context.inventory.check().await {
            Ok(()) => StoreHealth::Healthy(reply(StoreState::Healthy)),
            Err(_) => StoreHealth::Unhealthy(reply(StoreState::Unhealthy), 5),
        })
    }

    /// Whether the process answers
    ///
    /// For liveness probes: 200 whatever the store does.
    #[oai(path = "/livez", method = "get", operation_id = "checkLiveness")]
    async fn alive(&self) -> Result<JsonBody<LivenessReply>, HealthError> {
        Ok(JsonBody(LivenessReply { status: ProcessState::Alive }))
    }
}
