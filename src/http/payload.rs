//! Bodies that stand in the OpenAPI document as their type, and travel as plain bytes.
//!
//! poem-openapi's own JSON type builds a tree of values on the way in and out, which costs twice
//! the CPU for a report and five times for a list, and names no field when something is wrong.

use std::marker::PhantomData;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
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
use crate::model;
use crate::wire::{MachineList, Presenter};

/// Most bytes of a report or of a person's change.
pub(super) const REPORT_BYTES: usize = 64 << 10;

/// Machines in an answer that is written in one piece; more are streamed.
const WHOLE: usize = 2_000;
/// Machines in one piece of a streamed answer.
const PIECE: usize = 500;

/// The bytes of a JSON body of type `T`, not read yet.
pub(super) struct JsonBytes<T> {
    pub(super) bytes: Bytes,
    documented: PhantomData<T>,
}

/// An answer of type `T`.
pub(super) struct JsonBody<T>(pub(super) T);

/// A list of machines, written as it is sent.
pub(super) struct Listing {
    pub(super) machines: Vec<Arc<model::Machine>>,
    pub(super) presenter: Presenter,
}

impl<'a, T: Type> ApiExtractor<'a> for JsonBytes<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content_type = JsonBody::<T>::CONTENT_TYPE;
        let content = vec![MetaMediaType {
            content_type,
            schema: T::schema_ref(),
        }];
        Some(MetaRequest {
            description: None,
            content,
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        check_media_type(request)?;
        let bytes = read(request, body.take()?, REPORT_BYTES).await?;
        Ok(Self {
            bytes,
            documented: PhantomData,
        })
    }
}

fn check_media_type(request: &Request) -> Result<(), ApiError> {
    let unsupported = |text: &str| Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
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
    match request.headers().get(CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => {
            unsupported("Content-Encoding is not supported; send the body as it is")
        }
        _ => Ok(()),
    }
}

/// Reads a body of at most `limit` bytes, counted as they come.
async fn read(request: &Request, body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    if announced
        .and_then(|text| text.parse::<u64>().ok())
        .is_some_and(|len| len > limit as u64)
    {
        return Err(ApiError::too_large(limit));
    }
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
    const CONTENT_TYPE: &'static str = "application/json";

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

fn json(body: impl Into<Body>) -> Response {
    Response::builder()
        .content_type("application/json")
        .body(body)
}

impl<T: Type + Serialize> ApiResponse for JsonBody<T> {
    fn meta() -> MetaResponses {
        documented::<T>()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

fn documented<T: Type>() -> MetaResponses {
    let schema = T::schema_ref();
    let content = vec![MetaMediaType {
        content_type: JsonBody::<T>::CONTENT_TYPE,
        schema,
    }];
    let description = "Done";
    let status = Some(200);
    let ok = MetaResponse {
        description,
        status,
        status_range: None,
        content,
        headers: vec![],
    };
    MetaResponses {
        responses: vec![ok],
    }
}

impl ApiResponse for Listing {
    fn meta() -> MetaResponses {
        documented::<MachineList>()
    }

    fn register(registry: &mut Registry) {
        MachineList::register(registry);
    }
}

impl IntoResponse for Listing {
    fn into_response(self) -> Response {
        let Self {
            machines,
            presenter,
        } = self;
        if machines.len() <= WHOLE {
            let list = MachineList {
                count: machines.len(),
                items: presenter.machines(&machines),
            };
            return JsonBody(list).into_response();
        }
        let mut next = 0;
        let pieces = std::iter::from_fn(move || {
            if next > machines.len() {
                return None;
            }
            let end = (next + PIECE).min(machines.len());
            let piece = piece(&machines, next, end, &presenter);
            next = if end == machines.len() { end + 1 } else { end };
            Some(piece.map_err(std::io::Error::other))
        });
        json(Body::from_bytes_stream(stream::iter(pieces)))
    }
}

/// The text of a list from one machine up to another, with what comes before and after them.
fn piece(
    machines: &[Arc<model::Machine>],
    from: usize,
    to: usize,
    presenter: &Presenter,
) -> serde_json::Result<Vec<u8>> {
    let mut text = Vec::with_capacity((to - from) * 420 + 40);
    if from == 0 {
        text.extend_from_slice(b"{\"items\":[");
    }
    for (index, machine) in machines[from..to].iter().enumerate() {
        if from + index > 0 {
            text.push(b',');
        }
        serde_json::to_writer(&mut text, &presenter.machine(machine))?;
    }
    if to == machines.len() {
        text.extend_from_slice(format!("],\"count\":{}}}", machines.len()).as_bytes());
    }
    Ok(text)
}
