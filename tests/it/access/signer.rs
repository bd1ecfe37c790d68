//! Machines that sign what they report.

use reqwest::Method;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tatuscan::model::access::Scope;
use tatuscan::wire::signing::{Signed, enrolment, hex, report, section};

use super::{Box, json as answer};

fn digest(body: &Value) -> [u8; 32] {
    Sha256::digest(body.to_string().as_bytes()).into()
}

/// A machine with a key of its own.
pub(crate) struct Signer {
    pub(super) id: &'static str,
    pub(super) key: Ed25519KeyPair,
}

impl Signer {
    pub(super) fn new(id: &'static str) -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self { id, key: Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap() }
    }

    /// One that a server knows.
    pub(crate) async fn enrolled(server: &Box, id: &'static str) -> Self {
        let signer = Self::new(id);
        let token = server.token(Scope::Enrol).await;
        assert_eq!(signer.enrol(server, &token).await.0, 200);
        signer
    }

    pub(super) fn public(&self) -> [u8; 32] {
        self.key.public_key().as_ref().try_into().unwrap()
    }

    pub(super) async fn enrol(&self, server: &Box, token: &str) -> (u16, Value) {
        let signature = self.key.sign(enrolment(self.id, &self.public()).as_bytes());
        let body = json!({
            "token": token, "machine_id": self.id, "public_key": hex(&self.public()),
            "signature": hex(signature.as_ref()),
        });
        answer(server.ask(Method::POST, "/api/enroll", &[], Some(&body)).await).await
    }

    pub(crate) fn authorization(&self, seq: u64, body: &Value) -> String {
        self.signed(seq, &report(self.id, seq, &digest(body)))
    }

    /// Of a section.
    pub(crate) fn section(&self, seq: u64, name: &str, body: &Value) -> String {
        self.signed(seq, &section(self.id, seq, name, &digest(body)))
    }

    fn signed(&self, seq: u64, message: &str) -> String {
        let signature = self.key.sign(message.as_bytes());
        let sig = signature.as_ref().try_into().unwrap();
        Signed { id: self.id.into(), seq, sig }.to_string()
    }

    pub(crate) async fn report(&self, server: &Box, seq: u64, body: &Value) -> (u16, Value) {
        let authorization = self.authorization(seq, body);
        let headers = [("Authorization", authorization.as_str())];
        answer(server.ask(Method::POST, "/api/machines", &headers, Some(body)).await).await
    }
}
