//! What only admins may: tokens, keys, what was removed, refused and changed.

use std::sync::Arc;

use chrono::TimeDelta;
use http::StatusCode;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Query;

use super::Tag;
use super::path::InPath;
use crate::access::{LinkPlace, TokenTerms};
use crate::http::context::Context;
use crate::http::error::{AdminError, ApiError, CreateError, DeleteError};
use crate::http::guard::Visitor;
use crate::http::payload::{JsonBody, JsonBytes, Secret};
use crate::model::MachineId;
use crate::model::access::{AuditQuery, Scope};
use crate::store::StoreError;
use crate::wire::access::{
    AuditList, KeyApproval, KeyList, NewToken, RefusedList, RefusedSource, RemovedList,
    RemovedMachine, SetupLink, TokenList, TokenMade, WaitingKey, parse,
};
use crate::wire::signing::{from_hex, hex};
use crate::wire::{Message, read_tags};

/// Entries of the audit log in one answer.
const AUDIT_PAGE: usize = 100;

pub(in crate::http) struct AdminApi;

#[OpenApi(tag = "Tag::Access")]
impl AdminApi {
    /// List tokens
    ///
    /// Without their secrets, which are not kept.
    #[oai(path = "/api/tokens", method = "get", operation_id = "listTokens")]
    async fn tokens(
        &self,
        context: Data<&Arc<Context>>,
    ) -> Result<JsonBody<TokenList>, AdminError> {
        let (tokens, presenter) = (context.access.tokens().await?, context.presenter());
        let items = tokens.iter().map(|token| presenter.token(token)).collect();
        Ok(JsonBody(TokenList { items }))
    }

    /// Make a token
    ///
    /// The answer holds its secret, this once.
    #[oai(path = "/api/tokens", method = "post", operation_id = "createToken")]
    async fn create_token(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        body: JsonBytes<NewToken>,
    ) -> Result<Secret<TokenMade>, CreateError> {
        let new: NewToken = parse(&body.read().await?)?;
        let bad = |text: &str| ApiError::new(StatusCode::BAD_REQUEST, text);
        if new.name.trim().is_empty() {
            return Err(bad("name is empty; say what the token is for").into());
        }
        if new.days.is_some_and(|days| !(1..=36_500).contains(&days)) {
            return Err(bad("days must be a whole number from 1 to 36500").into());
        }
        if new.max_uses == Some(0) {
            return Err(bad("max_uses must be at least 1").into());
        }
        let scope = Scope::from(new.scope);
        if new.max_uses.is_some() && scope != Scope::Enrol {
            return Err(bad("max_uses is for tokens of the scope enrol").into());
        }
        let tags = new.tags.unwrap_or_default();
        if !tags.is_empty() && scope != Scope::Enrol {
            return Err(bad("tags is for tokens of the scope enrol").into());
        }
        let tags = read_tags("tags", &tags.into())?;
        let by = visitor.identity.clone();
        let expires_at = new.days.map(|days| by.at + TimeDelta::days(days.into()));
        let terms = TokenTerms { expires_at, max_uses: new.max_uses, tags };
        let made = context.access.create_token(&new.name, scope, terms, by);
        let (secret, token) = made.await?;
        let item = context.presenter().token(&token);
        Ok(Secret(TokenMade { token: secret.expose().to_owned(), item }))
    }

    /// Revoke a token
    ///
    /// It counts no longer, within a second on every server.
    #[oai(path = "/api/tokens/:id", method = "delete", operation_id = "revokeToken")]
    async fn revoke_token(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        /// The token's id.
        id: InPath<String>,
    ) -> Result<JsonBody<Message>, DeleteError> {
        let revoked = context.access.revoke_token(&id.0, visitor.identity.clone()).await;
        revoked.map_err(|error| named(error, &format!("There is no token {}", id.0)))?;
        Ok(done("Token revogado"))
    }

    /// Make a setup link
    ///
    /// In place of the last one.
    #[oai(path = "/api/setup-link", method = "post", operation_id = "createSetupLink")]
    async fn setup_link(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
    ) -> Result<Secret<SetupLink>, DeleteError> {
        let secret =
            context.access.new_setup_link(LinkPlace::Alone, visitor.identity.clone()).await?;
        Ok(Secret(SetupLink { path: format!("/setup#k={}", secret.expose()) }))
    }

    /// Read the audit log
    ///
    /// What people and tokens changed, the newest first.
    #[oai(path = "/api/audit", method = "get", operation_id = "listAudit")]
    async fn audit(
        &self,
        context: Data<&Arc<Context>>,
        /// Only entries older than the one with this number.
        #[oai(validator(minimum(value = "0"), maximum(value = "9007199254740991")))]
        before: Query<Option<u64>>,
        /// Only what was done to this: a machine's id, a person's name.
        subject: Query<Option<String>>,
        /// Only actions that begin so: `machine.` or `token.create`.
        action: Query<Option<String>>,
        /// Most entries: 1 to 1000, 100 when left out.
        #[oai(validator(minimum(value = "1"), maximum(value = "1000")))]
        limit: Query<Option<usize>>,
    ) -> Result<JsonBody<AuditList>, AdminError> {
        let limit = limit.0.unwrap_or(AUDIT_PAGE);
        let (before, subject, action) = (before.0, subject.0, action.0);
        let query = AuditQuery { before, subject, action, until: None, limit };
        let page = context.inventory.audit(&query).await?;
        let next = (page.entries.len() == limit).then(|| page.entries.last().map(|(n, _)| *n));
        let presenter = context.presenter();
        let items = page.entries.into_iter();
        let items = items.map(|(number, entry)| presenter.audit_entry(number, entry)).collect();
        Ok(JsonBody(AuditList { items, next: next.flatten() }))
    }

    /// List machines that were removed
    ///
    /// For 30 days they can be brought back.
    #[oai(path = "/api/removed", method = "get", operation_id = "listRemoved")]
    async fn removed(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
    ) -> Result<JsonBody<RemovedList>, AdminError> {
        let removed = context.inventory.removed(visitor.identity.at).await?;
        let presenter = context.presenter();
        let items = removed.iter().map(|removed| RemovedMachine {
            machine_id: removed.machine.id.to_string(),
            hostname: removed.machine.hostname.to_string(),
            removed_at: presenter.time(removed.removed_at),
            removed_by: removed.removed_by.clone(),
        });
        Ok(JsonBody(RemovedList { items: items.collect() }))
    }

    /// List sources of refused reports
    ///
    /// Where reports came from that were refused for want of a token, in the last 30 days.
    #[oai(path = "/api/refused", method = "get", operation_id = "listRefused")]
    async fn refused(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
    ) -> Result<JsonBody<RefusedList>, AdminError> {
        let presenter = context.presenter();
        let sources = context.access.refused_sources(visitor.identity.at).await?;
        let items = sources.into_iter().map(|source| RefusedSource {
            network: source.network.to_string(),
            reports: source.reports,
            last_at: presenter.time(source.last_at),
        });
        Ok(JsonBody(RefusedList { items: items.collect() }))
    }

    /// List machines' keys that wait for approval
    ///
    /// Machines that have a key already, and asked to be enrolled with another one.
    #[oai(path = "/api/keys", method = "get", operation_id = "listKeys")]
    async fn keys(&self, context: Data<&Arc<Context>>) -> Result<JsonBody<KeyList>, AdminError> {
        let (keys, presenter) = (context.access.keys().await?, context.presenter());
        let items = keys.iter().filter_map(|key| {
            let waiting = key.waiting.as_ref()?;
            Some(WaitingKey {
                machine_id: key.machine_id.to_string(),
                public_key: hex(&key.public_key),
                waiting_key: hex(&waiting.public_key),
                asked_at: presenter.time(waiting.asked_at),
                peer: waiting.peer.clone(),
            })
        });
        Ok(JsonBody(KeyList { items: items.collect(), enrolled: keys.len() }))
    }

    /// Approve a machine's new key
    ///
    /// The key that waits takes the place of the one before; 409 when another one waits by now.
    #[oai(
        path = "/api/machines/:machine_id/key/approve",
        method = "post",
        operation_id = "approveKey"
    )]
    async fn approve_key(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        /// The machine's id, percent-encoded where needed.
        machine_id: InPath<MachineId>,
        body: JsonBytes<KeyApproval>,
    ) -> Result<JsonBody<Message>, CreateError> {
        let InPath(id) = machine_id;
        let approval: KeyApproval = parse(&body.read().await?)?;
        let key = from_hex::<32>(&approval.waiting_key).ok_or_else(|| {
            ApiError::new(StatusCode::BAD_REQUEST, "waiting_key must be 64 hex digits")
        })?;
        let approved = context.access.approve_key(&id, key, visitor.identity.clone()).await;
        approved.map_err(|error| named(error, &format!("No key of {id} waits for approval")))?;
        Ok(done("Chave aprovada"))
    }

    /// Forget a machine's key
    ///
    /// The machine may report without one again, or enrol anew.
    #[oai(path = "/api/machines/:machine_id/key/reset", method = "post", operation_id = "resetKey")]
    async fn reset_key(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        /// The machine's id, percent-encoded where needed.
        machine_id: InPath<MachineId>,
    ) -> Result<JsonBody<Message>, DeleteError> {
        let InPath(id) = machine_id;
        let reset = context.access.reset_key(&id, visitor.identity.clone()).await;
        reset.map_err(|error| named(error, &format!("{id} has no key")))?;
        Ok(done("Chave esquecida"))
    }
}

pub(super) fn done(message: &str) -> JsonBody<Message> {
    JsonBody(Message { message: message.to_owned() })
}

/// The error; when there is none of that name, in these words.
pub(super) fn named(error: StoreError, unknown: &str) -> ApiError {
    match error {
        StoreError::NotFound => ApiError::new(StatusCode::NOT_FOUND, unknown),
        other => other.into(),
    }
}
