//! Custom fields: what machines can have a value of, as admins define it.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::Tag;
use crate::http::context::Context;
use crate::http::error::{AdminError, CreateError};
use crate::http::guard::Visitor;
use crate::http::payload::{JsonBody, JsonBytes};
use crate::inventory;
use crate::wire::access::parse;
use crate::wire::{Field, FieldEdit, FieldList, Message, NewField};

pub(in crate::http) struct FieldsApi;

#[OpenApi(tag = "Tag::Machines")]
impl FieldsApi {
    /// List custom fields
    ///
    /// What machines can have a value of in `custom`, beyond what every inventory has.
    #[oai(path = "/api/fields", method = "get", operation_id = "listFields")]
    async fn fields(
        &self,
        context: Data<&Arc<Context>>,
    ) -> Result<JsonBody<FieldList>, AdminError> {
        let fields = context.inventory.fields().await?;
        Ok(JsonBody(FieldList { items: fields.iter().map(|field| (&**field).into()).collect() }))
    }

    /// Define a custom field
    ///
    /// There can be 100 of them.
    #[oai(path = "/api/fields", method = "post", operation_id = "addField")]
    async fn add(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        body: JsonBytes<NewField>,
    ) -> Result<JsonBody<Field>, CreateError> {
        let new: NewField = parse(&body.read().await?)?;
        let (key, kind, labels) = new.checked()?;
        let new = inventory::NewField { key, kind, labels, order: new.order };
        let field = context.inventory.add_field(new, visitor.identity.clone()).await?;
        Ok(JsonBody((&field).into()))
    }

    /// Change a custom field
    ///
    /// What it is called, where it stands and what can be chosen. Its key and type stay.
    #[oai(path = "/api/fields/:key", method = "patch", operation_id = "changeField")]
    async fn change(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        /// The field's key.
        key: Path<String>,
        /// Clear the values of machines that can no longer be chosen. Without this they are kept, and
        /// the answer is 409.
        discard_values: Query<Option<bool>>,
        body: JsonBytes<FieldEdit>,
    ) -> Result<JsonBody<Field>, CreateError> {
        let edit: FieldEdit = parse(&body.read().await?)?;
        let (labels, choices) = edit.checked()?;
        let change = inventory::FieldChange { labels, choices, order: edit.order };
        let (discard, by) = (discard_values.unwrap_or(false), visitor.identity.clone());
        let field = context.inventory.change_field(&key, change, discard, by).await?;
        Ok(JsonBody((&field).into()))
    }

    /// Remove a custom field
    ///
    /// With the values that machines have of it, when `discard_values` says so. When that is
    /// interrupted, the field is still there, and some machines may have lost their value: ask again.
    #[oai(path = "/api/fields/:key", method = "delete", operation_id = "removeField")]
    async fn remove(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        /// The field's key.
        key: Path<String>,
        /// Clear the values that machines have. Without this they are kept, and the answer is 409.
        discard_values: Query<Option<bool>>,
    ) -> Result<JsonBody<Message>, CreateError> {
        let (discard, by) = (discard_values.unwrap_or(false), visitor.identity.clone());
        context.inventory.remove_field(&key, discard, by).await?;
        Ok(JsonBody(Message { message: "Campo removido".to_owned() }))
    }
}
