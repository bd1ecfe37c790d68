//! The dashboard's files, embedded from `web/dist`.

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, HeaderValue};
use poem::web::Path;
use poem::{Request, Response, Route, get, handler};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::compression::compress_for_good;
use super::error::ApiError;
use super::freshness::{Known, Tag};
use super::headers::{DOCS_POLICY, PAGE_POLICY, on_pages};

#[derive(RustEmbed)]
#[folder = "web/dist"]
struct Files;

/// Names of assets hold a hash of what is in them: another content has another name.
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The paths of the dashboard's pages, which are all one file. (`/report` is answered elsewhere: it
/// is a table of text too.)
pub(super) const SHELL: &[&str] = &[
    "/",
    "/dashboard",
    "/charts",
    "/charts/",
    "/software",
    "/machines/:id",
    "/login",
    "/setup",
    "/settings",
    "/settings/:page",
];

/// Other paths served here.
pub(super) const PAGES: &[&str] =
    &["/docs", "/docs/", "/openapi.json", "/favicon.ico", "/assets/:file", "/assets/docs/:file"];

/// Adds the dashboard, the documentation and the document to the routes.
pub(super) fn routes(route: Route, document: Bytes) -> Route {
    let document = poem::endpoint::make_sync(move |_| {
        Response::builder().content_type("application/json").body(document.clone())
    });
    SHELL
        .iter()
        .fold(route, |route, path| route.at(path, get(page)))
        .at("/docs", get(docs))
        .at("/docs/", get(docs))
        .at("/openapi.json", get(document))
        .at("/favicon.ico", get(favicon))
        .at("/assets/*path", get(asset))
}

/// Whether a browser asks: only browsers say that they want HTML.
pub(super) fn is_browser(request: &Request) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The dashboard's shell. It holds no data: scripts fetch that from the API.
pub(super) fn shell(request: &Request) -> Result<Response, ApiError> {
    let mut response = file(request, "index.html")?;
    on_pages(response.headers_mut(), PAGE_POLICY);
    Ok(response)
}

#[handler]
fn page(request: &Request) -> Result<Response, ApiError> {
    shell(request)
}

#[handler]
fn docs(request: &Request) -> Result<Response, ApiError> {
    let mut response = file(request, "docs.html")?;
    on_pages(response.headers_mut(), DOCS_POLICY);
    Ok(response)
}

#[handler]
fn favicon(request: &Request) -> Result<Response, ApiError> {
    file(request, "favicon.ico")
}

#[handler]
async fn asset(request: &Request, Path(path): Path<String>) -> Result<Response, ApiError> {
    let mut response = file(request, &format!("assets/{path}"))?;
    response.headers_mut().insert(CACHE_CONTROL, FOR_GOOD);
    Ok(compress_for_good(&path, response, request.headers()).await)
}

/// An embedded file, or 304 when the client has it.
fn file(request: &Request, path: &str) -> Result<Response, ApiError> {
    let file = Files::get(path).ok_or_else(ApiError::unknown_path)?;
    let hash = file.metadata.sha256_hash();
    let tag: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = Tag::quoted(&tag);
    let known = Known::from_headers(request.headers());
    let mut response = known.not_modified(&tag).unwrap_or_else(|| {
        Response::builder().content_type(content_type(&file)).body(file.data.into_owned())
    });
    tag.put(response.headers_mut());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

fn content_type(file: &EmbeddedFile) -> String {
    let guessed = file.metadata.mimetype();
    let is_text = guessed.starts_with("text/") || guessed.ends_with("javascript");
    if is_text { format!("{guessed}; charset=utf-8") } else { guessed.to_owned() }
}
