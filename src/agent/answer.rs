//! What a server answers, as the agent understands it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use serde::Deserialize;

use crate::wire::sections::SectionName;

/// How much of a refusing answer is read and logged, in bytes.
const EXCERPT: usize = 300;
/// How much of an answer is read where it says something to the agent, in bytes.
const ANSWER: usize = 4096;
/// The same of an answer to a report: it holds what is known about the machine.
const REPLY: usize = 256 * 1024;

/// What the agent reads in an answer about numbers of reports.
#[derive(Deserialize)]
pub(super) struct LastSeq {
    pub(super) last_seq: u64,
}

/// What the agent reads in an answer to a report. The original's say nothing of it.
#[derive(Default, Deserialize)]
struct Reply {
    #[serde(default)]
    want: Vec<String>,
}

/// Why a server did not take something.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// For the log; no secrets.
    pub(super) reason: String,
    pub(super) retry_after: Option<Duration>,
}

impl Refusal {
    /// Whether it never will.
    pub(super) fn is_final(&self) -> bool {
        let may_work_later =
            [StatusCode::UNAUTHORIZED, StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
        self.status.is_client_error() && !may_work_later.contains(&self.status)
    }
}

/// The answer of a server that took what was sent: 200 or 201.
pub(super) async fn refusal(response: Response, now: DateTime<Utc>) -> Result<Response, Refusal> {
    let status = response.status();
    if matches!(status, StatusCode::OK | StatusCode::CREATED) {
        return Ok(response);
    }
    let retry_after = retry_after(response.headers(), now);
    let reason = if status.is_redirection() {
        let to = location(response.url(), response.headers());
        format!("the server answered {status}{to}; set TATUSCAN_URL to the address it moved to")
    } else {
        format!("the server answered {status}{}", excerpt(response).await)
    };
    Err(Refusal { status, reason, retry_after })
}

/// The sections that an answer asks for; those of a later version are unknown here.
pub(super) async fn want(response: Response) -> Vec<SectionName> {
    let reply = beginning(response, REPLY).await;
    let reply: Reply = serde_json::from_slice(&reply).unwrap_or_default();
    reply.want.iter().filter_map(|name| SectionName::of(name)).collect()
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
        let path = without_token(url.path());
        url.set_path(&path);
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

pub(super) async fn last_seq(response: Response) -> Option<LastSeq> {
    serde_json::from_slice(&beginning(response, ANSWER).await).ok()
}

/// The beginning of an answer's body, on one line.
pub(super) async fn excerpt(response: Response) -> String {
    let body = beginning(response, EXCERPT).await;
    let text = String::from_utf8_lossy(&body);
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() { String::new() } else { format!(": {}", words.join(" ").escape_debug()) }
}

/// A path whose token, if it holds one, is hidden.
pub(super) fn without_token(path: &str) -> String {
    let parts = path.split_once("/t/").map(|(before, rest)| (before, rest.split_once('/')));
    match parts {
        Some((before, Some((_, after)))) => format!("{before}/t/***/{after}"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
