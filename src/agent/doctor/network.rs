//! The way to the server: the proxy in force, the name, the port.

use std::net::SocketAddr;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

use super::super::client::is_this_machine;
use crate::agent::Url;
use crate::findings::Report;

/// How long a name or a port may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How the server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From here.
    Direct,
    /// By way of a proxy.
    Proxy,
}

/// `None` when there is no way.
pub(super) async fn look(url: &Url, report: &mut Report) -> Option<Way> {
    let proxy = if is_this_machine(url) { None } else { proxy(url) };
    let (way, host, port) = match &proxy {
        Some((host, port)) => {
            report.ok("proxy", format!("{host}:{port}, as the environment says (HTTPS_PROXY, …)"));
            (Way::Proxy, host.as_str(), *port)
        }
        None => {
            report.ok("proxy", "none");
            let host = url.host_str().unwrap_or_default();
            (Way::Direct, host, url.port_or_known_default().unwrap_or(80))
        }
    };
    let addresses = resolve(host, port, report).await?;
    is_reached(&addresses, way, report).await.then_some(way)
}

/// The host and port of the proxy that requests to this address go through: asked of what the HTTP
/// client asks, too.
fn proxy(url: &Url) -> Option<(String, u16)> {
    let through = Matcher::from_system().intercept(&url.as_str().parse().ok()?)?;
    let uri = through.uri();
    let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    Some((uri.host()?.to_owned(), uri.port_u16().unwrap_or(default)))
}

async fn resolve(host: &str, port: u16, report: &mut Report) -> Option<Vec<SocketAddr>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = timeout(PATIENCE, lookup_host((bare, port))).await;
    let advice = "Look at the name in TATUSCAN_URL, and at /etc/resolv.conf";
    match found {
        Ok(Ok(addresses)) => {
            let addresses: Vec<SocketAddr> = addresses.collect();
            let texts: Vec<String> = addresses.iter().map(|a| a.ip().to_string()).collect();
            report.ok("dns", format!("{host}: {}", texts.join(", ")));
            Some(addresses)
        }
        Ok(Err(error)) => {
            report.fail("dns", format!("{host} has no address: {error}"), advice);
            None
        }
        Err(_) => {
            let found = format!("{host}: no answer within {} s", PATIENCE.as_secs());
            report.fail("dns", found, advice);
            None
        }
    }
}

/// Whether one of the addresses answers; says which do not.
async fn is_reached(addresses: &[SocketAddr], way: Way, report: &mut Report) -> bool {
    let (mut reached, mut silent) = (None, Vec::new());
    for address in addresses {
        let begin = Instant::now();
        let problem = match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(_)) => {
                reached = Some(format!("{address} in {} ms", begin.elapsed().as_millis()));
                break;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
        };
        silent.push(format!("{address}: {problem}"));
    }
    let silent = silent.join("; ");
    match reached {
        Some(reached) if silent.is_empty() => report.ok("tcp", reached),
        Some(reached) => {
            let advice = "Reports are delayed by the address that does not answer: have it answer, or \
                          take it out of the DNS";
            report.warn("tcp", format!("{reached}, but {silent}"), advice);
        }
        None => {
            let what = if way == Way::Proxy { "the proxy" } else { "the server" };
            let advice = format!(
                "Look whether {what} runs, whether the port in the address is right, and whether a \
                 firewall is between"
            );
            report.fail("tcp", silent, advice);
            return false;
        }
    }
    true
}
