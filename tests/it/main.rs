//! The integration tests: one binary, real parts.

mod api;
mod browser;
mod golden;
mod house;
mod http_limits;
mod openapi;
mod store;
mod support;
