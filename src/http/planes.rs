//! What each route is about. A route that is not named here is for admins.

use http::Method;

use super::web;
use crate::access::Plane;

/// What a request asks for, by its method and the path of its route.
pub(super) fn plane(method: &Method, route: &str, is_browser: bool) -> Plane {
    match (method.as_str(), route) {
        // Refused as unknown, or answered with what is allowed.
        (_, "(unknown)") | ("OPTIONS", _) => Plane::Public,
        (_, "/api/health" | "/livez" | "/openapi.json" | "/docs" | "/docs/" | "/favicon.ico")
        | (_, "/assets/:file" | "/assets/docs/:file") => Plane::Public,
        // What proves itself by what it carries, or asks who it is.
        (_, "/api/session" | "/api/setup" | "/api/enroll" | "/api/origin") => Plane::Public,
        // The dashboard's shell holds no data.
        ("GET" | "HEAD", route) if web::SHELL.contains(&route) => Plane::Public,
        ("GET" | "HEAD", "/report" | "/report/") if is_browser => Plane::Public,
        ("POST", "/api/machines") | ("PUT", "/api/machines/:machine_id/sections/:section") => {
            Plane::Ingest
        }
        (
            "GET" | "HEAD",
            "/api/machines"
            | "/api/inventory"
            | "/api/machines/:machine_id"
            | "/api/machines/:machine_id/sections/:section"
            | "/api/facets"
            | "/api/software"
            | "/api/export/machines.csv"
            | "/api/export/machines.xlsx"
            | "/api/export/machines.jsonl"
            | "/api/fields"
            | "/api/duplicates"
            | "/api/duplicates/merged"
            | "/api/duplicates/distinct"
            | "/api/summary"
            | "/report"
            | "/report/"
            | "/metrics",
        ) => Plane::Read,
        // People keep views for themselves; who may share them, the use case knows.
        ("GET" | "HEAD" | "POST", "/api/views") | ("PATCH" | "DELETE", "/api/views/:id") => {
            Plane::Read
        }
        ("PATCH", "/api/machines")
        | ("POST", "/api/import/machines" | "/api/manual-machines")
        | ("PATCH" | "DELETE", "/api/machines/:machine_id")
        | ("POST", "/api/machines/:machine_id/restore" | "/api/machines/:machine_id/unmerge")
        | ("POST", "/api/duplicates/merge" | "/api/duplicates/distinct")
        | ("DELETE", "/api/duplicates/distinct/:id") => Plane::Change,
        _ => Plane::Administer,
    }
}

/// Whether a route hands out the inventory as a file, which a new box does not do either before
/// somebody logs in.
pub(super) fn is_export(route: &str) -> bool {
    route.starts_with("/api/export/")
}
