//! Figures over machines: how many of each kind, and the inventory at a glance.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Query;

use super::Tag;
use crate::http::context::Context;
use crate::http::error::QueryError;
use crate::http::payload::Tagged;
use crate::http::question::Question;
use crate::wire::{Facets, Summary};

/// Values of each kind that a summary names at most, when it is asked for the most frequent ones.
const TOP: std::ops::RangeInclusive<usize> = 1..=50;
/// The number that stands for one that cannot be read, as in the original.
const TOP_DEFAULT: usize = 8;

pub(in crate::http) struct FiguresApi;

#[OpenApi(tag = "Tag::Machines")]
impl FiguresApi {
    /// Count machines by kind
    ///
    /// How many machines there are of each operating system, version, model and state, among those
    /// that meet the other conditions.
    #[oai(path = "/api/facets", method = "get", operation_id = "getFacets")]
    async fn facets(
        &self,
        context: Data<&Arc<Context>>,
        question: Question,
    ) -> Result<Tagged<Facets>, QueryError> {
        let Question { query, presenter, known } = question;
        let facets = context.inventory.facets(query.filter, presenter.now).await?;
        Ok(Tagged { body: facets.into(), known })
    }

    /// Show the inventory at a glance
    ///
    /// Totals, states, operating systems and versions, ages from the days on which computers went
    /// into use, the latest arrivals, and what needs a look.
    #[oai(path = "/api/summary", method = "get", operation_id = "getSummary")]
    async fn summary(
        &self,
        context: Data<&Arc<Context>>,
        /// Name only so many operating systems and versions, 1 to 50, and count the others. A
        /// number beyond is brought between them; what is no number counts as 8.
        top: Query<Option<String>>,
        question: Question,
    ) -> Result<Tagged<Summary>, QueryError> {
        let Question { query, presenter, known } = question;
        let zone = context.settings.zone;
        let summary = context.inventory.summary(query.filter, presenter.now, zone).await?;
        let top = top.0.map(|text| {
            text.trim().parse::<i64>().map_or(TOP_DEFAULT, |top| {
                usize::try_from(top).unwrap_or(0).clamp(*TOP.start(), *TOP.end())
            })
        });
        Ok(Tagged { body: presenter.summary(summary, top), known })
    }
}
