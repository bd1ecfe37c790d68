//! What a client may take.

use std::time::Duration;

/// How long a client may take, and how many there may be.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once; more wait in the kernel's queue.
    pub connections: usize,
    /// From a connection's or a head's first byte to the head's end.
    pub head: Duration,
    /// From a request's head to its answer, its body included.
    pub request: Duration,
    /// Between two requests of a connection.
    pub idle: Duration,
    /// How long a client may refuse to take more of its answer.
    pub write: Duration,
    /// How long requests may go on after the server was told to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            head: Duration::from_secs(10),
            request: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            write: Duration::from_secs(30),
            drain: Duration::from_secs(8),
        }
    }
}
