//! The subcommands that act on a server or a store.

pub mod adopt;
pub mod backup;
pub mod database;
pub mod dedupe;
pub mod doctor;
pub mod export;
pub mod healthcheck;
pub mod import;
pub mod loadgen;
pub mod machine;
pub mod manage;
pub mod migrate;
pub mod open;
pub mod presence;
mod progress;
mod reach;
pub mod restore;
pub mod service;
