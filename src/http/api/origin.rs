//! How a request looks to the server.

use std::sync::Arc;

use http::header::HOST;
use poem::Request;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Query;

use super::Tag;
use crate::http::error::HealthError;
use crate::http::guard::Visitor;
use crate::http::payload::JsonBody;
use crate::wire::Origin;

pub(in crate::http) struct OriginApi;

#[OpenApi(tag = "Tag::Health")]
impl OriginApi {
    /// How this request looks to the server
    ///
    /// Where it comes from, and what proxies on the way say of it: `tatuscan doctor` asks this to
    /// find a proxy that hides its clients.
    #[oai(path = "/api/origin", method = "get", operation_id = "showOrigin")]
    async fn origin(
        &self,
        request: &Request,
        visitor: Data<&Arc<Visitor>>,
        /// The host, and the port if it has one, that the client asks for.
        host: Query<Option<String>>,
    ) -> Result<JsonBody<Origin>, HealthError> {
        let origin = visitor.origin;
        let arrived = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let port = request.remote_addr().as_socket_addr().map_or(0, std::net::SocketAddr::port);
        Ok(JsonBody(Origin {
            address: origin.peer.to_string(),
            port,
            forwarded: origin.is_forwarded,
            proxy_trusted: origin.is_told,
            encrypted: origin.is_https,
            this_computer: origin.is_this_computer,
            near: origin.is_near,
            host_arrived: host.0.map(|host| arrived.is_some_and(|a| a.eq_ignore_ascii_case(&host))),
        }))
    }
}
