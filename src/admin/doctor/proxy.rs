//! Whether a proxy in front says who asks, and whether certificates last.

use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::tls::TlsInfo;
use reqwest::{Client, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::clock;
use crate::config::{Doctor, ServerTls};
use crate::findings::Report;
use crate::wire::Origin;

const CHECK: &str = "proxy";
const CERTIFICATE: &str = "certificate";
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long before its end a certificate is to be renewed.
const SOON: TimeDelta = TimeDelta::days(14);

/// What a proxy must send.
const HEADERS: &str = "Have the proxy send Host, X-Forwarded-For and X-Forwarded-Proto (nginx: \
                       proxy_set_header Host $host; proxy_set_header X-Forwarded-For \
                       $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;)";

/// Looks at the certificate that the settings name.
pub(super) fn look_at_files(settings: &Doctor, report: &mut Report) {
    let tls = settings.serve.as_ref().ok().map(|serve| &serve.tls);
    let Some(ServerTls::Files { certificate, .. }) = tls else { return };
    let name = certificate.display().to_string();
    match CertificateDer::from_pem_file(certificate) {
        Ok(certificate) => look_at_end(&name, &certificate, report),
        Err(error) => {
            let advice = "Name a file in PEM form with TATUSCAN_TLS_CERT";
            report.fail(CERTIFICATE, format!("{name} cannot be read: {error}"), advice);
        }
    }
}

/// Asks the address at which browsers find the server. No credential is sent there.
pub(super) async fn look(settings: &Doctor, report: &mut Report) {
    let Some(url) = &settings.url else { return };
    let asked = match ask(settings, url).await {
        Ok(asked) => asked,
        Err(error) => {
            let advice = "Look whether the proxy runs, and where it sends what it is asked";
            return report.fail(CHECK, format!("{url}: {error:#}"), advice);
        }
    };
    let Asked { origin, local_port, certificate } = asked;
    if let Some(certificate) = certificate {
        look_at_end(url, &certificate, report);
    }
    let before = report.findings.len();
    let is_proxied = origin.forwarded || local_port.is_some_and(|port| port != origin.port);
    if !is_proxied {
        return report.ok(CHECK, format!("{url} is the server itself"));
    }
    if !origin.forwarded {
        let found = format!("a proxy answers at {url}, and does not say that it is one");
        let danger = if origin.this_computer {
            ": the whole world counts as the server's own computer"
        } else if origin.near {
            ": the whole world counts as a private network"
        } else {
            ""
        };
        return report.fail(CHECK, format!("{found}{danger}"), HEADERS);
    }
    if !origin.proxy_trusted {
        let found = format!("the proxy at {url} says who asks, but the server does not believe it");
        let advice = "Name the proxy's address in TATUSCAN_TRUSTED_PROXIES";
        report.warn(CHECK, found, advice);
    } else if url.starts_with("https://") && !origin.encrypted {
        let found = format!("the proxy at {url} does not say that it was asked over HTTPS");
        report.warn(CHECK, found, HEADERS);
    }
    if origin.host_arrived == Some(false) {
        let found = format!("the proxy at {url} sends another Host than it was asked for");
        report.warn(CHECK, found, format!("{HEADERS}, or set TATUSCAN_PUBLIC_URL={url}"));
    }
    if report.findings.len() == before {
        let found = format!("the proxy at {url} says who asks, and the server believes it");
        report.ok(CHECK, found);
    }
}

struct Asked {
    origin: Origin,
    /// The port that the question left from.
    local_port: Option<u16>,
    certificate: Option<CertificateDer<'static>>,
}

async fn ask(settings: &Doctor, url: &str) -> anyhow::Result<Asked> {
    let client = Client::builder().no_proxy().timeout(PATIENCE).tls_info(true);
    let client = settings.trust.client(client)?;
    let mut at: Url = format!("{url}/api/origin").parse().context("is not an address")?;
    let host = at.host_str().unwrap_or_default();
    let host = at.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    at.query_pairs_mut().append_pair("host", &host);
    let answer = client.get(at).send().await;
    let answer = answer.map_err(|error| match settings.trust.advice(&error) {
        Some(advice) => anyhow::anyhow!("{advice}"),
        None => error.into(),
    })?;
    let local = answer.extensions().get::<HttpInfo>().map(|info| info.local_addr().port());
    let tls = answer.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
    let certificate = tls.map(|der| CertificateDer::from(der.to_vec()));
    let status = answer.status();
    let text = answer.text().await.context("the answer ended early")?;
    let origin = serde_json::from_str(&text);
    let origin =
        origin.with_context(|| format!("no TatuScan of this version answers ({status})"))?;
    Ok(Asked { origin, local_port: local, certificate })
}

/// When a certificate runs out.
fn look_at_end(name: &str, certificate: &CertificateDer<'_>, report: &mut Report) {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
        return report.fail(CERTIFICATE, format!("{name} has none that can be read"), "Renew it");
    };
    let seconds = parsed.validity().not_after.timestamp();
    let end = DateTime::<Utc>::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let left = end - clock::now();
    let found = format!("{name}: its certificate ends on {}", end.format("%Y-%m-%d"));
    if left < TimeDelta::zero() {
        report.fail(CERTIFICATE, found, "It has run out: renew it");
    } else if left < SOON {
        report.warn(CERTIFICATE, found, "Renew it");
    } else {
        report.ok(CERTIFICATE, found);
    }
}
