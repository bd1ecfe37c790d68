//! Reaching the server that a command is for: another one by its address; on this computer the store
//! itself, through the same API, or, when it is in use, the server that uses it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::StreamBody;
use hyper::body::Frame;
use reqwest::{Body, Client, Method, Response, StatusCode};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::open::open_store;
use super::presence::{Presence, read_token, token_file};
use crate::access::{self, Access, Mode};
use crate::clock;
use crate::config::{Target, prepare_data_dir};
use crate::http::{App, Gate, Limits, Settings, bind, literal_url, serve};
use crate::inventory::Inventory;
use crate::model::StatusRules;
use crate::store::OpenError;
use crate::trust::Trust;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a file may take to arrive.
const DOWNLOAD: Duration = Duration::from_secs(6 * 60 * 60);

/// A way to a server.
pub(super) struct Reached {
    client: Client,
    url: String,
    /// Where browsers find it; `None` when none runs.
    pub(super) shown: Option<String>,
    token: String,
    /// What machines have to know to believe it: the pin of a certificate that it made itself.
    pub(super) pin: Option<String>,
    /// What was started for this command alone.
    own: Option<Own>,
}

struct Own {
    inventory: Inventory,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
}

impl Reached {
    /// Finds the server, or opens the store.
    pub(super) async fn open(target: &Target) -> anyhow::Result<Self> {
        let builder = Client::builder().no_proxy().timeout(PATIENCE);
        if let (Some(url), Some(token)) = (&target.url, &target.token) {
            let client = target.trust.client_for(url, builder)?;
            let (url, token) = (url.clone(), token.clone());
            let shown = Some(url.clone());
            return Ok(Self { client, url, shown, token, pin: None, own: None });
        }
        let data_dir = &target.store.data_dir;
        // A mistyped name, or another working directory than the server's, makes no new inventory.
        if target.store.database.is_none() && !data_dir.exists() {
            anyhow::bail!(
                "There is no data directory {}. Start `tatuscan serve` once, or say where the \
                 inventory is with TATUSCAN_DB_DIR (--data-dir)",
                data_dir.display()
            );
        }
        prepare_data_dir(data_dir)?;
        let file = token_file(data_dir)?;
        let token = read_token(&file)?;
        let presence = Presence::of(data_dir);
        let pin = presence.as_ref().filter(|presence| presence.is_self_signed);
        let pin = pin.and_then(|presence| presence.tls_pin.clone());
        let store = match open_store(&target.store, target.zone).await {
            Ok((store, _)) => store,
            Err(error) => {
                // Only a store that is in use shows that whoever listens there is its server: the
                // token is for nobody else.
                let is_in_use = matches!(error.downcast_ref(), Some(OpenError::Locked(_)));
                let Some(presence) = presence.filter(|_| is_in_use) else { return Err(error) };
                let client = presence.trust()?.client_for(&presence.url, builder)?;
                let url = presence.url;
                return Ok(Self {
                    client,
                    url: url.clone(),
                    shown: Some(url),
                    token,
                    pin,
                    own: None,
                });
            }
        };
        // Nobody else has to do with this server.
        let settings = access::Settings {
            mode: Mode::Strict,
            token_file: Some(file),
            ..access::Settings::default()
        };
        let gate = Access::new(Arc::clone(&store), settings);
        let inventory = Inventory::new(store, StatusRules::default());
        let settings = Settings {
            zone: target.zone,
            now: clock::now,
            gate: Gate::default(),
            work_dir: data_dir.clone(),
        };
        let app = Arc::new(App::new(inventory.clone(), gate, settings));
        let listener = bind(&["127.0.0.1:0".parse()?])?;
        let url = literal_url("http", listener.local_addr()?);
        let client = Trust::System.client_for(&url, builder)?;
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, None, app, Limits::default(), shutdown.clone()));
        let own = Some(Own { inventory, shutdown, serving });
        let shown = presence.map(|presence| presence.url);
        Ok(Self { client, url, shown, token, pin, own })
    }

    /// Asks for something, and answers the JSON of the answer.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<Value> {
        let request = self.client.request(method, format!("{}{path}", self.url));
        let mut request = request.bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.with_context(|| format!("{} is not there", self.url))?;
        read(answer).await
    }

    /// Asks for a file, however long it takes.
    pub(super) async fn download(&self, path: &str) -> anyhow::Result<Response> {
        let request = self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.token);
        let answer = request.timeout(DOWNLOAD).send().await;
        let answer = answer.with_context(|| format!("{} is not there", self.url))?;
        if answer.status().is_success() { Ok(answer) } else { Err(refusal(answer).await) }
    }

    /// Sends a file in pieces, and answers whether that was taken, and the JSON of the answer: also of
    /// one that says what is wrong with the file.
    pub(super) async fn upload(
        &self,
        path: &str,
        content_type: &str,
        length: usize,
        pieces: impl Iterator<Item = Bytes> + Send + Sync + 'static,
    ) -> anyhow::Result<(bool, Value)> {
        let frames = pieces.map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
        let body = Body::wrap(StreamBody::new(stream::iter(frames)));
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.token);
        let request = request.header("Content-Type", content_type).header("Content-Length", length);
        let request = request.body(body);
        let answer = request.send().await.with_context(|| format!("{} is not there", self.url))?;
        let status = answer.status();
        if status != StatusCode::BAD_REQUEST {
            return Ok((true, read(answer).await?));
        }
        let text = answer.text().await.context("the answer ended early")?;
        Ok((false, serde_json::from_str(&text).context("the server answers 400")?))
    }

    /// Lets go of what was opened.
    pub(super) async fn close(self) {
        if let Some(Own { inventory, shutdown, serving }) = self.own {
            shutdown.cancel();
            drop(serving.await);
            inventory.close().await;
        }
    }
}

async fn read(answer: Response) -> anyhow::Result<Value> {
    if !answer.status().is_success() {
        return Err(refusal(answer).await);
    }
    let text = answer.text().await.context("the answer ended early")?;
    Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// What the server says that it will not do.
async fn refusal(answer: Response) -> anyhow::Error {
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    match value["error"].as_str() {
        Some(error) => anyhow!("{error}"),
        None => anyhow!("the server answers {status}"),
    }
}
