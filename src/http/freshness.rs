//! `ETag` and 304: an answer that the client already has is not sent again.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use http::StatusCode;
use http::header::{ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use poem::Response;

/// Identifies the content of an answer, whatever its encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag(String);

/// The tags of answers that a client already has.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Vec<String>);

impl Tag {
    /// The tag of content that hashes like this. Programs of another version write it differently,
    /// so their tags differ.
    pub(super) fn of(content: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        content.hash(&mut hasher);
        Self(format!("\"{:016x}\"", hasher.finish()))
    }

    pub(super) fn quoted(text: &str) -> Self {
        Self(format!("\"{text}\""))
    }

    /// Puts the tag on an answer. It is a weak one: compressed, the bytes are others.
    pub(super) fn put(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(&format!("W/{}", self.0)) {
            headers.insert(ETAG, value);
        }
    }
}

impl Known {
    pub(super) fn from_headers(headers: &HeaderMap) -> Self {
        let lists = headers.get_all(IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
        let tags = lists.flat_map(|list| list.split(','));
        Self(tags.map(|tag| tag.trim().trim_start_matches("W/").to_owned()).collect())
    }

    /// 304 when the client has the content with this tag.
    pub(super) fn not_modified(&self, tag: &Tag) -> Option<Response> {
        self.0.contains(&tag.0).then(|| {
            let mut response = Response::from(StatusCode::NOT_MODIFIED);
            tag.put(response.headers_mut());
            response
        })
    }
}
