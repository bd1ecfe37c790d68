//! What is said once the server runs.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use reqwest::Method;
use serde_json::json;

use super::UNIT;
use crate::admin::healthcheck;
use crate::admin::presence::Presence;
use crate::admin::reach::Reached;
use crate::config::{Serve, ServerTls, Target};

/// A server that was installed.
#[derive(Debug)]
pub struct Installed {
    pub(super) serve: Serve,
    pub(super) target: Target,
}

impl Installed {
    /// The settings with which an agent of this machine reaches it. A new one gets a token for a key of
    /// its own: whatever is in front of the server, it is known whose its reports are.
    ///
    /// # Errors
    /// When the server makes no token.
    pub async fn for_an_agent(&self, is_new: bool) -> anyhow::Result<Vec<(&'static str, String)>> {
        let Some(presence) = Presence::of(&self.serve.store.data_dir) else {
            return Ok(vec![("TATUSCAN_URL", url(&self.serve, "127.0.0.1"))]);
        };
        let mut token = None;
        if is_new {
            let server = Reached::open(&self.target).await;
            let server =
                server.context("no token for this machine's agent: install --agent again")?;
            let body =
                json!({"name": "tatuscan install", "scope": "enrol", "max_uses": 1, "days": 1});
            let made = server.ask(Method::POST, "/api/tokens", Some(body)).await;
            server.close().await;
            let made = made?["token"].as_str().map(str::to_owned);
            token = made.map(|token| ("TATUSCAN_ENROLL_TOKEN", token));
        }
        let pin = presence.tls_pin.filter(|_| presence.is_self_signed);
        let pin = pin.map(|pin| ("TATUSCAN_TLS_PIN", pin));
        let url = ("TATUSCAN_URL", presence.url);
        Ok(std::iter::once(url).chain(pin).chain(token).collect())
    }
}

fn url(serve: &Serve, host: &str) -> String {
    let scheme = if matches!(serve.tls, ServerTls::Off) { "http" } else { "https" };
    format!("{scheme}://{host}:{}", serve.port)
}

/// Looks whether the server is well, and says where it is and how the first admin comes in.
pub(super) async fn say(serve: &Serve, target: &Target) -> anyhow::Result<String> {
    if let Err(error) = healthcheck::run(&target.store).await {
        // Without its database it waits for it.
        if serve.store.database.is_none() {
            bail!("{error:#}: journalctl -u {UNIT}");
        }
        return Ok(format!(
            "{error:#}. It goes on by itself when its database is there; for the first login then: \
             tatuscan setup-link"
        ));
    }
    let host = nix::unistd::gethostname().unwrap_or_default();
    let own = url(serve, &host.to_string_lossy());
    let public = serve.access.public_url.clone().unwrap_or(own);
    let mut text = format!("The server is there: {public}");
    let server = Reached::open(target).await?;
    let session = server.ask(Method::GET, "/api/session", None).await;
    if session.is_ok_and(|session| session["claimed"] == false) {
        let link = server.ask(Method::POST, "/api/setup-link", None).await?;
        let path = link["path"].as_str().unwrap_or_default();
        write!(text, "\nThe first admin comes in here, once, within 30 minutes: {public}{path}")?;
    }
    server.close().await;
    Ok(text)
}
