//! The key that a machine signs its reports with.

use chrono::{DateTime, Utc};

use super::SecretHash;
use crate::model::{MachineId, Text};

/// The public key of a machine, and how far its reports have come. It survives the removal of the
/// machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineKey {
    /// Whose.
    pub machine_id: MachineId,
    /// The Ed25519 public key.
    pub public_key: [u8; 32],
    /// The number of the last signed report.
    pub sequence: u64,
    /// The SHA-256 of its body.
    pub digest: SecretHash,
    /// Since when the key counts.
    pub enrolled_at: DateTime<Utc>,
    /// Whether an admin has forgotten it: then it is only remembered so that reports that it signed
    /// before are not taken again.
    pub is_forgotten: bool,
    /// Tags that the machine gets at its first report.
    pub tags: Vec<Text>,
    /// Another key that asks for the machine's place, until an admin approves it.
    pub waiting: Option<WaitingKey>,
}

/// A key that has to be approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingKey {
    /// The Ed25519 public key.
    pub public_key: [u8; 32],
    /// When it asked.
    pub asked_at: DateTime<Utc>,
    /// From where.
    pub peer: String,
    /// Tags that the machine gets with it.
    pub tags: Vec<Text>,
}
