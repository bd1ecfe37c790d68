//! From a request to its answer: routes, the common form of errors, and what every answer has.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::{ALLOW, CONTENT_LENGTH};
use http::uri::Scheme;
use http::{Method, StatusCode};
use http_body_util::combinators::BoxBody;
use hyper::body::Body as _;
use poem::endpoint::BoxEndpoint;
use poem::{Endpoint as _, EndpointExt as _, Request, Response};

use super::api::Api;
use super::compression::Encoding;
use super::context::{Context, Settings};
use super::credentials;
use super::error::{ApiError, allow_header, envelope};
use super::guard::Guard;
use super::metrics::Metrics;
use super::routes::{Route, Routes};
use super::{compression, headers, metrics, openapi, table, web};
use crate::access::Access;
use crate::inventory::Inventory;

/// An answer as it goes out.
pub(super) type Answer = hyper::Response<BoxBody<Bytes, std::io::Error>>;

/// How long a backup may take, however large it is.
const BACKUP: Duration = Duration::from_secs(600);

/// Everything the server answers.
pub struct App {
    api: BoxEndpoint<'static>,
    pages: BoxEndpoint<'static>,
    routes: Routes,
    metrics: Arc<Metrics>,
    guard: Guard,
}

impl App {
    /// The API, its document and the dashboard over an inventory.
    #[must_use]
    pub fn new(inventory: Inventory, access: Access, settings: Settings) -> Self {
        let guard = Guard::new(access.clone(), settings.gate.clone(), settings.now);
        let context =
            Arc::new(Context { inventory, access, started_at: (settings.now)(), settings });
        let document = Bytes::from(openapi::document());
        let pages = web::routes(poem::Route::new(), document);
        let pages = metrics::routes(table::routes(pages));
        let metrics = Arc::new(Metrics::new());
        Self {
            routes: Routes::new::<Api>(
                &[web::SHELL, web::PAGES, table::PAGES, metrics::PAGES].concat(),
            ),
            api: openapi::service().data(Arc::clone(&context)).map_to_response().boxed(),
            pages: pages.data(context).data(Arc::clone(&metrics)).map_to_response().boxed(),
            metrics,
            guard,
        }
    }

    /// Answers one request, within `limit`.
    pub(super) async fn respond(&self, mut request: Request, limit: Duration) -> Answer {
        let started = Instant::now();
        let method = request.method().clone();
        let token = credentials::in_path(request.uri()).map(|(token, uri)| {
            *request.uri_mut() = uri;
            token
        });
        let route = self.routes.find(request.uri().path());
        let is_secure = *request.scheme() == Scheme::HTTPS;
        let is_read = method == Method::GET || method == Method::HEAD;
        let encoding = if is_read { Encoding::accepted(request.headers()) } else { None };
        let mut response = if method == Method::OPTIONS {
            options(route)
        } else {
            self.answer(request, route, token, limit).await
        };
        self.metrics.answered(&method, &route.path, response.status(), started.elapsed());
        headers::on_every_answer(response.headers_mut(), is_secure);
        if is_read {
            response = compression::compress(response, encoding).await;
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

    /// Answers one request that came without TLS where TLS is asked for, whatever it is.
    pub(super) async fn refuse_plain(&self, request: Request) -> Answer {
        let route = self.routes.find(request.uri().path());
        let mut response = ApiError::plain().into_response();
        self.metrics.answered(request.method(), &route.path, response.status(), Duration::ZERO);
        headers::on_every_answer(response.headers_mut(), false);
        response.into()
    }

    async fn answer(
        &self,
        mut request: Request,
        route: &Route,
        token_in_path: Option<String>,
        limit: Duration,
    ) -> Response {
        if request.method() == Method::HEAD {
            request.set_method(Method::GET);
        }
        // A backup is written as a whole before it is answered.
        let limit = if &*route.path == "/api/backup" { limit.max(BACKUP) } else { limit };
        let path = request.uri().path();
        let is_api = path.starts_with("/api/") || path == "/livez";
        let endpoint = if is_api { &self.api } else { &self.pages };
        let answered = async {
            // What is not known here must not get past the gate, whatever the router makes of it.
            if route.methods.is_empty() {
                return Err(ApiError::unknown_path().into());
            }
            if !route.methods.contains(request.method()) {
                return Err(ApiError::unknown_method(&route.methods).into());
            }
            self.guard.admit(&mut request, &route.path, token_in_path).await?;
            endpoint.call(request).await
        };
        let answered = AssertUnwindSafe(answered).catch_unwind();
        match tokio::time::timeout(limit, answered).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(error))) => envelope(error, &route.methods),
            Ok(Err(_)) => {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                ApiError::internal(status, "The server failed", "a handler panicked")
                    .into_response()
            }
            Err(_) => ApiError::too_slow().into_response(),
        }
    }
}

fn options(route: &Route) -> Response {
    if route.methods.is_empty() {
        return ApiError::unknown_path().into_response();
    }
    let mut response = Response::default();
    response.headers_mut().insert(ALLOW, allow_header(&route.methods));
    response
}
