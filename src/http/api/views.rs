//! Views: questions that people keep under a name.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::OpenApi;

use super::path::InPath;
use super::{Tag, fresh_id};
use crate::access::Plane;
use crate::http::context::Context;
use crate::http::error::{AdminError, ChangeError, DeleteError};
use crate::http::guard::Visitor;
use crate::http::payload::{JsonBody, JsonBytes};
use crate::inventory::{Keeper, ViewChange};
use crate::model::Asked;
use crate::model::access::Caller;
use crate::wire::access::parse;
use crate::wire::{
    BadBody, Message, NewView, Presenter, View, ViewEdit, ViewList, view_name, view_query,
};

pub(in crate::http) struct ViewsApi;

#[OpenApi(tag = "Tag::Machines")]
impl ViewsApi {
    /// List views
    ///
    /// Questions that are kept under a name: the caller's own, and those for everybody.
    #[oai(path = "/api/views", method = "get", operation_id = "listViews")]
    async fn views(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
    ) -> Result<JsonBody<ViewList>, AdminError> {
        let presenter = context.presenter();
        let views = context.inventory.views(&keeper(&context, &visitor)).await?;
        Ok(JsonBody(ViewList { items: views.iter().map(|view| presenter.view(view)).collect() }))
    }

    /// Keep a view
    ///
    /// Everybody who is logged in may keep 200 of them. Admins, and programs with an admin's token,
    /// may keep 200 more that everybody sees.
    #[oai(path = "/api/views", method = "post", operation_id = "addView")]
    async fn add(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        body: JsonBytes<NewView>,
    ) -> Result<JsonBody<View>, ChangeError> {
        let NewView { name, query, shared } = parse(&body.read().await?)?;
        let (name, query) = (view_name(&name)?, checked(&context, &query).await?);
        let (is_shared, keeper) = (shared.unwrap_or(false), keeper(&context, &visitor));
        let by = visitor.identity.clone();
        let view = context.inventory.add_view(fresh_id(), name, query, is_shared, keeper, by);
        Ok(JsonBody(context.presenter().view(&view.await?)))
    }

    /// Change a view
    ///
    /// One's own; those that everybody sees, or shall see, are for admins.
    #[oai(path = "/api/views/:id", method = "patch", operation_id = "changeView")]
    async fn change(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        /// The view's id.
        id: InPath<String>,
        body: JsonBytes<ViewEdit>,
    ) -> Result<JsonBody<View>, ChangeError> {
        let edit: ViewEdit = parse(&body.read().await?)?;
        if edit == ViewEdit::default() {
            return Err(BadBody("Nothing to change: give name, query or shared".into()).into());
        }
        let query = match &edit.query {
            Some(query) => Some(checked(&context, query).await?),
            None => None,
        };
        let name = edit.name.as_deref().map(view_name).transpose()?;
        let change = ViewChange { name, query, is_shared: edit.shared };
        let (keeper, by) = (keeper(&context, &visitor), visitor.identity.clone());
        let view = context.inventory.change_view(&id.0, change, keeper, by).await?;
        Ok(JsonBody(context.presenter().view(&view)))
    }

    /// Remove a view
    ///
    /// One's own; those that everybody sees are for admins.
    #[oai(path = "/api/views/:id", method = "delete", operation_id = "removeView")]
    async fn remove(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        /// The view's id.
        id: InPath<String>,
    ) -> Result<JsonBody<Message>, DeleteError> {
        let (keeper, by) = (keeper(&context, &visitor), visitor.identity.clone());
        context.inventory.remove_view(&id.0, keeper, by).await?;
        Ok(JsonBody(Message { message: "Visão removida".to_owned() }))
    }
}

fn keeper(context: &Context, visitor: &Visitor) -> Keeper {
    let caller = &visitor.identity.caller;
    let name = match caller {
        Caller::Person { name, .. } => Some(name.clone()),
        _ => None,
    };
    Keeper { name, is_admin: context.admits(caller, Plane::Administer) }
}

async fn checked(context: &Context, query: &str) -> Result<String, ChangeError> {
    let Presenter { zone, now, rules } = context.presenter();
    let fields = context.inventory.fields().await?;
    Ok(view_query(query, &Asked { now, zone, rules, fields: &fields })?)
}
