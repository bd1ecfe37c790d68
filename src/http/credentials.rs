//! What a request shows to be admitted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, Uri};

use super::headers::{CookieName, SESSION};
use crate::wire::signing::Signed;

/// What a request shows. Its text is never logged.
pub(super) enum Credential {
    Nothing,
    /// A token: in a header, or in the path.
    Token {
        text: String,
        in_path: bool,
    },
    /// A machine's signature.
    Signature(Signed),
    /// A browser's cookie.
    Session(String),
    /// Something that cannot be read.
    Unreadable(&'static str),
}

impl Credential {
    /// What the headers show. A header wins over a cookie, which a browser sends unasked.
    pub(super) fn of(headers: &HeaderMap, is_https: bool) -> Self {
        let Some(value) = headers.get(AUTHORIZATION) else {
            return cookie(headers, SESSION, is_https).map_or(Self::Nothing, Self::Session);
        };
        let Ok(value) = value.to_str() else {
            return Self::Unreadable("Authorization is not text");
        };
        match Signed::from_header(value) {
            Some(Some(signed)) => return Self::Signature(signed),
            Some(None) => {
                return Self::Unreadable(
                    "Authorization is not TatuScan-Ed25519 id=…, seq=…, sig=… with 128 hex digits",
                );
            }
            None => {}
        }
        let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return Self::Token { text: rest.to_owned(), in_path: false };
        }
        if scheme.eq_ignore_ascii_case("basic") {
            // The original's agent sends what its URL holds: http://agent:TOKEN@server.
            let decoded = STANDARD.decode(rest).ok();
            let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
            return match decoded.as_deref().and_then(|text| text.split_once(':')) {
                Some((_, token)) => Self::Token { text: token.to_owned(), in_path: false },
                None => Self::Unreadable("Authorization: Basic is not name:token in Base64"),
            };
        }
        Self::Unreadable("Authorization must be Bearer TOKEN, or Basic with the token as password")
    }
}

/// What a cookie holds.
pub(super) fn cookie(headers: &HeaderMap, name: CookieName, is_https: bool) -> Option<String> {
    let wanted = name.named(is_https);
    let cookies = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.split_once('='));
    let found = pairs.find(|(name, _)| name.trim() == wanted);
    found.map(|(_, value)| value.trim().to_owned())
}

/// The token of a path that begins with `/t/TOKEN/`, and the address without it.
pub(super) fn in_path(uri: &Uri) -> Option<(String, Uri)> {
    let (token, rest) = uri.path().strip_prefix("/t/")?.split_once('/')?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let stripped = format!("/{rest}{query}").parse().ok()?;
    Some((token.to_owned(), stripped))
}
