//! The HTTP side of the agent.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use serde::{Deserialize, Serialize};

use super::collect;
use super::cycle::{Outcome, Transport};
use super::key::MachineKey;
use crate::clock;
use crate::trust::Trust;
use crate::wire::Report;
use crate::wire::signing::{Signed, hex};

const TIMEOUT: Duration = Duration::from_secs(10);

/// How much of a refusing answer is read and logged, in bytes.
const EXCERPT: usize = 300;
/// How much of an answer is read where it says something to the agent, in bytes.
const ANSWER: usize = 4096;

/// Sends reports to `POST <server>/api/machines`. Shown as that address without credentials.
pub struct Client {
    http: reqwest::Client,
    endpoint: Url,
    trust: Trust,
    state_dir: PathBuf,
    enrol_token: Option<String>,
    /// `None` until the first report, and on a machine that signs nothing.
    key: Mutex<Option<MachineKey>>,
}

/// How a client is known to its server.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// Where the machine's key is kept.
    pub state_dir: PathBuf,
    /// A token with which the machine gets a key, when it has none.
    pub enrol_token: Option<String>,
}

#[derive(Serialize)]
struct Enrolment<'a> {
    token: &'a str,
    machine_id: &'a str,
    public_key: String,
    signature: String,
}

/// What the agent reads in an answer about numbers of reports.
#[derive(Deserialize)]
struct LastSeq {
    last_seq: u64,
}

impl Client {
    /// A client for the server at that address; user name and password go out as HTTP Basic.
    ///
    /// For `http` no root certificates are loaded, so that a host without any can report.
    ///
    /// # Errors
    /// As [`Trust::client`], for `https`.
    pub fn new(server: &Url, trust: Trust, credentials: Credentials) -> anyhow::Result<Self> {
        let mut builder = reqwest::Client::builder()
            .user_agent(format!("TatuScan/{} ({})", env!("CARGO_PKG_VERSION"), collect::os()))
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            // A connection kept open between reports would cost the server one per machine.
            .pool_max_idle_per_host(0)
            .http1_title_case_headers();
        if server.scheme() == "http" {
            builder = builder.tls_certs_only([]);
        }
        if is_this_machine(server) {
            builder = builder.no_proxy();
        }
        let http = trust.client(builder)?;
        let Credentials { state_dir, enrol_token } = credentials;
        let key = Mutex::new(MachineKey::kept(&state_dir));
        Ok(Self { http, endpoint: endpoint(server), trust, state_dir, enrol_token, key })
    }

    async fn post(&self, report: &Report) -> anyhow::Result<Response> {
        let body = serde_json::to_vec(report)?;
        self.get_key(&report.machine_id).await?;
        let answer = self.post_signed(report, body.clone()).await?;
        match answer.status() {
            // The machine was set back to an earlier time, or its agent has started anew.
            StatusCode::CONFLICT => {
                let Some(LastSeq { last_seq }) = last_seq(answer).await else {
                    bail!("the server answered 409 Conflict, without the last report's number");
                };
                if let Some(key) = &mut *self.lock() {
                    key.set_enrolled(Some(last_seq));
                }
                self.post_signed(report, body).await
            }
            // The server has forgotten the key: the next report comes with another enrolment.
            StatusCode::UNAUTHORIZED if self.enrol_token.is_some() => {
                if let Some(key) = &mut *self.lock() {
                    key.set_enrolled(None);
                }
                Ok(answer)
            }
            _ => Ok(answer),
        }
    }

    async fn post_signed(&self, report: &Report, body: Vec<u8>) -> anyhow::Result<Response> {
        let signed = match &mut *self.lock() {
            Some(key) if key.is_of(&report.machine_id) && key.is_enrolled() => {
                Some(key.sign(&body))
            }
            _ => None,
        };
        self.post_json(self.endpoint.clone(), body, signed).await
    }

    async fn post_json(
        &self,
        mut url: Url,
        body: Vec<u8>,
        signed: Option<Signed>,
    ) -> anyhow::Result<Response> {
        if signed.is_some() {
            // A request has one authorization. Both only fail for addresses without a host.
            let _ = url.set_password(None);
            let _ = url.set_username("");
        }
        let mut request = self.http.post(url).header(CONTENT_TYPE, "application/json").body(body);
        if let Some(signed) = signed {
            request = request.header(AUTHORIZATION, signed.to_string());
        }
        request.send().await.map_err(|error| anyhow::Error::new(error.without_url()))
    }

    /// Sees to it that the machine has a key, when there is a token to get one with.
    async fn get_key(&self, machine_id: &str) -> anyhow::Result<()> {
        let is_ready = |key: &MachineKey| key.is_of(machine_id) && key.is_enrolled();
        let has_one = self.lock().as_ref().is_some_and(is_ready);
        match &self.enrol_token {
            Some(token) if !has_one => self.enrol(machine_id, token).await,
            _ => Ok(()),
        }
    }

    /// Makes the machine a key, keeps it, and has the server know it.
    ///
    /// # Errors
    /// What the server says against it; and when the key cannot be kept.
    pub async fn enrol(&self, machine_id: &str, token: &str) -> anyhow::Result<()> {
        let body = {
            let mut slot = self.lock();
            // The same one again and again, while an admin is asked to approve it.
            let known = slot.take().filter(|known| known.is_of(machine_id));
            let key = match known {
                Some(known) => known,
                None => {
                    // Kept before the server knows it: it must not be lost then.
                    let new = MachineKey::new(machine_id)?;
                    new.keep(&self.state_dir)?;
                    new
                }
            };
            let (public_key, signature) = (hex(&key.public()), key.proof());
            *slot = Some(key);
            serde_json::to_vec(&Enrolment { token, machine_id, public_key, signature })?
        };
        let mut url = self.endpoint.clone();
        let path = url.path().trim_end_matches("/machines").to_owned();
        url.set_path(&format!("{path}/enroll"));
        let answer = self.post_json(url, body, None).await?;
        let status = answer.status();
        if !status.is_success() {
            bail!("the machine cannot be enrolled: {status}{}", excerpt(answer).await);
        }
        let told = last_seq(answer).await.context("the server's answer says no last_seq")?;
        if let Some(key) = &mut *self.lock() {
            key.set_enrolled(Some(told.last_seq));
            key.keep(&self.state_dir)?;
        }
        tracing::info!(machine_id, "enrolled: reports are signed from now on");
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Option<MachineKey>> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Client {
    async fn send(&self, report: &Report) -> Outcome {
        match self.post(report).await {
            Ok(response) => outcome(response, clock::now()).await,
            Err(error) => {
                let advice = self.trust.advice(&*error);
                let reason = advice.unwrap_or_else(|| causes(&error));
                Outcome::Failed { reason, retry_after: None }
            }
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.endpoint.clone();
        // Both only fail for addresses without a host, which cannot get here.
        let _ = shown.set_password(None);
        let _ = shown.set_username("");
        f.write_str(shown.as_str())
    }
}

/// The address that reports go to: every trailing `/` cut off, `/api/machines` appended.
fn endpoint(server: &Url) -> Url {
    let mut endpoint = server.clone();
    let prefix = server.path().trim_end_matches('/');
    endpoint.set_path(&format!("{prefix}/api/machines"));
    endpoint
}

fn is_this_machine(server: &Url) -> bool {
    let host = server.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

async fn outcome(response: Response, now: DateTime<Utc>) -> Outcome {
    let status = response.status();
    if matches!(status, StatusCode::OK | StatusCode::CREATED) {
        return Outcome::Accepted;
    }
    let retry_after = retry_after(response.headers(), now);
    let reason = if status.is_redirection() {
        let to = location(response.url(), response.headers());
        format!("the server answered {status}{to}; set TATUSCAN_URL to the address it moved to")
    } else {
        format!("the server answered {status}{}", excerpt(response).await)
    };
    let may_work_later = !status.is_client_error()
        || matches!(
            status,
            StatusCode::UNAUTHORIZED | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        );
    if may_work_later {
        Outcome::Failed { reason, retry_after }
    } else {
        Outcome::Refused { reason }
    }
}

/// `Retry-After` in seconds or as a date.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    Some((date.to_utc() - now).to_std().unwrap_or_default())
}

fn location(from: &Url, headers: &HeaderMap) -> String {
    let target = headers.get(LOCATION).and_then(|value| from.join(value.to_str().ok()?).ok());
    target.map_or_else(String::new, |mut url| {
        let _ = url.set_password(None);
        let _ = url.set_username("");
        url.set_query(None);
        format!(" to {url}")
    })
}

/// The beginning of an answer's body.
async fn beginning(mut response: Response, bytes: usize) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < bytes {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend(chunk.iter().take(bytes - body.len())),
            Ok(None) | Err(_) => break,
        }
    }
    body
}

async fn last_seq(response: Response) -> Option<LastSeq> {
    serde_json::from_slice(&beginning(response, ANSWER).await).ok()
}

/// The beginning of an answer's body, on one line.
async fn excerpt(response: Response) -> String {
    let body = beginning(response, EXCERPT).await;
    let text = String::from_utf8_lossy(&body);
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() { String::new() } else { format!(": {}", words.join(" ").escape_debug()) }
}

/// An error with its causes on one line, none of them twice.
fn causes(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(<dyn Error>::to_string) {
        if !text.contains(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_path_follows_whatever_path_the_address_has() {
        for (server, expected) in [
            ("http://h:8040", "http://h:8040/api/machines"),
            ("http://h:8040/", "http://h:8040/api/machines"),
            ("http://h:8040///", "http://h:8040/api/machines"),
            ("https://h/tatu", "https://h/tatu/api/machines"),
            ("https://h/tatu//", "https://h/tatu/api/machines"),
            ("https://h/a%20b/", "https://h/a%20b/api/machines"),
            ("https://u:p@h/", "https://u:p@h/api/machines"),
            ("http://[::1]:8040/", "http://[::1]:8040/api/machines"),
        ] {
            assert_eq!(endpoint(&server.parse().unwrap()).as_str(), expected);
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = DateTime::from_timestamp(1_445_412_420, 0).unwrap();
        let parse = |text: &str| {
            retry_after(&HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]), now)
        };
        assert_eq!(parse("120"), Some(Duration::from_secs(120)));
        assert_eq!(parse("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(parse("Wed, 21 Oct 2015 07:26:00 GMT"), Some(Duration::ZERO));
        assert_eq!(parse("soon"), None);
        assert_eq!(parse("-1"), None);
    }

    #[test]
    fn this_machine_is_never_reached_through_a_proxy() {
        for (server, expected) in [
            ("http://localhost:8040", true),
            ("http://127.0.0.1", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:8040", true),
            ("http://10.0.0.1", false),
            ("http://localhost.example.org", false),
        ] {
            assert_eq!(is_this_machine(&server.parse().unwrap()), expected, "{server}");
        }
    }
}
