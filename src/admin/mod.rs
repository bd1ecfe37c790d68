//! The subcommands that act on a server or a store.

pub mod adopt;
pub mod database;
pub mod loadgen;
pub mod migrate;
