//! Machines: what agents report, and what people read and change.

use std::sync::Arc;

use poem::Request;
use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::path::InPath;
use super::{Tag, sections, signature};
use crate::access::{Ingested, Plane};
use crate::http::context::Context;
use crate::http::error::{ApiError, ChangeError, DeleteError, FindError, QueryError, RecordError};
use crate::http::guard::Visitor;
use crate::http::listing::Listing;
use crate::http::payload::{BULK_BYTES, JsonBody, JsonBytes};
use crate::http::question::Question;
use crate::inventory::{Edited, Selection};
use crate::model::access::Identity;
use crate::model::{Filter, MachineId};
use crate::store::StoreError;
use crate::wire::{
    BadBody, Machine, MachineEdit, MachineReply, MachinesEdit, MachinesReply, Message, Report,
    check_conditions, parse_bulk_edit, parse_edit, parse_report,
};

pub(in crate::http) struct MachinesApi;

#[derive(ApiResponse)]
enum Recorded {
    /// The machine was known: it is updated, and on disk
    #[oai(status = 200)]
    Updated(JsonBody<MachineReply>),
    /// The first report of a new machine: it is on disk
    #[oai(status = 201)]
    Created(JsonBody<MachineReply>),
}

#[OpenApi(tag = "Tag::Machines")]
impl MachinesApi {
    /// Report a machine
    ///
    /// What an agent sends. The answer means that the report is on disk. Numbers may come as text,
    /// unknown fields are ignored, long text is cut. A report never clears or replaces what people
    /// know about a machine: `computer_model`, `computer_activation` and `activation_days` it only
    /// fills where they are empty, and what people keep beyond these it does not touch. The answer
    /// shows that to those who may read the inventory.
    #[oai(path = "/api/machines", method = "post", operation_id = "reportMachine")]
    async fn report(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        body: JsonBytes<Report>,
    ) -> Result<Recorded, RecordError> {
        let presenter = context.presenter();
        let body = body.read().await?;
        let signer = match &visitor.signed {
            Some(signed) => Some(signature::signer(&context.access, signed, &body, None).await?),
            None => None,
        };
        let report = parse_report(&body, presenter.zone, presenter.now)?;
        let caller = signer.unwrap_or_else(|| visitor.identity.caller.clone());
        signature::check_own(&caller, &report.id)?;
        let sections = report.sections.clone();
        // What people keep about the machine is shown to those who may read it.
        let sees_all = context.admits(&caller, Plane::Read);
        let by = Identity { caller, ..visitor.identity };
        let recorded = match context.access.report(report, by).await? {
            Ingested::Recorded(recorded) => recorded,
            Ingested::Refused(refusal) => return Err(signature::refused(refusal).into()),
        };
        let message = if recorded.created {
            "Inventário adicionado com sucesso"
        } else {
            "Inventário atualizado com sucesso"
        };
        let item = if sees_all {
            presenter.machine(&recorded.machine)
        } else {
            presenter.reported(&recorded.machine)
        };
        let reply = MachineReply::new(message, item).wanting(&recorded.machine, &sections);
        let reply = JsonBody(reply);
        Ok(if recorded.created { Recorded::Created(reply) } else { Recorded::Updated(reply) })
    }

    /// List machines
    ///
    /// Machines that meet every condition, ordered by host name unless `sort` says otherwise;
    /// without parameters: every machine.
    #[oai(path = "/api/machines", method = "get", operation_id = "listMachines")]
    async fn list(
        &self,
        context: Data<&Arc<Context>>,
        question: Question,
    ) -> Result<Listing, QueryError> {
        let Question { query, presenter, known } = question;
        let page = context.inventory.machines(&query).await?;
        let total = query.limit.map(|_| page.total);
        Ok(Listing { machines: page.machines, total, presenter, known })
    }

    /// List machines, by the original's other name
    ///
    /// The same as `GET /api/machines`.
    #[oai(path = "/api/inventory", method = "get", operation_id = "listInventory")]
    async fn inventory(
        &self,
        context: Data<&Arc<Context>>,
        question: Question,
    ) -> Result<Listing, QueryError> {
        self.list(context, question).await
    }

    /// Show one machine
    ///
    /// Everything known about it, with the sections that its agent sent.
    #[oai(path = "/api/machines/:machine_id", method = "get", operation_id = "getMachine")]
    async fn machine(
        &self,
        context: Data<&Arc<Context>>,
        /// The machine's id, percent-encoded where needed.
        machine_id: InPath<MachineId>,
    ) -> Result<JsonBody<Machine>, FindError> {
        let InPath(id) = machine_id;
        let machine = context.inventory.machine(&id).await.map_err(|error| named(error, &id))?;
        let sections = sections::shown(context.0, &id).await?;
        let sections = Some(sections).filter(|sections| !sections.is_empty());
        let item = context.presenter().machine(&machine);
        Ok(JsonBody(Machine { sections, ..item }))
    }

    /// Change what people know about a machine
    ///
    /// Fields that are left out stay, null or empty text clears. The time of the last report does
    /// not change.
    #[oai(path = "/api/machines/:machine_id", method = "patch", operation_id = "editMachine")]
    async fn edit(
        &self,
        context: Data<&Arc<Context>>,
        /// The machine's id, percent-encoded where needed.
        machine_id: InPath<MachineId>,
        visitor: Data<&Arc<Visitor>>,
        body: JsonBytes<MachineEdit>,
    ) -> Result<JsonBody<MachineReply>, ChangeError> {
        let InPath(id) = machine_id;
        // Unknown first, as the original answers, whatever the body says.
        context.inventory.machine(&id).await.map_err(|error| named(error, &id))?;
        let fields = context.inventory.fields().await?;
        let edit = parse_edit(&body.read().await?, context.settings.zone, &fields)?;
        let machine = context.inventory.edit(&id, edit, visitor.identity.clone()).await?;
        let item = context.presenter().machine(&machine);
        Ok(JsonBody(MachineReply::new("Inventário atualizado", item)))
    }

    /// Change many machines as one
    ///
    /// The machines that `ids` names, or those that meet the conditions in the address, at most 10000
    /// at once: all of them are changed, or none. Each that is different then has an entry in the
    /// audit log.
    #[oai(path = "/api/machines", method = "patch", operation_id = "editMachines")]
    async fn edit_many(
        &self,
        context: Data<&Arc<Context>>,
        request: &Request,
        visitor: Data<&Arc<Visitor>>,
        question: Question,
        body: JsonBytes<MachinesEdit, BULK_BYTES>,
    ) -> Result<JsonBody<MachinesReply>, ChangeError> {
        check_conditions(request.uri().query().unwrap_or_default())?;
        let fields = context.inventory.fields().await?;
        let change = parse_bulk_edit(&body.read().await?, context.settings.zone, &fields)?;
        let filter = question.query.filter;
        let selection = match (change.ids, filter == Filter::default()) {
            (Some(ids), true) => Selection::Ids(ids),
            (None, false) => Selection::Filter(Box::new(filter)),
            (Some(_), false) => return Err(BadBody(BOTH.into()).into()),
            (None, true) => return Err(BadBody(NEITHER.into()).into()),
        };
        let (dry_run, by) = (change.dry_run, visitor.identity.clone());
        let Edited { matched, changed } =
            context.inventory.edit_many(selection, change.edit, dry_run, by).await?;
        let message =
            if dry_run { "Nenhuma alteração gravada" } else { "Inventário atualizado" };
        Ok(JsonBody(MachinesReply { message: message.to_owned(), matched, changed, dry_run }))
    }

    /// Remove a machine
    ///
    /// For 30 days it can be brought back. A later report of the same id is a new machine.
    #[oai(path = "/api/machines/:machine_id", method = "delete", operation_id = "deleteMachine")]
    async fn delete(
        &self,
        context: Data<&Arc<Context>>,
        /// The machine's id, percent-encoded where needed.
        machine_id: InPath<MachineId>,
        visitor: Data<&Arc<Visitor>>,
    ) -> Result<JsonBody<Message>, DeleteError> {
        let InPath(id) = machine_id;
        let deleted = context.inventory.delete(&id, visitor.identity.clone()).await;
        deleted.map_err(|error| named(error, &id))?;
        Ok(JsonBody(Message { message: "Inventário removido".to_owned() }))
    }

    /// Bring a removed machine back
    ///
    /// As it was, within 30 days; 409 when the id has reported again since.
    #[oai(
        path = "/api/machines/:machine_id/restore",
        method = "post",
        operation_id = "restoreMachine"
    )]
    async fn restore(
        &self,
        context: Data<&Arc<Context>>,
        /// The machine's id, percent-encoded where needed.
        machine_id: InPath<MachineId>,
        visitor: Data<&Arc<Visitor>>,
    ) -> Result<JsonBody<MachineReply>, DeleteError> {
        let InPath(id) = machine_id;
        let restored = context.inventory.restore(&id, visitor.identity.clone()).await;
        let machine = restored.map_err(|error| named(error, &id))?;
        let item = context.presenter().machine(&machine);
        Ok(JsonBody(MachineReply::new("Inventário restaurado", item)))
    }
}

const BOTH: &str = "Give ids, or conditions in the address, not both";
const NEITHER: &str = "No machines are chosen: give ids in the body, or conditions in the address, \
                       such as ?os=linux";

/// The error, with the id that the original puts into its 404.
fn named(error: StoreError, id: &MachineId) -> ApiError {
    match error {
        StoreError::NotFound => ApiError::unknown_machine(id),
        other => other.into(),
    }
}
