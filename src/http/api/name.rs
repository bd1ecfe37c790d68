//! A name as it stands in a path.

use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

/// The name of something in its path. Bytes that are not text are the name of nothing: they come as
/// they were written.
pub(super) struct NamePath(pub(super) String);

impl<'a> ApiExtractor<'a> for NamePath {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = true;
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Path)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let schema = MetaSchema { min_length: Some(1), ..MetaSchema::new("string") };
        Some(MetaSchemaRef::Inline(Box::new(schema)))
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        // The router leaves out what it cannot decode.
        let written = || request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
        Ok(Self(request.path_params::<String>().unwrap_or_else(|_| written())))
    }
}
