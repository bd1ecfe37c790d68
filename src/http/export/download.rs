//! Answers that are files, written as they are sent.

use std::io;
use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures_util::Stream;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH};
use poem::{Body, IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{
    MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};

use crate::http::error::ApiError;
use crate::http::freshness::{Known, Tag};
use crate::http::payload::documented_not_modified;

/// What kind of file it is.
pub(in crate::http) trait Kind {
    const CONTENT_TYPE: &'static str;
    const EXTENSION: &'static str;
}

/// Fields with something between them.
pub(in crate::http) struct Csv;
/// A workbook.
pub(in crate::http) struct Xlsx;
/// One JSON object on each line.
pub(in crate::http) struct JsonLines;

impl Kind for Csv {
    const CONTENT_TYPE: &'static str = "text/csv; charset=utf-8";
    const EXTENSION: &'static str = "csv";
}

impl Kind for Xlsx {
    const CONTENT_TYPE: &'static str =
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    const EXTENSION: &'static str = "xlsx";
}

impl Kind for JsonLines {
    const CONTENT_TYPE: &'static str = "application/x-ndjson";
    const EXTENSION: &'static str = "jsonl";
}

/// A file, or word that the client has it already where it is tagged.
pub(in crate::http) struct Download<K, const TAGGED: bool> {
    response: Response,
    kind: PhantomData<K>,
}

impl<K: Kind, const TAGGED: bool> Download<K, TAGGED> {
    fn new(name: &str, (at, zone): (DateTime<Utc>, Tz), body: Body) -> Self {
        let day = at.with_timezone(&zone).format("%Y-%m-%d");
        let name = format!("attachment; filename=\"tatuscan-{name}-{day}.{}\"", K::EXTENSION);
        let response = Response::builder()
            .content_type(K::CONTENT_TYPE)
            .header(CONTENT_DISPOSITION, name)
            .body(body);
        Self { response, kind: PhantomData }
    }

    /// A file that is made while it is sent: `name` is what it is about, and the moment is when it was
    /// asked for.
    pub(in crate::http) fn streamed(
        name: &str,
        moment: (DateTime<Utc>, Tz),
        pieces: impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static,
    ) -> Self {
        Self::new(name, moment, Body::from_bytes_stream(pieces))
    }

    /// A file of so many bytes, which is there already.
    pub(in crate::http) fn ready(
        name: &str,
        moment: (DateTime<Utc>, Tz),
        (file, length): (std::fs::File, u64),
    ) -> Self {
        let mut download =
            Self::new(name, moment, Body::from_async_read(tokio::fs::File::from_std(file)));
        download.response.headers_mut().insert(CONTENT_LENGTH, length.into());
        download
    }
}

impl<K> Download<K, true> {
    /// The client has it already.
    pub(in crate::http) fn known(known: &Known, tag: &Tag) -> Option<Self> {
        let response = known.not_modified(tag)?;
        Some(Self { response, kind: PhantomData })
    }

    /// With the tag by which the client knows it again.
    pub(in crate::http) fn tagged(mut self, tag: &Tag) -> Self {
        tag.put(self.response.headers_mut());
        self
    }
}

impl<K: Send, const TAGGED: bool> IntoResponse for Download<K, TAGGED> {
    fn into_response(self) -> Response {
        self.response
    }
}

impl<K: Kind, const TAGGED: bool> ApiResponse for Download<K, TAGGED> {
    fn meta() -> MetaResponses {
        let schema = MetaSchema::new_with_format("string", "binary");
        let schema = MetaSchemaRef::Inline(Box::new(schema));
        let mut responses = vec![MetaResponse {
            description: "The file",
            status: Some(200),
            status_range: None,
            content: vec![MetaMediaType { content_type: K::CONTENT_TYPE, schema }],
            headers: vec![],
        }];
        if TAGGED {
            responses.push(documented_not_modified());
        }
        MetaResponses { responses }
    }

    fn register(_: &mut Registry) {}
}

/// A file that could not be made.
#[expect(clippy::needless_pass_by_value, reason = "errors are mapped by it")]
pub(super) fn broken(error: io::Error) -> ApiError {
    let (status, text) = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
            StatusCode::INSUFFICIENT_STORAGE,
            "There is no space left for temporary files; free some on the server",
        ),
        _ => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "The file could not be made; the server's log says why",
        ),
    };
    let cause =
        format!("an export cannot be written ({}): {error}", std::env::temp_dir().display());
    ApiError::internal(status, text, &cause)
}
