//! The integration tests: one binary, real parts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "tests are configured by their environment")]

mod access;
mod agent;
mod api;
mod appliance;
mod browser;
mod config;
mod export;
mod faults;
mod golden;
mod house;
mod http_limits;
mod import;
mod install;
mod manual;
mod openapi;
mod process;
mod query;
mod scripts;
mod slow;
mod store;
mod support;
mod tls;
mod upkeep;
