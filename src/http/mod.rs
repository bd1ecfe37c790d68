//! The server: an HTTP loop with limits, the API, its document, and the dashboard's files.
//!
//! [`bind`] and [`serve()`] are apart so that the caller knows the address before the first
//! request, and decides when to stop. `main` and the tests use the same functions.

mod api;
mod app;
mod compression;
mod connection;
mod context;
mod credentials;
mod csv_body;
mod error;
mod export;
mod freshness;
mod guard;
mod headers;
mod incident;
mod limits;
mod listing;
mod metrics;
mod openapi;
mod origin;
mod payload;
mod planes;
mod process;
mod question;
mod roster;
mod routes;
mod serve;
mod table;
mod web;

pub use app::App;
pub use context::Settings;
pub use csv_body::IMPORT_BYTES;
pub use guard::Gate;
pub use limits::Limits;
pub use openapi::document;
pub use serve::{bind, literal_url, local_url, serve};
