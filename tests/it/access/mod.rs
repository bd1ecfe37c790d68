//! Who may do what: the rules, the ways in, and what is kept of it.

mod audit;
mod commands;
mod enrolment;
mod logins;
mod origin;
mod planes;
mod shared;
mod signer;
mod tokens;
mod views;

use std::sync::Arc;

use reqwest::{Method, Response};
use serde_json::Value;
use tatuscan::access::{Access, Settings, TokenTerms};
use tatuscan::clock;
use tatuscan::model::access::{Caller, Identity, Role, Scope};
use tatuscan::store::Store;
use tatuscan::store::redb::RedbStore;
use tempfile::TempDir;

pub(crate) use signer::Signer;

use crate::support::server::{Guarded, Server};

pub(crate) const PASSWORD: &str = "three words make one";

/// A guarded server, and what gets into it.
pub(crate) struct Box {
    pub(crate) server: Server,
    pub(crate) access: Access,
    _directory: TempDir,
}

pub(crate) fn console() -> Identity {
    Identity { caller: Caller::TokenFile, peer: None, at: clock::now() }
}

impl Box {
    pub(crate) async fn start(guard: Guarded) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = RedbStore::open(&directory.path().join("tatuscan.redb")).unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        let access = Access::new(Arc::clone(&store), Settings::default());
        let server = Server::guarded(store, guard).await;
        Self { server, access, _directory: directory }
    }

    /// One whose requests seem to come from wherever X-Forwarded-For says.
    pub(crate) async fn behind_a_proxy(mut guard: Guarded) -> Self {
        guard.gate.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        Self::start(guard).await
    }

    pub(crate) async fn token(&self, scope: Scope) -> String {
        let made = self.access.create_token("test", scope, TokenTerms::default(), console()).await;
        made.unwrap().0.expose().to_owned()
    }

    /// The cookie of a session of a person with this role.
    pub(crate) async fn session(&self, name: &str, role: Role) -> String {
        self.access.add_user(name, role, PASSWORD, console()).await.unwrap();
        let begun = self.access.log_in(name, PASSWORD, None, console()).await.unwrap();
        format!("tatuscan_session={}", begun.session.expose())
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Response {
        let mut request = self.server.client.request(method, self.server.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        request.send().await.unwrap()
    }

    pub(crate) async fn status(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> u16 {
        self.ask(method, path, headers, None).await.status().as_u16()
    }
}

pub(crate) async fn json(answer: Response) -> (u16, Value) {
    (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
}
