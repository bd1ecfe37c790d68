//! Bodies that are CSV.

use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use poem::{Body, Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::error::ApiError;
use super::payload::{check_encoding, check_length, read};

/// Most bytes of a file.
pub const IMPORT_BYTES: usize = 16 << 20;

/// A file of CSV, not read yet.
pub(super) struct CsvBytes {
    refused: Option<ApiError>,
    body: Body,
}

impl<'a> ApiExtractor<'a> for CsvBytes {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(_: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchema {
            example: Some("Máquina;Sala\nlab-01-pc07;Lab 01\n".into()),
            ..MetaSchema::new("string")
        };
        let schema = MetaSchemaRef::Inline(Box::new(schema));
        let content = vec![MetaMediaType { content_type: "text/csv", schema }];
        Some(MetaRequest {
            description: Some("A file with a header, of at most 16 MiB"),
            content,
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let checked = check_media_type(request).and_then(|()| check_encoding(request));
        let refused = checked.and_then(|()| check_length(request, IMPORT_BYTES)).err();
        Ok(Self { refused, body: body.take()? })
    }
}

impl CsvBytes {
    /// The body's bytes; refused when they are not CSV by their headers, or too many.
    pub(super) async fn read(self) -> Result<Bytes, ApiError> {
        match self.refused {
            Some(refused) => Err(refused),
            None => read(self.body, IMPORT_BYTES).await,
        }
    }
}

/// A type that no form of another site can send.
fn check_media_type(request: &Request) -> Result<(), ApiError> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mime = content_type.and_then(|text| text.parse::<mime::Mime>().ok());
    let is_csv =
        |mime: mime::Mime| ["text/csv", "text/tab-separated-values"].contains(&mime.essence_str());
    if mime.is_some_and(is_csv) {
        return Ok(());
    }
    let text = "Content-Type must be text/csv";
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text))
}
