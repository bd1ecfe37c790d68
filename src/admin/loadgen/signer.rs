//! Keys of machines that sign their reports.

use anyhow::{Context as _, anyhow, bail};
use http::Method;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use sha2::{Digest as _, Sha256};

use super::client::Connection;
use crate::wire::access::{Enrolment, EnrolmentReply};
use crate::wire::signing::{self, Signed, hex};

/// A machine's key. The same seed makes the same key, so that a fleet is known to the server when
/// it comes again.
pub(super) struct Signer {
    machine_id: String,
    pair: Ed25519KeyPair,
    sequence: u64,
}

impl Signer {
    /// The key of a machine, which the server knows from now on.
    ///
    /// # Errors
    /// When the server does not take it.
    pub(super) async fn enrolled(
        machine_id: &str,
        seed: u64,
        token: &str,
        connection: &mut Connection,
    ) -> anyhow::Result<Self> {
        let secret = Sha256::digest(format!("{seed}/{machine_id}"));
        let pair = Ed25519KeyPair::from_seed_unchecked(&secret)
            .map_err(|_| anyhow!("no key can be made from a digest"))?;
        let mut public_key = [0; 32];
        public_key.copy_from_slice(pair.public_key().as_ref());
        let proof = pair.sign(signing::enrolment(machine_id, &public_key).as_bytes());
        let asked = serde_json::to_string(&Enrolment {
            token: token.to_owned(),
            machine_id: machine_id.to_owned(),
            public_key: hex(&public_key),
            signature: hex(proof.as_ref()),
        })?;
        let (status, answer) = connection.send(&Method::POST, "/api/enroll", None, &asked).await?;
        if status != 200 {
            bail!(
                "--enrol-token: the server answered {status} {}",
                String::from_utf8_lossy(&answer)
            );
        }
        let reply: EnrolmentReply = serde_json::from_slice(&answer).context("--enrol-token")?;
        Ok(Self { machine_id: machine_id.to_owned(), pair, sequence: reply.last_seq })
    }

    /// The value of `Authorization` for the machine's next report.
    pub(super) fn sign(&mut self, body: &str) -> String {
        self.sequence += 1;
        let digest = Sha256::digest(body).into();
        let message = signing::report(&self.machine_id, self.sequence, &digest);
        let mut sig = [0; 64];
        sig.copy_from_slice(self.pair.sign(message.as_bytes()).as_ref());
        Signed { id: self.machine_id.clone(), seq: self.sequence, sig }.to_string()
    }
}
