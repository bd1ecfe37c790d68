//! Programs over all machines.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Query;
use tokio::sync::Semaphore;

use super::Tag;
use crate::http::context::Context;
use crate::http::error::{ApiError, QueryError};
use crate::http::payload::JsonBody;
use crate::http::question::Question;
use crate::model::SoftwareQuery;
use crate::wire::{Programs, read_packages};

pub(in crate::http) struct SoftwareApi;

/// Looks at once: each reads what is inside every machine.
static LOOKS: Semaphore = Semaphore::const_new(1);
/// How long a look may take, waiting for its turn included.
const PATIENCE: Duration = Duration::from_secs(25);
/// Programs that are answered without a limit, and at the most.
const USUAL: usize = 100;
const MOST: usize = 1_000;

#[OpenApi(tag = "Tag::Machines")]
impl SoftwareApi {
    /// Find programs
    ///
    /// Which programs are on which machines, in which versions, as agents say in the section
    /// `software`: those on most machines first. Conditions choose the machines. It reads what is
    /// inside each of them: some seconds for many thousands.
    #[oai(path = "/api/software", method = "get", operation_id = "findSoftware")]
    async fn find(
        &self,
        context: Data<&Arc<Context>>,
        /// Words that stand in the program's name, in any case, or `=NAME` for all of it.
        name: Query<Option<String>>,
        /// How the version begins, `=VERSION` for all of it, or `<VERSION`, `<=VERSION`, `>VERSION`,
        /// `>=VERSION`, compared number by number.
        version: Query<Option<String>>,
        question: Question,
    ) -> Result<JsonBody<Programs>, QueryError> {
        let text = |given: Query<Option<String>>| given.0.unwrap_or_default();
        let wanted = SoftwareQuery::new(&text(name), &text(version));
        let query = question.query;
        let look = async {
            let Ok(_turn) = LOOKS.acquire().await else { return Err(too_long()) };
            Ok(context.inventory.software(query.filter, wanted, read_packages).await?)
        };
        let found = tokio::time::timeout(PATIENCE, look).await.map_err(|_| too_long())??;
        let limit = query.limit.unwrap_or(USUAL).min(MOST);
        Ok(JsonBody(Programs::page(found, query.offset, limit)))
    }
}

fn too_long() -> ApiError {
    let text = "There are too many machines to look into at once: add conditions, such as tag or \
                site, or try again";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text)
}
