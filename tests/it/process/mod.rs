//! The real program as a child process: starting, stopping, and surviving what happens to it.

mod abuse;
mod adoption;
pub(crate) use adoption::{column, uri};
mod descriptors;
mod encrypted;
mod full_disk;
mod kill;
mod loadgen;
mod meddling;
mod migrate;
mod outage;
mod released;
mod several;
mod start;
