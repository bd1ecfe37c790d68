//! Reports and sections of machines with keys of their own.

use http::StatusCode;
use sha2::{Digest as _, Sha256};

use crate::access::{Access, Refusal};
use crate::http::error::ApiError;
use crate::model::MachineId;
use crate::model::access::Caller;
use crate::wire::sections::SectionName;
use crate::wire::signing::Signed;

/// The machine that signed this body, of a report or of a section.
pub(super) async fn signer(
    access: &Access,
    signed: &Signed,
    body: &[u8],
    section: Option<SectionName>,
) -> Result<Caller, ApiError> {
    let digest = Sha256::digest(body).into();
    let id = MachineId::stored(&signed.id);
    let section = section.map(SectionName::as_str);
    let caller = access.caller_of_signature(&id, signed.seq, digest, &signed.sig, section);
    caller.await?.ok_or_else(|| refused(Refusal::UnknownKey))
}

/// Refuses a report or section that a machine signed for another one.
pub(super) fn check_own(caller: &Caller, machine: &MachineId) -> Result<(), ApiError> {
    match caller {
        Caller::Machine { id, .. } if id != machine => {
            let text = format!("machine_id must be {id}, whose key signed the report");
            Err(ApiError::new(StatusCode::FORBIDDEN, text))
        }
        _ => Ok(()),
    }
}

/// Why a report was not taken, in words for the machine.
pub(super) fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Enrolled => ApiError::unauthorized(
            "This machine signs its reports, and this one is not signed. An admin can forget its \
             key: POST /api/machines/{id}/key/reset",
        ),
        Refusal::NotTheMachine => ApiError::new(
            StatusCode::FORBIDDEN,
            "This machine signs its reports, and nobody can report in its place",
        ),
        Refusal::UnknownKey => ApiError::unauthorized(
            "The signature is not that of the machine's key; enrol the machine again",
        ),
        Refusal::Stale { last_seq } => ApiError::stale(last_seq),
        Refusal::TooManyNew => ApiError::too_many(
            "Too many new machines without a token; those that are known go on reporting. An \
             ingest token lifts the limit",
            60,
        ),
    }
}
