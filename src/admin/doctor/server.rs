//! The server of this computer, if one runs.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::Client;
use serde_json::Value;

use super::machines::{self, Looked};
use crate::admin::presence::{Presence, read_token};
use crate::config::StorePlace;
use crate::findings::Report;

const CHECK: &str = "server";
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Machines in one answer.
const PAGE: usize = 1_000;

/// A server that answers.
pub(super) struct Running {
    client: Client,
    url: String,
    token: String,
}

/// Looks for the server that wrote down where it is. `is_in_use` when the store is held by one.
pub(super) async fn look(
    place: &StorePlace,
    is_in_use: bool,
    report: &mut Report,
) -> Option<Running> {
    let Some(presence) = Presence::of(&place.data_dir) else {
        if is_in_use {
            let found = "the store is in use, but no server.json says by whom";
            report.warn(CHECK, found, "Look for the process: fuser, lsof");
        } else {
            report.ok(CHECK, "none runs here");
        }
        return None;
    };
    let (url, pid) = (presence.url.clone(), presence.pid);
    // Only what holds the store, or shows the key of a certificate, is certainly our server: the
    // token is for nobody else.
    let is_ours = is_in_use || presence.tls_pin.is_some();
    let client = presence
        .trust()
        .and_then(|trust| trust.client_for(&url, Client::builder().no_proxy().timeout(PATIENCE)));
    let client = match client {
        Ok(client) => client,
        Err(error) => {
            report.fail(CHECK, format!("{error:#}"), "Start the server again");
            return None;
        }
    };
    if let Err(error) = client.get(format!("{url}/livez")).send().await {
        let error = anyhow::Error::from(error);
        let found = format!("server.json names {url} (process {pid}), but nobody answers there");
        if is_in_use {
            let advice = format!("Look at its log, and at the process: {error:#}");
            report.fail(CHECK, found, advice);
        } else {
            report.ok(CHECK, format!("none runs here; the last one was killed ({found})"));
        }
        return None;
    }
    match client.get(format!("{url}/api/health")).send().await {
        Ok(answer) if answer.status().is_success() => {
            report.ok(CHECK, format!("{url} (process {pid}) answers, and its store works"));
        }
        Ok(answer) => {
            let found = format!("{url} answers, but its store does not work ({})", answer.status());
            report.fail(CHECK, found, "Its log says why");
        }
        Err(error) => report.fail(CHECK, format!("{url}: {error}"), "Its log says why"),
    }
    if !is_ours {
        return None;
    }
    match read_token(&place.data_dir.join("admin.token")) {
        Ok(token) => Some(Running { client, url, token }),
        Err(error) => {
            let advice = "Ask as root or as the server's user, who may read it";
            report.fail(CHECK, format!("{error:#}"), advice);
            None
        }
    }
}

impl Running {
    /// What the server says of machines and backups.
    pub(super) async fn look(&self, report: &mut Report) {
        let looked = async {
            let metrics = self.text("/metrics").await?;
            Ok::<_, anyhow::Error>((metrics, self.machines().await?))
        };
        let (metrics, machines) = match looked.await {
            Ok(looked) => looked,
            Err(error) => {
                return report.fail(CHECK, format!("{error:#}"), "Its log says why");
            }
        };
        if metrics.lines().any(|line| line == "tatuscan_backup_last_failed 1") {
            report.fail("backups", "the last one failed", "The server's log says why");
        }
        machines::look(&machines, report);
    }

    async fn machines(&self) -> anyhow::Result<Vec<Looked>> {
        let mut machines = Vec::new();
        loop {
            let path = format!("/api/machines?limit={PAGE}&offset={}", machines.len());
            let list: Value = serde_json::from_str(&self.text(&path).await?)?;
            let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
            machines.extend(items.iter().map(Looked::of_json));
            if items.len() < PAGE {
                return Ok(machines);
            }
        }
    }

    async fn text(&self, path: &str) -> anyhow::Result<String> {
        let asked = self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.token);
        let answer = asked.send().await.and_then(reqwest::Response::error_for_status);
        let text = answer.with_context(|| format!("{}{path}", self.url))?.text().await;
        text.context("the answer ended early")
    }
}
