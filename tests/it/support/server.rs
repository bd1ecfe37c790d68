//! A server in this process, over a store in a directory of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tatuscan::access::{self, Access, Mode};
use tatuscan::clock;
use tatuscan::http::{App, Gate, Limits, Settings, bind, serve};
use tatuscan::inventory::Inventory;
use tatuscan::model::StatusRules;
use tatuscan::store::Store;
use tatuscan::store::redb::RedbStore;
use tatuscan::tls::Tls;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) client: reqwest::Client,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
    _directory: Option<TempDir>,
}

/// Who may do what with a server, and where it is.
pub(crate) struct Guarded {
    pub(crate) tls: Option<Tls>,
    pub(crate) limits: Limits,
    pub(crate) rules: access::Settings,
    pub(crate) gate: Gate,
    pub(crate) address: &'static str,
    pub(crate) now: fn() -> DateTime<Utc>,
}

impl Guarded {
    /// The rules as they are when nothing is set.
    pub(crate) fn compat() -> Self {
        Self {
            tls: None,
            limits: Limits::default(),
            rules: access::Settings::default(),
            gate: Gate::default(),
            address: "127.0.0.1:0",
            now: clock::now,
        }
    }

    /// Against nobody.
    fn nobody() -> Self {
        let mut guard = Self::compat();
        guard.rules.mode = Mode::Off;
        guard
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(Limits::default()).await
    }

    pub(crate) async fn start_with(limits: Limits) -> Self {
        Self::start_over(None, limits).await
    }

    /// With TLS on its port, where there is one.
    pub(crate) async fn start_over(tls: Option<Tls>, limits: Limits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = RedbStore::open(&directory.path().join("tatuscan.redb")).unwrap();
        let guard = Guarded { tls, limits, ..Guarded::nobody() };
        let mut server = Self::guarded(Arc::new(store), guard).await;
        server._directory = Some(directory);
        server
    }

    /// A server that asks nobody for a credential.
    pub(crate) async fn over(store: Arc<dyn Store>, limits: Limits) -> Self {
        Self::guarded(store, Guarded { limits, ..Guarded::nobody() }).await
    }

    /// A server with these rules.
    pub(crate) async fn guarded(store: Arc<dyn Store>, guard: Guarded) -> Self {
        let Guarded { tls, limits, rules, gate, address, now } = guard;
        let access = Access::new(Arc::clone(&store), rules);
        let inventory = Inventory::new(store, StatusRules::default());
        let work_dir = std::env::temp_dir();
        let settings = Settings { zone: chrono_tz::America::Cuiaba, now, gate, work_dir };
        let app = Arc::new(App::new(inventory, access, settings));
        let listener = bind(&[address.parse().unwrap()]).unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let serving =
            tokio::spawn(serve(listener, tls.map(Arc::new), app, limits, shutdown.clone()));
        Self { address, client: client(), shutdown, serving, _directory: None }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.client.get(self.url(path)).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }

    pub(crate) async fn post(&self, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let request = self.client.post(self.url("/api/machines"));
        let request = request.header("Content-Type", "application/json").body(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }

    pub(crate) async fn report(&self, body: &Value) -> (u16, Value) {
        self.post(body.to_string()).await
    }

    pub(crate) async fn patch(&self, id: &str, body: &Value) -> (u16, Value) {
        let request = self.client.patch(self.url(&format!("/api/machines/{id}")));
        let request = request.header("Content-Type", "application/json").body(body.to_string());
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(10), self.serving).await.unwrap().unwrap();
    }
}

/// A client that follows nothing and asks no proxy.
pub(crate) fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only(std::iter::empty())
        .build()
        .unwrap()
}
