//! A question about machines, as its URL asks it.

use std::sync::Arc;

use poem::{FromRequest, Request, RequestBody};

use super::context::Context;
use super::error::ApiError;
use super::freshness::Known;
use crate::model::{Asked, MachineQuery};
use crate::wire::{Presenter, names_custom_fields, parse_query};

/// What is asked, and how the answer is to be shown. The document describes the parameters from
/// the tables in [`crate::wire`].
pub(super) struct Question {
    pub(super) query: MachineQuery,
    pub(super) presenter: Presenter,
    pub(super) known: Known,
}

impl<'a> FromRequest<'a> for Question {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let Some(context) = request.data::<Arc<Context>>() else {
            let status = http::StatusCode::INTERNAL_SERVER_ERROR;
            return Err(ApiError::internal(status, "The server failed", "no context").into());
        };
        let presenter = context.presenter();
        let Presenter { zone, now, rules } = presenter;
        let query = request.uri().query().unwrap_or_default();
        let fields = if names_custom_fields(query) {
            context.inventory.fields().await.map_err(ApiError::from)?
        } else {
            Vec::new()
        };
        let asked = Asked { now, zone, rules, fields: &fields };
        let query = parse_query(query, &asked).map_err(ApiError::from)?;
        Ok(Self { query, presenter, known: Known::from_headers(request.headers()) })
    }
}
