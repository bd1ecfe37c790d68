//! Machines: what agents report, and what people read and change.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::machine_id::MachineIdPath;
use super::{Tag, signature};
use crate::access::Ingested;
use crate::http::context::Context;
use crate::http::error::{ApiError, DeleteError, EditError, FindError, QueryError, RecordError};
use crate::http::guard::Visitor;
use crate::http::listing::Listing;
use crate::http::payload::{JsonBody, JsonBytes};
use crate::http::question::Question;
use crate::model::MachineId;
use crate::model::access::Identity;
use crate::store::StoreError;
use crate::wire::{Machine, MachineEdit, MachineReply, Message, Report, parse_edit, parse_report};

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
    /// know about a machine: those fields it only fills where they are empty.
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
            Some(signed) => Some(signature::signer(&context.access, signed, &body).await?),
            None => None,
        };
        let report = parse_report(&body, presenter.zone, presenter.now)?;
        let caller = signer.unwrap_or_else(|| visitor.identity.caller.clone());
        signature::check_own(&caller, &report)?;
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
        let item = presenter.machine(&recorded.machine);
        let reply = JsonBody(MachineReply { message: message.to_owned(), item });
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
    /// Everything known about it.
    #[oai(path = "/api/machines/:machine_id", method = "get", operation_id = "getMachine")]
    async fn machine(
        &self,
        context: Data<&Arc<Context>>,
        /// The machine's id, percent-encoded where needed.
        machine_id: MachineIdPath,
    ) -> Result<JsonBody<Machine>, FindError> {
        let MachineIdPath(id) = machine_id;
        let machine = context.inventory.machine(&id).await.map_err(|error| named(error, &id))?;
        Ok(JsonBody(context.presenter().machine(&machine)))
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
        machine_id: MachineIdPath,
        visitor: Data<&Arc<Visitor>>,
        body: JsonBytes<MachineEdit>,
    ) -> Result<JsonBody<MachineReply>, EditError> {
        let MachineIdPath(id) = machine_id;
        // Unknown first, as the original answers, whatever the body says.
        context.inventory.machine(&id).await.map_err(|error| named(error, &id))?;
        let edit = parse_edit(&body.read().await?, context.settings.zone)?;
        let edited = context.inventory.edit(&id, edit, visitor.identity.clone()).await;
        let machine = edited.map_err(|error| named(error, &id))?;
        let item = context.presenter().machine(&machine);
        Ok(JsonBody(MachineReply { message: "Inventário atualizado".to_owned(), item }))
    }

    /// Remove a machine
    ///
    /// For 30 days it can be brought back. A later report of the same id is a new machine.
    #[oai(path = "/api/machines/:machine_id", method = "delete", operation_id = "deleteMachine")]
    async fn delete(
        &self,
        context: Data<&Arc<Context>>,
        /// The machine's id, percent-encoded where needed.
        machine_id: MachineIdPath,
        visitor: Data<&Arc<Visitor>>,
    ) -> Result<JsonBody<Message>, DeleteError> {
        let MachineIdPath(id) = machine_id;
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
        machine_id: MachineIdPath,
        visitor: Data<&Arc<Visitor>>,
    ) -> Result<JsonBody<MachineReply>, DeleteError> {
        let MachineIdPath(id) = machine_id;
        let restored = context.inventory.restore(&id, visitor.identity.clone()).await;
        let machine = restored.map_err(|error| named(error, &id))?;
        let item = context.presenter().machine(&machine);
        Ok(JsonBody(MachineReply { message: "Inventário restaurado".to_owned(), item }))
    }
}

/// The error, with the id that the original puts into its 404.
fn named(error: StoreError, id: &MachineId) -> ApiError {
    match error {
        StoreError::NotFound => ApiError::unknown_machine(id),
        other => other.into(),
    }
}
