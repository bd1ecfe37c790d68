//! Machines that want keys of their own.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::StatusCode;
use poem::web::Data;
use poem_openapi::OpenApi;

use super::Tag;
use crate::access::{Enrolled, EnrolmentError};
use crate::http::context::Context;
use crate::http::error::{ApiError, CreateError};
use crate::http::guard::Visitor;
use crate::http::payload::{JsonBody, JsonBytes};
use crate::model::MachineId;
use crate::wire::access::{Enrolment, EnrolmentReply, parse};
use crate::wire::signing::from_hex;

pub(in crate::http) struct EnrolmentApi;

#[OpenApi(tag = "Tag::Machines")]
impl EnrolmentApi {
    /// Enrol a machine
    ///
    /// What an agent sends once, with a token of the scope `enrol`. From then on the machine signs
    /// its reports, and no report without its signature is taken for it. A machine that has another
    /// key already is answered 409 until an admin approves the new one.
    #[oai(path = "/api/enroll", method = "post", operation_id = "enrolMachine")]
    async fn enrol(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        body: JsonBytes<Enrolment>,
    ) -> Result<JsonBody<EnrolmentReply>, CreateError> {
        let bad = |text: String| ApiError::new(StatusCode::BAD_REQUEST, text);
        let asked: Enrolment = parse(&body.read().await?)?;
        let id =
            MachineId::parse(&asked.machine_id).map_err(|why| bad(format!("machine_id {why}")))?;
        let key = from_hex::<32>(&asked.public_key)
            .ok_or_else(|| bad("public_key must be 64 hex digits".into()))?;
        let signature = from_hex::<64>(&asked.signature)
            .ok_or_else(|| bad("signature must be 128 hex digits".into()))?;
        let at = visitor.identity.at;
        let peer = visitor.identity.peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let enrolled = context.access.enrol(&asked.token, &id, key, &signature, peer, at).await;
        match enrolled {
            Ok(Enrolled::Yes { last_seq }) => Ok(JsonBody(EnrolmentReply { last_seq })),
            Ok(Enrolled::Waiting) => {
                let text = "This machine has another key; an admin must approve the new one";
                Err(ApiError::new(StatusCode::CONFLICT, text).into())
            }
            Err(EnrolmentError::Token) => {
                let text = "token is none for enrolling, or is expired, revoked or used up";
                Err(ApiError::unauthorized(text).into())
            }
            Err(EnrolmentError::Signature) => {
                Err(bad("signature is not the key's over tatuscan-enrol, id and key".into()).into())
            }
            Err(EnrolmentError::TooMany) => {
                let text = "There are as many keys as TATUSCAN_MAX_MACHINES allows machines; raise it on \
                            the server";
                Err(ApiError::new(StatusCode::CONFLICT, text).into())
            }
            Err(EnrolmentError::Store(error)) => Err(error.into()),
        }
    }
}
