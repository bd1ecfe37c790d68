//! The id of a machine, as it stands in a path.

use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::http::error::ApiError;
use crate::model::MachineId;

/// The id in the path of one machine. Bytes that are not text are the id of no machine.
pub(super) struct MachineIdPath(pub(super) MachineId);

impl<'a> ApiExtractor<'a> for MachineIdPath {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = true;
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Path)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let example = "b151a34bbc369886058cd96579b5356b29a47fb9bd81bf1bcef4189046a7c65e";
        Some(MetaSchemaRef::Inline(Box::new(MetaSchema {
            min_length: Some(1),
            example: Some(example.into()),
            ..MetaSchema::new("string")
        })))
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        // The router leaves out what it cannot decode.
        let alone = request.path_params::<String>().ok();
        // What stands behind it has a name too.
        let before = || request.path_params::<(String, String)>().ok().map(|(id, _)| id);
        let Some(id) = alone.or_else(before) else {
            let written = request.uri().path().split('/').nth(3).unwrap_or_default();
            return Err(ApiError::unknown_machine(written).into());
        };
        Ok(Self(MachineId::stored(&id)))
    }
}
