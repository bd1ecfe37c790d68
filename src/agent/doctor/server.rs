//! What answers at the server's address, and what it says to this machine.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::DATE;
use reqwest::{Response, StatusCode};

use super::network::Way;
use crate::agent::Url;
use crate::agent::answer::{excerpt, refusal};
use crate::agent::client::Client;
use crate::clock;
use crate::findings::Report;

/// How far the clocks may be apart, in seconds.
const APART: i64 = 60;

pub(super) async fn look(
    client: &Client,
    url: &Url,
    machine_id: &str,
    has_token: bool,
    way: Way,
    report: &mut Report,
) {
    let answer = match client.health().await {
        Ok(answer) => answer,
        Err(error) => {
            let is_tls = url.scheme() == "https";
            let advice = match way {
                Way::Proxy => "The way goes through a proxy: look whether it lets this through",
                Way::Direct => "",
            };
            let check = if is_tls { "tls" } else { "server" };
            return report.fail(check, client.reason(&error), advice);
        }
    };
    match url.scheme() {
        "https" => report.ok("tls", "the server's certificate is believed"),
        _ => report.ok("tls", "none: the address begins with http://"),
    }
    look_at_clock(&answer, report);
    if look_at_health(client, answer, report).await {
        look_at_credentials(client, machine_id, has_token, report).await;
    }
}

/// The time in the server's answer against ours.
fn look_at_clock(answer: &Response, report: &mut Report) {
    let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
    let theirs = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    let Some(theirs) = theirs else {
        return report.ok("clock", "the server does not say what time it is");
    };
    let (found, is_apart) = apart(clock::now() - theirs.with_timezone(&Utc));
    if is_apart {
        let advice = "Set both clocks by the network (timedatectl set-ntp true): certificates depend on \
                      it, and times of installation and of sign-in are shown wrong";
        report.warn("clock", found, advice);
    } else {
        report.ok("clock", found);
    }
}

fn apart(ahead: TimeDelta) -> (String, bool) {
    let seconds = ahead.num_seconds();
    let is_apart = seconds.abs() > APART;
    let found = match seconds {
        1.. => format!("{seconds} s ahead of the server's"),
        0 => "as the server's".to_owned(),
        _ => format!("{} s behind the server's", -seconds),
    };
    (found, is_apart)
}

/// Whether it is a server of ours, or of the original's.
async fn look_at_health(client: &Client, answer: Response, report: &mut Report) -> bool {
    let status = answer.status();
    if status == StatusCode::NOT_FOUND || status.is_redirection() {
        let found = match refusal(answer, clock::now()).await {
            Err(refused) => refused.reason,
            Ok(_) => status.to_string(),
        };
        let advice = "Something answers, but not as TatuScan at this address: look at the port and the \
                      path in TATUSCAN_URL";
        report.fail("server", found, advice);
        return false;
    }
    if status.is_success() {
        report.ok("server", format!("{client} answers"));
    } else {
        let found = format!("{client} answers {status}{}", excerpt(answer).await);
        report.warn("server", found, "Run tatuscan doctor on the server");
    }
    true
}

/// Asks with a report that no server takes, because nothing stands in it: a server says first
/// whether it would take one from this machine.
async fn look_at_credentials(
    client: &Client,
    machine_id: &str,
    has_token: bool,
    report: &mut Report,
) {
    const CHECK: &str = "credentials";
    let signs = client.signs_for(machine_id);
    let known_by = match (signs, client.has_credentials()) {
        (true, _) => "this machine's own key",
        (false, true) => "the token or the name in TATUSCAN_URL",
        (false, false) => "nothing: reports carry neither key nor token",
    };
    let answer = match client.probe(machine_id).await {
        Ok(answer) => answer,
        Err(error) => return report.fail(CHECK, client.reason(&error), "Try again"),
    };
    match answer.status() {
        // What stands in the report, or its number, comes after who sends it.
        StatusCode::BAD_REQUEST | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => {
            report.ok(CHECK, format!("{known_by}; the server takes reports so"));
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if has_token && !signs => {
            let found = "a token to enrol with, which gets the machine a key with its first report";
            report.ok(CHECK, found);
        }
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            let found = format!("{known_by}; the server answers {status}{}", excerpt(answer).await);
            let advice = "Make a token on the server (tatuscan token create NAME --scope enrol), and \
                          set TATUSCAN_ENROLL_TOKEN to it, or run tatuscan agent enroll";
            report.fail(CHECK, found, advice);
        }
        status => {
            let found = format!("the server answers {status}{}", excerpt(answer).await);
            report.warn(CHECK, found, "Look at the server's log");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_between_the_clocks_is_nothing_and_more_is_said() {
        for (seconds, expected, is_apart) in [
            (0, "as the server's", false),
            (60, "60 s ahead of the server's", false),
            (-60, "60 s behind the server's", false),
            (61, "61 s ahead of the server's", true),
            (-86_400, "86400 s behind the server's", true),
        ] {
            let found = apart(TimeDelta::seconds(seconds));
            assert_eq!(found, (expected.to_owned(), is_apart));
        }
    }
}
