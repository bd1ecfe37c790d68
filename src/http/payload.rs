//! Bodies that stand in the OpenAPI document as their type, and travel as plain bytes.
//!
//! poem-openapi's own JSON type builds a tree of values on the way in and out, which costs twice
//! the CPU for a report and five times for a list, and names no field when something is wrong.

use std::marker::PhantomData;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::BodyExt as _;
use poem::{Body, IntoResponse, Request, RequestBody, Response};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{
    MetaMediaType, MetaRequest, MetaResponse, MetaResponses, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions};
use serde::Serialize;

use super::error::ApiError;
use super::freshness::{Known, Tag};
use super::headers::JSON;

/// Most bytes of a report or of a person's change.
pub(super) const REPORT_BYTES: usize = 64 << 10;
/// Most bytes of an inventory section.
pub(super) const SECTION_BYTES: usize = crate::wire::sections::SECTION_BYTES;
/// Most bytes of a change of many machines.
pub(super) const BULK_BYTES: usize = 1 << 20;

/// A JSON body of type `T` with at most `LIMIT` bytes, not read yet: a handler may have something to
/// say before.
pub(super) struct JsonBytes<T, const LIMIT: usize = REPORT_BYTES> {
    refused: Option<ApiError>,
    body: Body,
    documented: PhantomData<T>,
}

/// An answer of type `T`.
pub(super) struct JsonBody<T>(pub(super) T);

/// An answer of type `T` that nobody must keep.
pub(super) struct Secret<T>(pub(super) T);

/// An answer of type `T` that is not sent again to a client that has it.
pub(super) struct Tagged<T> {
    pub(super) body: T,
    pub(super) known: Known,
}

impl<'a, T: Type, const LIMIT: usize> ApiExtractor<'a> for JsonBytes<T, LIMIT> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content_type = JsonBody::<T>::CONTENT_TYPE;
        let content = vec![MetaMediaType { content_type, schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let refused = check_media_type(request).and_then(|()| check_length(request, LIMIT)).err();
        Ok(Self { refused, body: body.take()?, documented: PhantomData })
    }
}

impl<T, const LIMIT: usize> JsonBytes<T, LIMIT> {
    /// The body's bytes; refused when they are not JSON by their headers, or too many.
    pub(super) async fn read(self) -> Result<Bytes, ApiError> {
        match self.refused {
            Some(refused) => Err(refused),
            None => read(self.body, LIMIT).await,
        }
    }
}

fn check_media_type(request: &Request) -> Result<(), ApiError> {
    let unsupported = |text: &str| Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    // The form that every agent sends, without a parser.
    let is_json = content_type.is_some_and(|text| {
        text == "application/json"
            || text.parse::<mime::Mime>().is_ok_and(|mime| {
                mime.type_() == mime::APPLICATION
                    && (mime.subtype() == mime::JSON || mime.suffix() == Some(mime::JSON))
            })
    });
    if !is_json {
        return unsupported("Content-Type must be application/json");
    }
    check_encoding(request)
}

pub(super) fn check_encoding(request: &Request) -> Result<(), ApiError> {
    match request.headers().get(CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => {
            let text = "Content-Encoding is not supported; send the body as it is";
            Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text))
        }
        _ => Ok(()),
    }
}

/// Refuses a body that is announced as too large before any of it is read.
pub(super) fn check_length(request: &Request, limit: usize) -> Result<(), ApiError> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced = announced.and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > limit as u64) {
        return Err(ApiError::too_large(limit));
    }
    Ok(())
}

/// Reads a body of at most `limit` bytes, counted as they come.
pub(super) async fn read(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let mut body: http_body_util::combinators::BoxBody<Bytes, std::io::Error> = body.into();
    let mut read = Bytes::new();
    while let Some(frame) = body.frame().await {
        let broken = |_| ApiError::new(StatusCode::BAD_REQUEST, "The body ended early");
        let Ok(data) = frame.map_err(broken)?.into_data() else {
            continue;
        };
        if read.len() + data.len() > limit {
            return Err(ApiError::too_large(limit));
        }
        // Most bodies come in one frame, which needs no copy.
        read = if read.is_empty() {
            data
        } else {
            let mut joined = BytesMut::from(read);
            joined.extend_from_slice(&data);
            joined.freeze()
        };
    }
    Ok(read)
}

impl<T: Type> Payload for JsonBody<T> {
    const CONTENT_TYPE: &'static str = JSON;

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Serialize + Send> IntoResponse for JsonBody<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => json(bytes),
            Err(error) => {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                ApiError::internal(status, "The server failed", &error.to_string()).into_response()
            }
        }
    }
}

pub(super) fn json(body: impl Into<Body>) -> Response {
    Response::builder().content_type("application/json").body(body)
}

impl<T: Type + Serialize> ApiResponse for JsonBody<T> {
    fn meta() -> MetaResponses {
        MetaResponses { responses: vec![documented::<T>()] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Serialize + Send> IntoResponse for Secret<T> {
    fn into_response(self) -> Response {
        JsonBody(self.0).with_header(CACHE_CONTROL, "no-store").into_response()
    }
}

impl<T: Type + Serialize> ApiResponse for Secret<T> {
    fn meta() -> MetaResponses {
        MetaResponses { responses: vec![documented::<T>()] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Serialize + Send> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let body = match serde_json::to_vec(&self.body) {
            Ok(body) => body,
            Err(_) => return JsonBody(self.body).into_response(),
        };
        let tag = Tag::of(&body);
        self.known.not_modified(&tag).unwrap_or_else(|| {
            let mut response = json(body);
            tag.put(response.headers_mut());
            response
        })
    }
}

impl<T: Type + Serialize> ApiResponse for Tagged<T> {
    fn meta() -> MetaResponses {
        MetaResponses { responses: vec![documented::<T>(), documented_not_modified()] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

pub(super) fn documented<T: Type>() -> MetaResponse {
    let content_type = JsonBody::<T>::CONTENT_TYPE;
    MetaResponse {
        description: "Done",
        status: Some(200),
        status_range: None,
        content: vec![MetaMediaType { content_type, schema: T::schema_ref() }],
        headers: vec![],
    }
}

pub(super) fn documented_not_modified() -> MetaResponse {
    MetaResponse {
        description: "The client has this answer already: its tag is in If-None-Match",
        status: Some(304),
        status_range: None,
        content: vec![],
        headers: vec![],
    }
}
