//! The HTTP side of the agent.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, Response, StatusCode, Url};
use serde::Serialize;

use super::answer::{LastSeq, Refusal, excerpt, last_seq, refusal, want, without_token};
use super::collect;
use super::key::MachineKey;
use super::transport::{Delivery, Outcome, Transport};
use crate::clock;
use crate::trust::Trust;
use crate::wire::Report;
use crate::wire::sections::SectionName;
use crate::wire::signing::{Signed, hex};

const TIMEOUT: Duration = Duration::from_secs(10);

/// How often a request is signed anew because its number was taken already.
const RETRIES: u64 = 4;
/// By how many numbers it leaps ahead from the second time on: more than there are sections.
const LEAP: u64 = 32;

/// Sends reports to `POST <server>/api/machines`, and sections to where they belong. Shown as that address without credentials.
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

/// A request that carries what the machine is known by.
struct Send<'a> {
    method: Method,
    url: Url,
    machine_id: &'a str,
    /// The section's name, when it is one.
    section: Option<&'static str>,
    body: Bytes,
}

impl Client {
    /// A client for the server at that address; user name and password go out as HTTP Basic.
    ///
    /// # Errors
    /// As [`Trust::client_for`].
    pub fn new(server: &Url, trust: Trust, credentials: Credentials) -> anyhow::Result<Self> {
        let mut builder = reqwest::Client::builder()
            .user_agent(format!("TatuScan/{} ({})", env!("CARGO_PKG_VERSION"), collect::os()))
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            // A connection kept open between reports would cost the server one per machine.
            .pool_max_idle_per_host(0)
            .http1_title_case_headers();
        if is_this_machine(server) {
            builder = builder.no_proxy();
        }
        let http = trust.client_for(server.as_str(), builder)?;
        let Credentials { state_dir, enrol_token } = credentials;
        let key = Mutex::new(MachineKey::kept(&state_dir));
        Ok(Self { http, endpoint: endpoint(server), trust, state_dir, enrol_token, key })
    }

    async fn report(&self, report: &Report) -> anyhow::Result<Response> {
        let machine_id = &report.machine_id;
        {
            let slot = &mut *self.lock();
            // There may be one by now: `tatuscan agent enroll` is another process.
            *slot = slot.take().or_else(|| MachineKey::kept(&self.state_dir));
        }
        self.get_key(machine_id).await?;
        let (method, url) = (Method::POST, self.endpoint.clone());
        let body = serde_json::to_vec(report)?.into();
        let answer = self.signed(Send { method, url, machine_id, section: None, body }).await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            let slot = &mut *self.lock();
            let kept = MachineKey::kept(&self.state_dir);
            let has_changed =
                kept.as_ref().map(MachineKey::public) != slot.as_ref().map(MachineKey::public);
            match slot {
                // Another process has enrolled the machine meanwhile: the next report is signed so.
                _ if kept.is_some() && has_changed => *slot = kept,
                // The server has forgotten the key: the next report comes with another enrolment.
                Some(key) if self.enrol_token.is_some() => key.set_enrolled(None),
                _ => {}
            }
        }
        Ok(answer)
    }

    async fn section(
        &self,
        machine_id: &str,
        name: SectionName,
        body: Bytes,
    ) -> anyhow::Result<Response> {
        let mut url = self.endpoint.clone();
        match url.path_segments_mut() {
            Ok(mut path) => path.extend([machine_id, "sections", name.as_str()]),
            Err(()) => bail!("the server's address has no path"),
        };
        let section = Some(name.as_str());
        self.signed(Send { method: Method::PUT, url, machine_id, section, body }).await
    }

    /// Sends a request with a signature, where the machine has a key: again, when the server says that
    /// the machine's numbers are behind.
    async fn signed(&self, send: Send<'_>) -> anyhow::Result<Response> {
        let mut answer = self.signed_once(&send).await?;
        for retry in 0..RETRIES {
            if answer.status() != StatusCode::CONFLICT {
                break;
            }
            // The machine was set back to an earlier time, its agent has started anew, or another one
            // signs beside it.
            let Some(LastSeq { last_seq }) = last_seq(answer).await else {
                bail!("the server answered 409 Conflict, without the last report's number");
            };
            if let Some(key) = &mut *self.lock() {
                // Past what the other one takes meanwhile.
                key.set_enrolled(Some(last_seq.saturating_add(retry * LEAP)));
            }
            answer = self.signed_once(&send).await?;
        }
        Ok(answer)
    }

    async fn signed_once(&self, send: &Send<'_>) -> anyhow::Result<Response> {
        let Send { method, url, machine_id, section, body } = send;
        let signed = match &mut *self.lock() {
            Some(key) if key.is_of(machine_id) && key.is_enrolled() => {
                Some(key.sign(*section, body))
            }
            _ => None,
        };
        self.json(method.clone(), url.clone(), body.clone(), signed).await
    }

    async fn json(
        &self,
        method: Method,
        mut url: Url,
        body: Bytes,
        signed: Option<Signed>,
    ) -> anyhow::Result<Response> {
        if signed.is_some() {
            // A request has one authorization. Both only fail for addresses without a host.
            let _ = url.set_password(None);
            let _ = url.set_username("");
        }
        let request = self.http.request(method, url);
        let mut request = request.header(CONTENT_TYPE, "application/json").body(body);
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
        let answer = self.json(Method::POST, url, body.into(), None).await?;
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

    /// Asks whether the server is well.
    pub(super) async fn health(&self) -> anyhow::Result<Response> {
        let mut url = self.endpoint.clone();
        let path = url.path().trim_end_matches("/machines").to_owned();
        url.set_path(&format!("{path}/health"));
        let answer = self.http.get(url).send().await;
        answer.map_err(|error| anyhow::Error::new(error.without_url()))
    }

    /// Sends a report with nothing in it, which no server takes, as this machine.
    pub(super) async fn probe(&self, machine_id: &str) -> anyhow::Result<Response> {
        let (method, url) = (Method::POST, self.endpoint.clone());
        let body = Bytes::from_static(b"{}");
        self.signed_once(&Send { method, url, machine_id, section: None, body }).await
    }

    /// Whether reports of this machine are signed.
    pub(super) fn signs_for(&self, machine_id: &str) -> bool {
        self.lock().as_ref().is_some_and(|key| key.is_of(machine_id) && key.is_enrolled())
    }

    /// Whether the server's address holds a name, a password or a token.
    pub(super) fn has_credentials(&self) -> bool {
        let url = &self.endpoint;
        !url.username().is_empty() || url.password().is_some() || url.path().contains("/t/")
    }

    /// Why there was no answer, and what to do about it where that is known.
    pub(super) fn reason(&self, error: &anyhow::Error) -> String {
        self.trust.advice(&**error).unwrap_or_else(|| causes(error))
    }

    fn lock(&self) -> MutexGuard<'_, Option<MachineKey>> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Client {
    async fn send(&self, report: &Report) -> Outcome {
        match self.report(report).await {
            Ok(response) => match refusal(response, clock::now()).await {
                Ok(response) if report.sections.is_empty() => {
                    drop(response);
                    Outcome::Accepted { want: Vec::new() }
                }
                Ok(response) => Outcome::Accepted { want: want(response).await },
                Err(refusal) if refusal.is_final() => Outcome::Refused { reason: refusal.reason },
                Err(Refusal { reason, retry_after, .. }) => Outcome::Failed { reason, retry_after },
            },
            Err(error) => Outcome::Failed { reason: self.reason(&error), retry_after: None },
        }
    }

    async fn send_section(&self, machine_id: &str, name: SectionName, body: Bytes) -> Delivery {
        match self.section(machine_id, name, body).await {
            Ok(response) => match refusal(response, clock::now()).await {
                Ok(_) => Delivery::Taken,
                // The machine was removed meanwhile, or reports from elsewhere too: it reports again.
                Err(Refusal {
                    status: StatusCode::NOT_FOUND | StatusCode::CONFLICT,
                    reason,
                    ..
                }) => Delivery::Failed { reason },
                Err(refusal) if refusal.is_final() => Delivery::Refused { reason: refusal.reason },
                Err(Refusal { reason, .. }) => Delivery::Failed { reason },
            },
            Err(error) => Delivery::Failed { reason: self.reason(&error) },
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.endpoint.clone();
        shown.set_path(&without_token(self.endpoint.path()));
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

/// Whether requests to it stay on this machine, and know no proxy.
#[must_use]
pub fn is_this_machine(server: &Url) -> bool {
    let host = server.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
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
