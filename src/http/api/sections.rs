//! Inventory sections: what is inside a machine, as its agent sends it and people read it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use poem::Request;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::registry::MetaSchema;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::path::{InPath, PathParameter, last_segment};
use super::{Tag, signature};
use crate::access::Ingested;
use crate::http::context::Context;
use crate::http::error::{ApiError, ChangeError, FindError};
use crate::http::guard::Visitor;
use crate::http::payload::{JsonBody, JsonBytes, SECTION_BYTES};
use crate::model::MachineId;
use crate::model::access::Identity;
use crate::store::{self, StoreError};
use crate::wire::Message;
use crate::wire::sections::{
    ParsedSection, Section, SectionName, SectionUpload, Sections, parse_section,
};

pub(in crate::http) struct SectionsApi;

/// Sections that are read, checked and written at once: whoever may report may send them, and each takes
/// a megabyte, and more while it is checked.
static UPLOADS: Semaphore = Semaphore::const_new(16);
/// Of these, those from one address: who sends slowly keeps out nobody else.
const OF_ONE: usize = 8;
/// The turns of addresses from which sections come.
static PEERS: LazyLock<Mutex<HashMap<IpAddr, Arc<Semaphore>>>> = LazyLock::new(Mutex::default);
/// Sections that are checked at once: each takes a processor.
static CHECKS: Semaphore = Semaphore::const_new(2);
/// How long one waits for its turn among those of its own address: less than an agent waits.
const OWN_PATIENCE: Duration = Duration::from_secs(8);
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

#[OpenApi(tag = "Tag::Machines")]
impl SectionsApi {
    /// Send an inventory section
    ///
    /// What an agent sends when the answer to a report names the section in `want`, with what it sends
    /// with reports to show who it is; a machine with a key signs `tatuscan-section`, its id, the next
    /// number, the section's name and the SHA-256 of the body in hex, one per line. The machine must
    /// have reported. The answer means that the section is on disk, in place of the one before. A section
    /// that is refused changes nothing, and has no part in reports.
    #[oai(
        path = "/api/machines/:machine_id/sections/:section",
        method = "put",
        operation_id = "putSection"
    )]
    async fn put(
        &self,
        context: Data<&Arc<Context>>,
        /// The machine's id, percent-encoded where needed.
        machine_id: InPath<MachineId>,
        /// The section's name.
        section: InPath<SectionName>,
        visitor: Data<&Arc<Visitor>>,
        body: JsonBytes<SectionUpload, SECTION_BYTES>,
    ) -> Result<JsonBody<Message>, ChangeError> {
        let (InPath(id), InPath(name)) = (machine_id, section);
        let _own_turn = own_turn(visitor.origin.peer).await?;
        let _turn = turn(&UPLOADS).await?;
        let body = body.read().await?;
        let signer = match &visitor.signed {
            Some(signed) => {
                Some(signature::signer(&context.access, signed, &body, Some(name)).await?)
            }
            None => None,
        };
        let caller = signer.unwrap_or_else(|| visitor.identity.caller.clone());
        signature::check_own(&caller, &id)?;
        let at = visitor.identity.at;
        let checking = turn(&CHECKS).await?;
        let checked = tokio::task::spawn_blocking(move || {
            let ParsedSection { hash, content, facts } = parse_section(name, &body)?;
            Ok::<_, ApiError>((store::Section::new(name.into(), hash, at, &content)?, facts))
        });
        let (section, facts) = checked.await.map_err(|_| broken())??;
        drop(checking);
        let by = Identity { caller, ..visitor.identity };
        match context.access.put_section(&id, section, facts, by).await {
            Ok(Ingested::Recorded(_)) => {
                Ok(JsonBody(Message { message: "Seção atualizada com sucesso".into() }))
            }
            Ok(Ingested::Refused(refusal)) => Err(signature::refused(refusal).into()),
            Err(StoreError::NotFound) => {
                let text = format!("Inventory not found: {id}. The machine must report first");
                Err(ApiError::new(StatusCode::NOT_FOUND, text).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Show an inventory section
    ///
    /// As its agent last sent it.
    #[oai(
        path = "/api/machines/:machine_id/sections/:section",
        method = "get",
        operation_id = "getSection"
    )]
    async fn get(
        &self,
        context: Data<&Arc<Context>>,
        /// The machine's id, percent-encoded where needed.
        machine_id: InPath<MachineId>,
        /// The section's name.
        section: InPath<SectionName>,
    ) -> Result<JsonBody<Section>, FindError> {
        let (InPath(id), InPath(name)) = (machine_id, section);
        // Unknown machines first.
        if let Err(StoreError::NotFound) = context.inventory.machine(&id).await {
            return Err(ApiError::unknown_machine(&id).into());
        }
        let found = shown(context.0, &id).await?.remove(name.as_str());
        found.map(JsonBody).ok_or_else(|| {
            let text = format!("The machine has sent no section {name}");
            ApiError::new(StatusCode::NOT_FOUND, text).into()
        })
    }
}

/// Every section of a machine.
pub(super) async fn shown(context: &Context, id: &MachineId) -> Result<Sections, StoreError> {
    let sections = context.inventory.sections(id).await?;
    let mut shown = Sections::new();
    for section in sections {
        let received = section.received();
        let content = section.content()?;
        let section = Section::new(received, &content, context.settings.zone);
        shown.insert(received.name.name().to_owned(), section);
    }
    Ok(shown)
}

async fn turn(turns: &'static Semaphore) -> Result<SemaphorePermit<'static>, ApiError> {
    let turn = tokio::time::timeout(PATIENCE, turns.acquire()).await.map_err(|_| busy())?;
    turn.map_err(|_| broken())
}

/// A turn among those of one address.
async fn own_turn(peer: IpAddr) -> Result<OwnedSemaphorePermit, ApiError> {
    let turns = {
        let mut peers = PEERS.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody waits for or has are forgotten.
        peers.retain(|_, turns| Arc::strong_count(turns) > 1);
        Arc::clone(peers.entry(peer).or_insert_with(|| Arc::new(Semaphore::new(OF_ONE))))
    };
    let turn = tokio::time::timeout(OWN_PATIENCE, turns.acquire_owned()).await;
    turn.map_err(|_| busy())?.map_err(|_| broken())
}

fn busy() -> ApiError {
    let text = "Too many inventory sections come at once; try again";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text)
}

fn broken() -> ApiError {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    ApiError::internal(status, "The server failed", "a section broke while it was checked")
}

/// The name of a section.
impl PathParameter for SectionName {
    fn schema() -> MetaSchema {
        MetaSchema {
            enum_items: Self::ALL.iter().map(|name| name.as_str().into()).collect(),
            example: Some("cpu".into()),
            ..MetaSchema::new("string")
        }
    }

    fn read(request: &Request) -> Result<Self, ApiError> {
        Self::of(last_segment(request)).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            let text = format!("Unknown section; there are {names}");
            ApiError::new(StatusCode::NOT_FOUND, text)
        })
    }
}
