//! How reports get to a server, and what becomes of them.

use std::time::Duration;

use bytes::Bytes;

use crate::wire::Report;
use crate::wire::sections::SectionName;

/// How reports get to the server.
pub trait Transport {
    /// Sends one report, in a bounded time.
    fn send(&self, report: &Report) -> impl Future<Output = Outcome> + Send;

    /// Sends one inventory section, as JSON, in a bounded time.
    fn send_section(
        &self,
        machine_id: &str,
        name: SectionName,
        body: Bytes,
    ) -> impl Future<Output = Delivery> + Send;
}

/// What became of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server has it.
    Accepted {
        /// The sections that it asks for.
        want: Vec<SectionName>,
    },
    /// The server will never take it: sending it again is useless.
    Refused {
        /// For the log; no secrets.
        reason: String,
    },
    /// It may work later.
    Failed {
        /// For the log; no secrets.
        reason: String,
        /// How long the server asked to be left alone.
        retry_after: Option<Duration>,
    },
}

/// What became of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The server has it.
    Taken,
    /// The server will never take it so.
    Refused {
        /// For the log; no secrets.
        reason: String,
    },
    /// It may work later.
    Failed {
        /// For the log; no secrets.
        reason: String,
    },
}
