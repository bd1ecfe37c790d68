//! Where a request comes from. Headers that anybody may write only ever lower trust.

use std::net::IpAddr;

use http::header::{FORWARDED, HOST, HeaderName, ORIGIN, VIA};
use http::{HeaderMap, Method};
use ipnet::IpNet;

use super::error::ApiError;
use crate::access::Access;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    /// The client, as far as trusted proxies say; otherwise whoever is connected.
    pub(super) peer: IpAddr,
    /// Whether everybody who is named on the way is near.
    pub(super) is_near: bool,
    /// Whether nobody is on the way, and the client is on this very computer, and says so.
    pub(super) is_this_computer: bool,
    /// Whether the client's connection is encrypted.
    pub(super) is_https: bool,
    /// Whether a header says that somebody is on the way.
    pub(super) is_forwarded: bool,
    /// Whether the client is who a trusted proxy says.
    pub(super) is_told: bool,
    /// Whether a page in a browser asks.
    pub(super) is_page: bool,
}

impl Origin {
    /// Looks at the connection and the headers.
    pub(super) fn of(
        connected: IpAddr,
        is_tls: bool,
        headers: &HeaderMap,
        proxies: &[IpNet],
        access: &Access,
    ) -> Self {
        let connected = connected.to_canonical();
        let is_proxy = |address: IpAddr| proxies.iter().any(|proxy| proxy.contains(&address));
        let named: Vec<Option<IpAddr>> = headers
            .get_all(FORWARDED_FOR)
            .into_iter()
            .flat_map(|value| value.to_str().unwrap_or("?").split(','))
            .map(|name| address(name.trim()))
            .collect();
        let mut peer = connected;
        let mut is_unreadable = false;
        let mut untrusted = &named[..];
        if is_proxy(connected) {
            // From right to left: each trusted proxy says who came to it.
            while let Some((last, before)) = untrusted.split_last() {
                untrusted = before;
                let Some(last) = *last else {
                    is_unreadable = true;
                    break;
                };
                peer = last;
                if !is_proxy(last) {
                    break;
                }
            }
        }
        let is_forwarded = [
            FORWARDED,
            VIA,
            FORWARDED_FOR,
            FORWARDED_HOST,
            FORWARDED_PROTO,
            FORWARDED_PORT,
            REAL_IP,
        ]
        .iter()
        .any(|name| headers.contains_key(name));
        let real = headers.get(REAL_IP).map(|value| address(value.to_str().unwrap_or("?").trim()));
        let mut others: Vec<_> = untrusted.to_vec();
        if !is_proxy(connected) {
            // Whichever of them its proxy writes: the client may have written the others.
            others.extend(real);
            others.extend(forwarded(headers));
        }
        // A proxy, named or not, that does not say who came to it may stand for anybody.
        let says_who = named.iter().any(Option::is_some) || real.flatten().is_some();
        let is_hidden = is_unreadable
            || (is_proxy(connected) && peer == connected)
            || (is_forwarded && !says_who);
        let is_near = !is_hidden
            && access.is_near(peer)
            && others.into_iter().all(|other| other.is_some_and(|other| access.is_near(other)));
        let proto = headers.get(FORWARDED_PROTO).filter(|_| is_proxy(connected));
        Self {
            peer,
            is_near,
            is_this_computer: connected.is_loopback()
                && !is_forwarded
                && is_own_name(headers, None)
                && is_same_origin(headers, None),
            is_https: is_tls || proto.is_some_and(|proto| proto == "https"),
            is_forwarded,
            is_told: is_proxy(connected) && named.iter().any(Option::is_some),
            is_page: headers.contains_key(ORIGIN) || headers.contains_key(FETCH_SITE),
        }
    }
}

/// Who came to each proxy on the way, as `Forwarded` (RFC 7239) has it; `None` where it does not say.
fn forwarded(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let values = headers.get_all(FORWARDED).into_iter();
    // A comma in quotes makes a part of nobody, which lowers trust.
    let parts = values.flat_map(|value| value.to_str().unwrap_or("?").split(','));
    parts.map(|part| {
        let mut pairs = part.split(';').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
        let value = value.trim();
        address(value.strip_prefix('"').map_or(Some(value), |rest| rest.strip_suffix('"'))?)
    })
}

/// An address as proxies write it: alone, in brackets, with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.split(']').next()).unwrap_or(text);
    let parsed = bare.parse::<IpAddr>().ok();
    let parsed = parsed.or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|at| at.ip()));
    parsed.map(|address| address.to_canonical())
}

/// Whether the client asked for this computer by a name that no other one has, or by the public one.
pub(super) fn is_own_name(headers: &HeaderMap, public_url: Option<&str>) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let public = public_url.and_then(|url| url.split_once("://")).map(|(_, host)| host);
    if public.is_some_and(|public| public.trim_end_matches('/').eq_ignore_ascii_case(host)) {
        return true;
    }
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "::1"
}

/// Whether the page that asks, if one does, is our own.
fn is_same_origin(headers: &HeaderMap, public_url: Option<&str>) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if public_url.is_some_and(|url| url.trim_end_matches('/').eq_ignore_ascii_case(origin)) {
        return true;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let theirs = origin.split_once("://").map(|(_, host)| host);
    host.is_some()
        && theirs.is_some_and(|theirs| host.is_some_and(|h| h.eq_ignore_ascii_case(theirs)))
}

/// Whether a browser says that it asks for a change on behalf of another site's page. What takes no body
/// it asks for without looking whether the server would allow that.
pub(super) fn is_other_sites_change(method: &Method, headers: &HeaderMap) -> bool {
    let site = headers.get(FETCH_SITE).filter(|_| is_change(method));
    site.is_some_and(|site| site != "same-origin" && site != "none")
}

fn is_change(method: &Method) -> bool {
    ![Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}

/// Refuses a change that another site makes a logged-in browser ask for.
pub(super) fn check_same_site(
    method: &Method,
    headers: &HeaderMap,
    public_url: Option<&str>,
) -> Result<(), ApiError> {
    if !is_change(method) {
        return Ok(());
    }
    let is_own = match headers.get(FETCH_SITE) {
        Some(site) => site == "same-origin" || site == "none",
        None => headers.contains_key(ORIGIN) && is_same_origin(headers, public_url),
    };
    if is_own {
        return Ok(());
    }
    let text = "A change with a browser's session must come from the dashboard itself; programs \
                send a token instead. Behind a proxy, set TATUSCAN_PUBLIC_URL";
    Err(ApiError::new(http::StatusCode::FORBIDDEN, text))
}
