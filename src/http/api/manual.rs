//! Machines that are entered by hand.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::Tag;
use crate::http::context::Context;
use crate::http::error::EnterError;
use crate::http::guard::Visitor;
use crate::http::payload::{JsonBody, JsonBytes};
use crate::wire::access::parse;
use crate::wire::{MachineReply, ManualMachine};

pub(in crate::http) struct ManualApi;

#[derive(ApiResponse)]
enum Entered {
    /// The machine was entered by hand before: it is updated, or would be
    #[oai(status = 200)]
    Updated(JsonBody<MachineReply>),
    /// The machine is new: it is on disk, or would be
    #[oai(status = 201)]
    Created(JsonBody<MachineReply>),
}

#[OpenApi]
impl ManualApi {
    /// Enter a machine by hand
    ///
    /// One without an agent. It is never late, offline or missing: nobody waits for its reports, and
    /// `status=manual` finds it. Entered again it is updated; once an agent reports under its id it is
    /// a machine like any other, and 409 is the answer.
    #[oai(
        path = "/api/manual-machines",
        method = "post",
        operation_id = "enterMachine",
        tag = "Tag::Machines"
    )]
    async fn enter(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        body: JsonBytes<ManualMachine>,
    ) -> Result<Entered, EnterError> {
        let presenter = context.presenter();
        let machine: ManualMachine = parse(&body.read().await?)?;
        let dry_run = machine.dry_run.unwrap_or(false);
        let entry = machine.checked(presenter.now)?;
        let entered = context.inventory.enter(entry, dry_run, visitor.identity.clone()).await?;
        let message = match (dry_run, entered.created) {
            (true, _) => "Nenhuma alteração gravada",
            (false, true) => "Inventário adicionado com sucesso",
            (false, false) => "Inventário atualizado com sucesso",
        };
        let item = presenter.machine(&entered.machine);
        let reply = JsonBody(MachineReply::new(message, item));
        Ok(if entered.created { Entered::Created(reply) } else { Entered::Updated(reply) })
    }
}
