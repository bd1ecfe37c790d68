//! Machines that may be one: to be looked at, merged, and told apart.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Query;

use super::path::InPath;
use super::{Tag, fresh_id};
use crate::http::context::Context;
use crate::http::error::{AdminError, ChangeError, DeleteError};
use crate::http::guard::Visitor;
use crate::http::payload::{BULK_BYTES, JsonBody, JsonBytes};
use crate::inventory::{Merge, Merges};
use crate::model::MachineId;
use crate::wire::access::parse;
use crate::wire::{
    BadBody, Distinct, DistinctList, DuplicatesList, MachineReply, MergeGroup, MergeOrder,
    MergeReply, MergedList, Message, NewDistinct,
};

/// Items of one answer.
const PAGE: usize = 100;

pub(in crate::http) struct DuplicatesApi;

#[OpenApi(tag = "Tag::Machines")]
impl DuplicatesApi {
    /// List machines that may be one
    ///
    /// Machines with the same host name, asset number, serial number, UUID or MAC address, and what
    /// speaks against their being one.
    /// Retired machines are none of them, and neither are those that somebody told apart.
    #[oai(path = "/api/duplicates", method = "get", operation_id = "listDuplicates")]
    async fn duplicates(
        &self,
        context: Data<&Arc<Context>>,
        /// Only those that are safe, or that are not.
        safe: Query<Option<bool>>,
        /// How many items, at most 100.
        #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
        limit: Query<Option<u16>>,
        /// How many come before the first.
        #[oai(validator(minimum(value = "0"), maximum(value = "9007199254740991")))]
        offset: Query<Option<usize>>,
    ) -> Result<JsonBody<DuplicatesList>, AdminError> {
        let presenter = context.presenter();
        let mut candidates = context.inventory.duplicates().await?;
        let are_safe = candidates.iter().filter(|candidate| candidate.is_safe()).count();
        if let Some(safe) = *safe {
            candidates.retain(|candidate| candidate.is_safe() == safe);
        }
        let (total, offset) = (candidates.len(), offset.unwrap_or(0));
        let limit = limit.map_or(PAGE, |limit| usize::from(limit).min(PAGE));
        let page = candidates.iter().skip(offset).take(limit);
        let items: Vec<_> = page.map(|candidate| presenter.duplicates(candidate)).collect();
        Ok(JsonBody(DuplicatesList { count: items.len(), items, total, safe: are_safe }))
    }

    /// Merge machines
    ///
    /// Those of a group become one: the one to keep, with the better of each field: its own where it
    /// has one, otherwise the others'; the tags and notes of all, and the earliest first report.
    /// Reports under the ids of the others are its reports from then on. All of it is done, or nothing;
    /// each merge can be undone.
    #[oai(path = "/api/duplicates/merge", method = "post", operation_id = "mergeMachines")]
    async fn merge(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        body: JsonBytes<MergeOrder, BULK_BYTES>,
    ) -> Result<JsonBody<MergeReply>, ChangeError> {
        let MergeOrder { groups, safe, dry_run } = parse(&body.read().await?)?;
        let merges = match (groups, safe.unwrap_or(false)) {
            (Some(groups), false) if !groups.is_empty() => {
                Merges::These(groups.iter().map(merge_of).collect())
            }
            (None, true) => Merges::Safe,
            _ => return Err(BadBody(WHAT.into()).into()),
        };
        let dry_run = dry_run.unwrap_or(false);
        let merged = context.inventory.merge(merges, dry_run, visitor.identity.clone()).await?;
        let message = if dry_run { "Nenhuma alteração gravada" } else { "Máquinas mescladas" };
        let shown = &merged.kept[..merged.kept.len().min(PAGE)];
        Ok(JsonBody(MergeReply {
            message: message.to_owned(),
            kept: merged.kept.len(),
            merged: merged.merged,
            dry_run,
            items: context.presenter().machines(shown),
        }))
    }

    /// List merged machines
    ///
    /// What was merged into which machine, the last one first.
    #[oai(path = "/api/duplicates/merged", method = "get", operation_id = "listMerged")]
    async fn merged(
        &self,
        context: Data<&Arc<Context>>,
    ) -> Result<JsonBody<MergedList>, AdminError> {
        let presenter = context.presenter();
        let merges = context.inventory.merges().await?;
        Ok(JsonBody(MergedList { items: merges.iter().map(|one| presenter.merged(one)).collect() }))
    }

    /// Undo a merge
    ///
    /// The machine is one of its own again, as it was. What the merge gave the other one goes back,
    /// unless somebody changed it since.
    #[oai(
        path = "/api/machines/:machine_id/unmerge",
        method = "post",
        operation_id = "unmergeMachine"
    )]
    async fn unmerge(
        &self,
        context: Data<&Arc<Context>>,
        /// The id of the machine that was merged, percent-encoded where needed.
        machine_id: InPath<MachineId>,
        visitor: Data<&Arc<Visitor>>,
    ) -> Result<JsonBody<MachineReply>, DeleteError> {
        let machine = context.inventory.unmerge(&machine_id.0, visitor.identity.clone()).await?;
        let item = context.presenter().machine(&machine);
        Ok(JsonBody(MachineReply::new("Mesclagem desfeita", item)))
    }

    /// List machines that were told apart
    ///
    /// What somebody said about machines that look like one.
    #[oai(path = "/api/duplicates/distinct", method = "get", operation_id = "listDistinct")]
    async fn distinct(
        &self,
        context: Data<&Arc<Context>>,
    ) -> Result<JsonBody<DistinctList>, AdminError> {
        let presenter = context.presenter();
        let distinct = context.inventory.distinct().await?;
        let items = distinct.iter().map(|one| presenter.distinct(one)).collect();
        Ok(JsonBody(DistinctList { items }))
    }

    /// Tell machines apart
    ///
    /// They are different ones, whatever they have in common.
    #[oai(path = "/api/duplicates/distinct", method = "post", operation_id = "tellApart")]
    async fn tell_apart(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        body: JsonBytes<NewDistinct>,
    ) -> Result<JsonBody<Distinct>, ChangeError> {
        let NewDistinct { machine_ids } = parse(&body.read().await?)?;
        let ids = machine_ids.iter().map(|id| MachineId::stored(id)).collect();
        let by = visitor.identity.clone();
        let distinct = context.inventory.tell_apart(fresh_id(), ids, by).await?;
        Ok(JsonBody(context.presenter().distinct(&distinct)))
    }

    /// Take back that machines are different ones
    ///
    /// They may be one again.
    #[oai(
        path = "/api/duplicates/distinct/:id",
        method = "delete",
        operation_id = "forgetDistinct"
    )]
    async fn forget_distinct(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        /// The statement's id.
        id: InPath<String>,
    ) -> Result<JsonBody<Message>, DeleteError> {
        context.inventory.forget_distinct(&id.0, visitor.identity.clone()).await?;
        Ok(JsonBody(Message { message: "Distinção removida".to_owned() }))
    }
}

const WHAT: &str = "Say what to merge: groups, each with keep and machine_ids, or safe: true";

fn merge_of(group: &MergeGroup) -> Merge {
    Merge {
        keep: MachineId::stored(&group.keep),
        others: group.machine_ids.iter().map(|id| MachineId::stored(id)).collect(),
    }
}
