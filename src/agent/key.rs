//! The machine's own key, with which it signs its reports.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::state;
use crate::atomic_file::PRIVATE;
use crate::wire::signing::{self, Signed, hex};

/// The file in the agent's state directory.
const FILE: &str = "machine-key.json";

/// A key, and whose it is.
pub(super) struct MachineKey {
    machine_id: String,
    pair: Ed25519KeyPair,
    /// What the file holds: the key in PKCS #8.
    document: Vec<u8>,
    /// Whether the server knows it.
    is_enrolled: bool,
    /// The number of the last report.
    seq: u64,
}

/// The key as the file keeps it. The number of the last report is not there: the server says it
/// when it is asked with one that is too low.
#[derive(Serialize, Deserialize)]
struct Kept {
    machine_id: String,
    /// PKCS #8 in hex.
    private_key: String,
    is_enrolled: bool,
}

impl MachineKey {
    /// A new key for a machine.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(super) fn new(machine_id: &str) -> anyhow::Result<Self> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|_| anyhow!("the system has no random numbers"))?;
        Self::of(machine_id, document.as_ref()).context("a key that was just made is none")
    }

    fn of(machine_id: &str, document: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(document).ok()?;
        let (machine_id, document) = (machine_id.into(), document.into());
        Some(Self { machine_id, pair, document, is_enrolled: false, seq: 0 })
    }

    /// The key that was kept in the state directory; `None` when there is none, or one that cannot
    /// be read.
    pub(super) fn kept(state_dir: &Path) -> Option<Self> {
        let kept: Kept = serde_json::from_slice(&fs::read(state_dir.join(FILE)).ok()?).ok()?;
        let key = Self::of(&kept.machine_id, &bytes(&kept.private_key)?)?;
        Some(Self { is_enrolled: kept.is_enrolled, ..key })
    }

    /// Keeps the key in the state directory, in a file (mode 0600) that only its owner reads.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn keep(&self, state_dir: &Path) -> anyhow::Result<()> {
        let private_key = hex(&self.document);
        let (machine_id, is_enrolled) = (self.machine_id.clone(), self.is_enrolled);
        let kept = Kept { machine_id, private_key, is_enrolled };
        let path = state_dir.join(FILE);
        state::write(state_dir, FILE, &serde_json::to_vec(&kept)?, PRIVATE)
            .with_context(|| format!("cannot keep the machine's key in {}", path.display()))
    }

    /// Whether it is this machine's: a copied disk brings the key of another one.
    pub(super) fn is_of(&self, machine_id: &str) -> bool {
        self.machine_id == machine_id
    }

    /// Whether the server knows it, as far as this machine knows.
    pub(super) fn is_enrolled(&self) -> bool {
        self.is_enrolled
    }

    /// The server knows it, and the last report had this number; or the server does not.
    pub(super) fn set_enrolled(&mut self, last_seq: Option<u64>) {
        self.is_enrolled = last_seq.is_some();
        self.seq = last_seq.unwrap_or(0);
    }

    /// The public key.
    pub(super) fn public(&self) -> [u8; 32] {
        let mut public = [0; 32];
        public.copy_from_slice(self.pair.public_key().as_ref());
        public
    }

    /// What proves that the key is this machine's, in hex.
    pub(super) fn proof(&self) -> String {
        let message = signing::enrolment(&self.machine_id, &self.public());
        hex(self.pair.sign(message.as_bytes()).as_ref())
    }

    /// Signs the next report, or the next section when it has a name: they are numbered together.
    pub(super) fn sign(&mut self, section: Option<&str>, body: &[u8]) -> Signed {
        self.seq = self.seq.saturating_add(1);
        let (id, seq, digest) = (&self.machine_id, self.seq, &Sha256::digest(body).into());
        let message = match section {
            Some(name) => signing::section(id, seq, name, digest),
            None => signing::report(id, seq, digest),
        };
        let mut sig = [0; 64];
        sig.copy_from_slice(self.pair.sign(message.as_bytes()).as_ref());
        Signed { id: self.machine_id.clone(), seq: self.seq, sig }
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
