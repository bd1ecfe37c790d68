//! The gate of the server: every request passes it before a handler sees it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use poem::Request;

use super::credentials::{Credential, cookie};
use super::error::ApiError;
use super::headers::BROWSER;
use super::origin::{Origin, check_same_site, is_other_sites_change, is_own_name};
use super::{planes, web};
use crate::access::{self, Access, Denial, Mode, Plane, network_of};
use crate::model::access::{Caller, Identity};
use crate::wire::signing::Signed;
use ipnet::IpNet;

/// What the gate is told from outside.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    /// Proxies whose word on where a request comes from counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The address at which browsers find the server, when a proxy hides it.
    pub public_url: Option<String>,
    /// Whether only requests for a name of this very computer, or for the public one, are answered:
    /// where nobody has to log in, any page in a browser on this computer could ask under another
    /// name that leads here.
    pub own_names_only: bool,
}

/// Who a request comes from, for its handler.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) identity: Identity,
    /// A signature that is yet to be compared with the body.
    pub(super) signed: Option<Signed>,
    pub(super) is_https: bool,
    pub(super) origin: Origin,
    /// What the browser is known by, if it logged somebody in before.
    pub(super) browser: Option<String>,
    /// Whether nobody has to log in to read, from where this comes.
    pub(super) may_look: bool,
}

/// The gate.
pub(super) struct Guard {
    access: Access,
    gate: Gate,
    now: fn() -> DateTime<Utc>,
}

impl Guard {
    pub(super) fn new(access: Access, gate: Gate, now: fn() -> DateTime<Utc>) -> Self {
        Self { access, gate, now }
    }

    /// Lets a request in, and notes whose it is; or says why not.
    pub(super) async fn admit(
        &self,
        request: &mut Request,
        route: &str,
        token_in_path: Option<String>,
    ) -> Result<(), ApiError> {
        let at = (self.now)();
        let connected = request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip);
        let connected = connected.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let is_tls = *request.scheme() == http::uri::Scheme::HTTPS;
        let (method, headers) = (request.method().clone(), request.headers());
        if self.gate.own_names_only && !is_own_name(headers, self.gate.public_url.as_deref()) {
            return Err(ApiError::new(StatusCode::FORBIDDEN, OWN_NAMES));
        }
        // Where nobody has to log in, no cookie shows whose browser it is.
        if self.access.mode() == Mode::Off && is_other_sites_change(&method, headers) {
            return Err(ApiError::new(StatusCode::FORBIDDEN, OTHER_SITE));
        }
        let origin =
            Origin::of(connected, is_tls, headers, &self.gate.trusted_proxies, &self.access);
        let plane = planes::plane(&method, route, web::is_browser(request));
        let mut visitor = Visitor {
            identity: Identity { caller: Caller::Anonymous, peer: Some(origin.peer), at },
            signed: None,
            is_https: origin.is_https,
            origin,
            browser: None,
            may_look: false,
        };
        let credential = match token_in_path {
            Some(text) => Credential::Token { text, in_path: true },
            None => Credential::of(headers, origin.is_https),
        };
        let wants_caller = plane != Plane::Public || route == "/api/session";
        // Where nobody is asked, a machine's signature still counts: no other report is taken for it.
        let is_signed = matches!(credential, Credential::Signature(_)) && plane == Plane::Ingest;
        if wants_caller && (is_signed || self.access.mode() != Mode::Off) {
            match self.caller(credential, plane, &method, request, at).await? {
                Known::Caller(caller) => visitor.identity.caller = caller,
                Known::Signed(signed) => visitor.signed = Some(signed),
            }
        }
        if route == "/api/session" {
            visitor.browser = cookie(request.headers(), BROWSER, origin.is_https);
            let is_in_grace = origin.is_this_computer && self.is_in_grace(at).await;
            visitor.may_look = is_in_grace || self.access.is_public();
        }
        if visitor.signed.is_none() {
            let may_be_grace = method == Method::GET && !planes::is_export(route);
            self.decide(&visitor, plane, origin, may_be_grace).await?;
        }
        request.headers_mut().remove(AUTHORIZATION);
        request.extensions_mut().insert(Arc::new(visitor));
        Ok(())
    }

    async fn decide(
        &self,
        visitor: &Visitor,
        plane: Plane,
        origin: Origin,
        may_be_grace: bool,
    ) -> Result<(), ApiError> {
        let Identity { caller, at, .. } = &visitor.identity;
        let is_look = plane == Plane::Read && *caller == Caller::Anonymous;
        let may_be_grace = may_be_grace && is_look && origin.is_this_computer;
        let asked = access::Request {
            plane,
            // A page that anybody made can ask from near, under a name that leads here.
            is_local: origin.is_near && !origin.is_page,
            is_in_grace: may_be_grace && self.is_in_grace(*at).await,
            is_public: self.access.is_public(),
        };
        access::decide(self.access.mode(), caller, asked).map_err(|denial| match denial {
            Denial::Unknown if plane == Plane::Ingest && origin.is_near && origin.is_page => {
                ApiError::unauthorized("A page in a browser needs a token to report machines")
            }
            Denial::Unknown if plane == Plane::Ingest => self.report_refused(origin.peer, *at),
            Denial::Unknown => ApiError::unauthorized(LOG_IN),
            Denial::Forbidden => {
                ApiError::new(StatusCode::FORBIDDEN, format!("{caller} {}", not_for(plane)))
            }
        })
    }

    /// Whether this is a new box; one that cannot say is none.
    async fn is_in_grace(&self, at: DateTime<Utc>) -> bool {
        self.access.mode() != Mode::Off && self.access.is_in_grace(at).await.unwrap_or(false)
    }

    async fn caller(
        &self,
        credential: Credential,
        plane: Plane,
        method: &Method,
        request: &Request,
        at: DateTime<Utc>,
    ) -> Result<Known, ApiError> {
        Ok(Known::Caller(match credential {
            Credential::Nothing => Caller::Anonymous,
            Credential::Unreadable(why) => return Err(ApiError::unauthorized(why)),
            Credential::Token { text, in_path } => {
                let caller = self.access.caller_of_token(&text, in_path, at).await?;
                caller.ok_or_else(|| {
                    ApiError::unauthorized(if in_path { PATH_TOKEN } else { TOKEN })
                })?
            }
            Credential::Signature(signed) if plane == Plane::Ingest => {
                return Ok(Known::Signed(signed));
            }
            Credential::Signature(_) => {
                let text = "A machine's key is for its reports only";
                return Err(ApiError::new(StatusCode::FORBIDDEN, text));
            }
            // A browser's session reports nothing.
            Credential::Session(_) if plane == Plane::Ingest => Caller::Anonymous,
            Credential::Session(cookie) => {
                let caller = self.access.caller_of_session(&cookie, at).await?;
                if caller.is_some() {
                    let public_url = self.gate.public_url.as_deref();
                    check_same_site(method, request.headers(), public_url)?;
                }
                caller.unwrap_or(Caller::Anonymous)
            }
        }))
    }

    /// Says what would admit a report, to the machine and, counted, to the admin.
    fn report_refused(&self, peer: IpAddr, at: DateTime<Utc>) -> ApiError {
        let source = self.access.count_refused(peer, at);
        // Too many sources to tell apart are no network to admit.
        let is_one = source.network.prefix_len() > 0;
        let network = if is_one { source.network } else { network_of(peer) };
        if source.reports.is_power_of_two() {
            tracing::warn!(
                %peer,
                reports = source.reports,
                "reports without a token are refused; TATUSCAN_LEGACY_CIDRS={network} would admit \
                 this one"
            );
        }
        if self.access.is_near(peer) {
            return ApiError::unauthorized(format!(
                "A report that came through a proxy at {peer} needs a token, because the proxy \
                 does not say who sent it, or says that it came from outside. Name the proxy in \
                 TATUSCAN_TRUSTED_PROXIES, or put a token into the agent's address: \
                 TATUSCAN_URL=http://agent:TOKEN@SERVER:8040"
            ));
        }
        ApiError::unauthorized(format!(
            "A report from {peer} needs a token: put one into the agent's address, \
             TATUSCAN_URL=http://agent:TOKEN@SERVER:8040, or set \
             TATUSCAN_LEGACY_CIDRS={network} on the server"
        ))
    }
}

/// Who a credential says that it is.
enum Known {
    Caller(Caller),
    Signed(Signed),
}

const LOG_IN: &str = "Log in, or send a token: Authorization: Bearer TOKEN. On the server, \
                      `tatuscan setup-link` prints the link to the first login, `tatuscan token \
                      create` makes a token, and TATUSCAN_PUBLIC_READ=1 lets everybody read (in a \
                      container: docker compose exec tatuscan tatuscan setup-link)";
const TOKEN: &str = "The token is unknown, cut short, expired or revoked";
const PATH_TOKEN: &str = "The token in the address is unknown, cut short, expired, revoked, or an \
                          admin's, which an address must not hold";

const OWN_NAMES: &str = "With TATUSCAN_AUTH=off and without TATUSCAN_INSECURE=1 the server answers \
                         only under localhost, 127.0.0.1, [::1] and the name in \
                         TATUSCAN_PUBLIC_URL";

const OTHER_SITE: &str = "A page of another site may change nothing here";

fn not_for(plane: Plane) -> &'static str {
    match plane {
        Plane::Public => "may not do this",
        Plane::Ingest => "may not report machines",
        Plane::Read => "may not read the inventory",
        Plane::Change => "may not change machines",
        Plane::Administer => "may not do what only admins may",
    }
}
