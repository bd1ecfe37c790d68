//! People who can log in, and where they are.

use std::sync::Arc;

use http::StatusCode;
use poem::web::Data;
use poem_openapi::OpenApi;

use super::Tag;
use super::admin::{done, named};
use super::path::InPath;
use super::session::user_error;
use crate::http::context::Context;
use crate::http::error::{AdminError, ApiError, CreateError, DeleteError};
use crate::http::guard::Visitor;
use crate::http::payload::{JsonBody, JsonBytes};
use crate::model::access::Caller;
use crate::wire::Message;
use crate::wire::access::{NewUser, OpenSession, SessionList, User, UserEdit, UserList, parse};

pub(in crate::http) struct PeopleApi;

#[OpenApi(tag = "Tag::Access")]
impl PeopleApi {
    /// List people
    ///
    /// Everybody who can log in.
    #[oai(path = "/api/users", method = "get", operation_id = "listUsers")]
    async fn users(&self, context: Data<&Arc<Context>>) -> Result<JsonBody<UserList>, AdminError> {
        let (users, presenter) = (context.access.users().await?, context.presenter());
        Ok(JsonBody(UserList { items: users.iter().map(|user| presenter.user(user)).collect() }))
    }

    /// Add a person
    ///
    /// Who can log in from then on.
    #[oai(path = "/api/users", method = "post", operation_id = "addUser")]
    async fn add_user(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        body: JsonBytes<NewUser>,
    ) -> Result<JsonBody<User>, CreateError> {
        let new: NewUser = parse(&body.read().await?)?;
        let by = visitor.identity.clone();
        let added = context.access.add_user(&new.name, new.role.into(), &new.password, by).await;
        Ok(JsonBody(context.presenter().user(&added.map_err(user_error)?)))
    }

    /// Change a person's role or password
    ///
    /// Ends all sessions of the person.
    #[oai(path = "/api/users/:name", method = "patch", operation_id = "changeUser")]
    async fn change_user(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        /// The person's name.
        name: InPath<String>,
        body: JsonBytes<UserEdit>,
    ) -> Result<JsonBody<User>, CreateError> {
        let edit: UserEdit = parse(&body.read().await?)?;
        if edit.role.is_none() && edit.password.is_none() {
            let text = "Nothing to change: give role, password or both";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, text).into());
        }
        let (role, password) = (edit.role.map(Into::into), edit.password.as_deref());
        let by = visitor.identity.clone();
        let changed = context.access.change_user(&name.0, role, password, by).await;
        Ok(JsonBody(context.presenter().user(&changed.map_err(user_error)?)))
    }

    /// Remove a person
    ///
    /// Ends all sessions of the person. The last admin stays.
    #[oai(path = "/api/users/:name", method = "delete", operation_id = "removeUser")]
    async fn remove_user(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        /// The person's name.
        name: InPath<String>,
    ) -> Result<JsonBody<Message>, DeleteError> {
        let removed = context.access.remove_user(&name.0, visitor.identity.clone()).await;
        removed.map_err(user_error)?;
        Ok(done("Usuário removido"))
    }

    /// List sessions
    ///
    /// Who is logged in, from where and since when.
    #[oai(path = "/api/sessions", method = "get", operation_id = "listSessions")]
    async fn sessions(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
    ) -> Result<JsonBody<SessionList>, AdminError> {
        let presenter = context.presenter();
        let own = match &visitor.identity.caller {
            Caller::Person { session, .. } => Some(*session),
            _ => None,
        };
        let sessions = context.access.sessions(visitor.identity.at).await?;
        let items = sessions.iter().map(|session| OpenSession {
            id: session.label(),
            user: session.user.clone(),
            peer: session.peer.clone(),
            created_at: presenter.time(session.created_at),
            used_at: presenter.time(session.used_at),
            current: own == Some(session.hash),
        });
        Ok(JsonBody(SessionList { items: items.collect() }))
    }

    /// End a session
    ///
    /// Whoever it is has to log in again.
    #[oai(path = "/api/sessions/:id", method = "delete", operation_id = "endSession")]
    async fn end_session(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        /// The session's id.
        id: InPath<String>,
    ) -> Result<JsonBody<Message>, DeleteError> {
        let ended = context.access.end_session(&id.0, visitor.identity.clone()).await;
        ended.map_err(|error| named(error, &format!("There is no session {}", id.0)))?;
        Ok(done("Sessão encerrada"))
    }
}
