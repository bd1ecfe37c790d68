//! The subcommands that act on a server or a store.

pub mod loadgen;
