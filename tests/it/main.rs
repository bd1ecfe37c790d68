//! The integration tests, one binary: what the programs and the library promise to others.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod agent;
mod config;
mod support;
