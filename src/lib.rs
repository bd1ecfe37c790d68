#![doc = include_str!("ARCHITECTURE.md")]

#[cfg(feature = "server")]
pub mod admin;
pub mod agent;
pub mod cli;
pub mod clock;
pub mod config;
#[cfg(feature = "server")]
pub mod http;
#[cfg(feature = "server")]
pub mod inventory;
#[cfg(feature = "server")]
pub mod model;
#[cfg(feature = "server")]
pub mod store;
pub mod wire;
