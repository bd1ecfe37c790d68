//! From a request to its answer: routes, the common form of errors, and what every answer has.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures_util::FutureExt as _;
use http::header::{ALLOW, CONTENT_LENGTH};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::combinators::BoxBody;
use hyper::body::Body as _;
use poem::endpoint::BoxEndpoint;
use poem::{Endpoint as _, EndpointExt as _, Request, Response, Route};

use super::api::Api;
use super::error::{ApiError, allow_header, envelope};
use super::routes::Routes;
use super::{compression, headers, openapi, table, web};
use crate::inventory::Inventory;
use crate::wire::Presenter;

/// What the server is told from outside.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The zone that times are shown in, and that dates without a zone are in.
    pub zone: Tz,
    /// The clock.
    pub now: fn() -> DateTime<Utc>,
}

/// What handlers share.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) inventory: Inventory,
    pub(super) settings: Settings,
}

impl Context {
    pub(super) fn presenter(&self) -> Presenter {
        let now = (self.settings.now)();
        Presenter { zone: self.settings.zone, now, rules: self.inventory.rules() }
    }
}

/// Everything the server answers.
pub struct App {
    api: BoxEndpoint<'static>,
    pages: BoxEndpoint<'static>,
    routes: Routes,
}

impl App {
    /// The API, its document and the dashboard over an inventory.
    #[must_use]
    pub fn new(inventory: Inventory, settings: Settings) -> Self {
        let context = Arc::new(Context { inventory, settings });
        let document = Bytes::from(openapi::document());
        let pages = table::routes(web::routes(Route::new(), document));
        Self {
            routes: Routes::new::<Api>(&[web::PAGES, table::PAGES].concat()),
            api: openapi::service().data(Arc::clone(&context)).map_to_response().boxed(),
            pages: pages.data(context).map_to_response().boxed(),
        }
    }

    /// Answers one request, within `limit`.
    pub(super) async fn respond(
        &self,
        request: Request,
        limit: Duration,
    ) -> hyper::Response<BoxBody<Bytes, std::io::Error>> {
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let asked = request.headers().clone();
        let mut response = if method == Method::OPTIONS {
            self.options(&path)
        } else {
            self.answer(request, &path, limit).await
        };
        headers::on_every_answer(response.headers_mut());
        if method == Method::GET || method == Method::HEAD {
            response = compression::compress(response, &asked).await;
        }
        let mut response = hyper::Response::from(response);
        if method == Method::HEAD {
            let size = response.body().size_hint().exact();
            if let Some(bytes) = size {
                response.headers_mut().insert(CONTENT_LENGTH, bytes.into());
            }
            *response.body_mut() = poem::Body::empty().into();
        }
        response
    }

    async fn answer(&self, mut request: Request, path: &str, limit: Duration) -> Response {
        if request.method() == Method::HEAD {
            request.set_method(Method::GET);
        }
        let is_api = path.starts_with("/api/") || path == "/livez";
        let endpoint = if is_api { &self.api } else { &self.pages };
        let answered = AssertUnwindSafe(endpoint.call(request)).catch_unwind();
        match tokio::time::timeout(limit, answered).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(error))) => envelope(error, self.routes.methods(path)),
            Ok(Err(_)) => {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                ApiError::internal(status, "The server failed", "a handler panicked")
                    .into_response()
            }
            Err(_) => ApiError::too_slow().into_response(),
        }
    }

    fn options(&self, path: &str) -> Response {
        match self.routes.methods(path) {
            [] => ApiError::unknown_path().into_response(),
            methods => {
                let mut headers = HeaderMap::new();
                headers.insert(ALLOW, allow_header(methods));
                let mut response = Response::default();
                *response.headers_mut() = headers;
                response
            }
        }
    }
}
