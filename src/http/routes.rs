//! Which methods a path has, for `OPTIONS` and `Allow`.

use http::Method;
use poem_openapi::OpenApi;

/// Every route's path and methods. A segment that begins with `:` or `{` stands for any text.
#[derive(Debug)]
pub(super) struct Routes(Vec<(Vec<String>, Vec<Method>)>);

impl Routes {
    /// The routes of an API and, in addition, paths that are only read.
    pub(super) fn new<A: OpenApi>(pages: &[&str]) -> Self {
        let mut routes = Self(Vec::new());
        for path in A::meta().into_iter().flat_map(|api| api.paths) {
            let methods = path.operations.iter().map(|operation| operation.method.clone());
            routes.add(&path.path, methods.collect());
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
        self.0.push((segments(path).map(str::to_owned).collect(), methods));
    }

    /// The methods of a path; none when there is no such route.
    pub(super) fn methods(&self, path: &str) -> &[Method] {
        let matches = |pattern: &[String]| {
            pattern.len() == segments(path).count()
                && pattern.iter().zip(segments(path)).all(|(pattern, segment)| {
                    pattern == segment || pattern.starts_with([':', '{']) && !segment.is_empty()
                })
        };
        self.0.iter().find(|(pattern, _)| matches(pattern)).map_or(&[], |(_, methods)| methods)
    }
}

fn segments(path: &str) -> std::str::Split<'_, char> {
    path.split('/')
}
