//! The agent: what it sends, how it waits, who it says it is.

mod client;
mod cycle;
mod doctor;
mod enrolment;
mod fleet;
mod identity;
mod instance;
mod inventory;
mod namespace;
mod process;
mod service;
mod snapshot;
