//! Which routes there are, and which methods each has.

use std::collections::HashMap;
use std::sync::Arc;

use http::Method;
use poem_openapi::OpenApi;

/// A route: its path as it was written, and its methods.
#[derive(Debug)]
pub(super) struct Route {
    /// The path, with `:name` where any text may stand.
    pub(super) path: Arc<str>,
    pub(super) methods: Vec<Method>,
}

/// Every route.
#[derive(Debug)]
pub(super) struct Routes {
    fixed: HashMap<String, Route>,
    open: Vec<Route>,
    unknown: Route,
}

impl Routes {
    /// The routes of an API and, in addition, paths that are only read.
    pub(super) fn new<A: OpenApi>(pages: &[&str]) -> Self {
        let unknown = Route { path: "(unknown)".into(), methods: Vec::new() };
        let mut routes = Self { fixed: HashMap::new(), open: Vec::new(), unknown };
        for path in A::meta().into_iter().flat_map(|api| api.paths) {
            let methods = path.operations.iter().map(|operation| operation.method.clone());
            routes.add(&pattern(&path.path), methods.collect());
        }
        for page in pages {
            routes.add(page, vec![Method::GET]);
        }
        routes
    }

    fn add(&mut self, path: &str, mut methods: Vec<Method>) {
        if methods.contains(&Method::GET) {
            methods.push(Method::HEAD);
        }
        methods.push(Method::OPTIONS);
        let route = Route { path: path.into(), methods };
        if path.contains(':') {
            self.open.push(route);
        } else {
            self.fixed.insert(path.to_owned(), route);
        }
    }

    /// The route of a path; one without methods when there is none.
    pub(super) fn find(&self, path: &str) -> &Route {
        let open = || self.open.iter().find(|route| route.matches(path));
        self.fixed.get(path).or_else(open).unwrap_or(&self.unknown)
    }
}

/// The path of a route, from how the API's document writes it.
pub(super) fn pattern(path: &str) -> String {
    path.replace('{', ":").replace('}', "")
}

impl Route {
    fn matches(&self, path: &str) -> bool {
        let (mut pattern, mut path) = (self.path.split('/'), path.split('/'));
        loop {
            match (pattern.next(), path.next()) {
                (None, None) => return true,
                (Some(name), Some(text)) if name.starts_with(':') && !text.is_empty() => {}
                (Some(fixed), Some(text)) if fixed == text => {}
                _ => return false,
            }
        }
    }
}
