//! The headers that keep browsers safe.

use http::HeaderMap;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};

/// The type of every answer of the API.
pub(super) const JSON: &str = "application/json";

/// The cookie of a session.
pub(super) const SESSION: CookieName =
    CookieName { plain: "tatuscan_session", secure: "__Host-tatuscan_session" };
/// The cookie that a browser is known by at the next login.
pub(super) const BROWSER: CookieName =
    CookieName { plain: "tatuscan_browser", secure: "__Host-tatuscan_browser" };

/// What a cookie is called: where the connection is encrypted, by a name that no page without
/// encryption can give one.
#[derive(Debug, Clone, Copy)]
pub(super) struct CookieName {
    pub(super) plain: &'static str,
    secure: &'static str,
}

impl CookieName {
    /// On a connection that is encrypted, or is not.
    pub(super) fn named(self, is_https: bool) -> &'static str {
        if is_https { self.secure } else { self.plain }
    }
}

/// Only our own files, nothing inline, and no text that becomes markup.
pub(super) const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
     connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; \
     trusted-types svelte-trusted-html",
);

/// The same for the API's documentation, whose viewer draws inline images and builds its markup
/// from text.
pub(super) const DOCS_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'",
);

/// A browser that was here over HTTPS comes back over nothing else, for a year.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What every answer carries; `is_secure` is an answer over HTTPS.
pub(super) fn on_every_answer(headers: &mut HeaderMap, is_secure: bool) {
    if is_secure {
        headers.insert(STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let defaults: [(HeaderName, HeaderValue); 2] = [
        (CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(value);
    }
}

/// What a page carries.
pub(super) fn on_pages(headers: &mut HeaderMap, policy: HeaderValue) {
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
}
