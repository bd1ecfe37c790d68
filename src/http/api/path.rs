//! What stands in the path of a request: the id of a machine, a name.

use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::http::error::ApiError;
use crate::model::MachineId;

/// A parameter of an operation that is read from its path.
pub(super) struct InPath<T>(pub(super) T);

/// What can be such a parameter. poem's own parameters answer in their own words to what they cannot read.
pub(super) trait PathParameter: Sized + Send {
    /// How it stands in the API's document.
    fn schema() -> MetaSchema;

    /// Reads it. The router leaves out what it cannot decode.
    fn read(request: &Request) -> Result<Self, ApiError>;
}

impl<'a, T: PathParameter> ApiExtractor<'a> for InPath<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = true;
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Path)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(MetaSchemaRef::Inline(Box::new(T::schema())))
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self(T::read(request)?))
    }
}

/// The id of one machine. Bytes that are not text are the id of no machine.
impl PathParameter for MachineId {
    fn schema() -> MetaSchema {
        let example = "b151a34bbc369886058cd96579b5356b29a47fb9bd81bf1bcef4189046a7c65e";
        MetaSchema {
            min_length: Some(1),
            example: Some(example.into()),
            ..MetaSchema::new("string")
        }
    }

    fn read(request: &Request) -> Result<Self, ApiError> {
        let alone = request.path_params::<String>().ok();
        // What stands behind it has a name too.
        let before = || request.path_params::<(String, String)>().ok().map(|(id, _)| id);
        let id = alone.or_else(before).ok_or_else(|| {
            let written = request.uri().path().split('/').nth(3).unwrap_or_default();
            ApiError::unknown_machine(written)
        })?;
        Ok(Self::stored(&id))
    }
}

/// The name of something. Bytes that are not text are the name of nothing: they come as they were written.
impl PathParameter for String {
    fn schema() -> MetaSchema {
        MetaSchema { min_length: Some(1), ..MetaSchema::new("string") }
    }

    fn read(request: &Request) -> Result<Self, ApiError> {
        Ok(request.path_params::<Self>().unwrap_or_else(|_| last_segment(request).to_owned()))
    }
}

/// The end of the path, as it was written.
pub(super) fn last_segment(request: &Request) -> &str {
    request.uri().path().rsplit('/').next().unwrap_or_default()
}
