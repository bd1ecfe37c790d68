//! A server in this process, over a store in a directory of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tatuscan::clock;
use tatuscan::http::{App, Limits, Settings, bind, serve};
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
        let mut server = Self::spawn(Arc::new(store), tls, limits);
        server._directory = Some(directory);
        server
    }

    pub(crate) async fn over(store: Arc<dyn Store>, limits: Limits) -> Self {
        Self::spawn(store, None, limits)
    }

    fn spawn(store: Arc<dyn Store>, tls: Option<Tls>, limits: Limits) -> Self {
        let inventory = Inventory::new(store, StatusRules::default());
        let settings = Settings { zone: chrono_tz::America::Cuiaba, now: clock::now };
        let app = Arc::new(App::new(inventory, settings));
        let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
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
