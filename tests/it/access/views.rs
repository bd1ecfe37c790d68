//! Questions that people keep under a name, for themselves or for everybody.

use reqwest::Method;
use serde_json::{Value, json};
use tatuscan::model::access::{Role, Scope};

use super::{Box, console, json as answer};
use crate::support::server::Guarded;

struct Somebody<'a> {
    server: &'a Box,
    header: (&'static str, String),
}

impl Somebody<'_> {
    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let headers = [(self.header.0, self.header.1.as_str()), ("Sec-Fetch-Site", "same-origin")];
        answer(self.server.ask(method, path, &headers, body).await).await
    }

    async fn keep(&self, name: &str, query: &str, shared: bool) -> (u16, Value) {
        let view = json!({"name": name, "query": query, "shared": shared});
        self.ask(Method::POST, "/api/views", Some(&view)).await
    }

    async fn names(&self) -> Vec<String> {
        let (status, views) = self.ask(Method::GET, "/api/views", None).await;
        assert_eq!(status, 200, "{views}");
        let views = views["items"].as_array().unwrap().iter();
        views.map(|view| view["name"].as_str().unwrap().to_owned()).collect()
    }
}

async fn person<'a>(server: &'a Box, name: &str, role: Role) -> Somebody<'a> {
    Somebody { server, header: ("Cookie", server.session(name, role).await) }
}

async fn program(server: &Box, scope: Scope) -> Somebody<'_> {
    let token = server.token(scope).await;
    Somebody { server, header: ("Authorization", format!("Bearer {token}")) }
}

fn path(view: &Value) -> String {
    format!("/api/views/{}", view["id"].as_str().unwrap())
}

#[tokio::test]
async fn views_are_ones_own_or_everybodys() {
    let server = Box::start(Guarded::compat()).await;
    let admin = person(&server, "ana", Role::Admin).await;
    let viewer = person(&server, "bea", Role::Viewer).await;
    let reader = program(&server, Scope::Read).await;

    let (status, own) = viewer.keep(" Sem sinal ", "?seen=%3E7d&cols=hostname", false).await;
    assert_eq!(status, 200, "{own}");
    assert_eq!(
        (&own["name"], &own["query"]),
        (&json!("Sem sinal"), &json!("seen=%3E7d&cols=hostname"))
    );
    assert_eq!((&own["owner"], &own["shared"]), (&json!("bea"), &json!(false)));
    let (_, shared) = admin.keep("Laboratórios", "tag=lab&sort=updated_at", true).await;
    assert_eq!(admin.names().await, ["Laboratórios"]);
    assert_eq!(viewer.names().await, ["Laboratórios", "Sem sinal"]);
    assert_eq!(reader.names().await, ["Laboratórios"]);

    // What is another's is as if it were not there; what is everybody's only admins change.
    let edit = json!({"name": "x"});
    assert_eq!(admin.ask(Method::PATCH, &path(&own), Some(&edit)).await.0, 404);
    assert_eq!(admin.ask(Method::DELETE, &path(&own), None).await.0, 404);
    for (method, body) in [(Method::PATCH, Some(&edit)), (Method::DELETE, None)] {
        let (status, refused) = viewer.ask(method, &path(&shared), body).await;
        assert_eq!(status, 403, "{refused}");
        assert!(refused["error"].as_str().unwrap().contains("for admins"), "{refused}");
    }
    assert_eq!(viewer.keep("für alle", "", true).await.0, 403);
    let share = json!({"shared": true});
    assert_eq!(viewer.ask(Method::PATCH, &path(&own), Some(&share)).await.0, 403);
    let unshare = json!({"shared": false});
    assert_eq!(viewer.ask(Method::PATCH, &path(&shared), Some(&unshare)).await.0, 403);

    let edit = json!({"query": "q=os:windows", "name": "Windows"});
    let (status, changed) = viewer.ask(Method::PATCH, &path(&own), Some(&edit)).await;
    assert_eq!((status, &changed["query"]), (200, &json!("q=os:windows")));
    assert_eq!(viewer.names().await, ["Laboratórios", "Windows"]);
    assert_eq!(viewer.keep("WINDOWS", "", false).await.0, 409);
    assert_eq!(admin.keep("Windows", "", false).await.0, 200, "the name is another person's");
    assert_eq!(admin.keep("laboratórios", "", true).await.0, 409);
    assert_eq!(viewer.ask(Method::DELETE, &path(&own), None).await.0, 200);
    assert_eq!(viewer.ask(Method::DELETE, &path(&own), None).await.0, 404);

    // What everybody sees is in the audit log, what people keep for themselves is not.
    let (_, log) = admin.ask(Method::GET, "/api/audit?action=view.create", None).await;
    let subjects: Vec<_> = log["items"].as_array().unwrap().iter().map(|e| &e["subject"]).collect();
    assert_eq!(subjects, [&shared["id"]]);
}

#[tokio::test]
async fn programs_keep_views_for_everybody_alone() {
    let server = Box::start(Guarded::compat()).await;
    let admin = program(&server, Scope::Admin).await;
    let (status, refused) = admin.keep("a", "", false).await;
    assert_eq!(status, 403);
    assert!(refused["error"].as_str().unwrap().contains("shared: true"), "{refused}");
    let (status, view) = admin.keep("a", "", true).await;
    assert_eq!((status, &view["owner"]), (200, &Value::Null));
    for scope in [Scope::Read, Scope::Write] {
        let program = program(&server, scope).await;
        assert_eq!(program.keep("b", "", true).await.0, 403);
        assert_eq!(program.ask(Method::DELETE, &path(&view), None).await.0, 403);
    }
    for headers in [&[][..], &[("Authorization", "Bearer tsr_x")][..]] {
        let body = json!({"name": "x", "query": ""});
        assert_eq!(
            server.ask(Method::POST, "/api/views", headers, Some(&body)).await.status(),
            401
        );
    }
}

#[tokio::test]
async fn where_nobody_is_asked_views_are_everybodys() {
    let server = crate::support::server::Server::start().await;
    let keep = async |shared: bool| {
        let request = server.client.post(server.url("/api/views"));
        let view = json!({"name": "lab", "query": "q=lab", "shared": shared});
        let request = request.header("Content-Type", "application/json").body(view.to_string());
        answer(request.send().await.unwrap()).await
    };
    assert_eq!(keep(false).await.0, 403, "there is nobody whose own it could be");
    let (status, view) = keep(true).await;
    assert_eq!(status, 200, "{view}");
    assert_eq!(server.get("/api/views").await.1["items"], json!([view]));
    let removed = server.client.delete(server.url(&path(&view))).send().await.unwrap();
    assert_eq!(removed.status(), 200);
}

#[tokio::test]
async fn a_view_that_no_list_could_answer_is_refused() {
    let server = Box::start(Guarded::compat()).await;
    let ana = person(&server, "ana", Role::Viewer).await;
    for (name, query, said) in [
        ("", "", "name must have 1 to 100 characters"),
        ("\u{202e}\u{7}", "", "name must have 1 to 100 characters"),
        ("x", "status=sleeping", "query: status is 'sleeping', but takes online"),
        ("x", "q=os:", "query: os needs a value right after the colon"),
        ("x", "q=a b", "query must be written as in an address"),
        ("x", "q=a#b", "query must be written as in an address"),
    ] {
        let (status, refused) = ana.keep(name, query, false).await;
        assert_eq!(status, 400, "{refused}");
        assert!(refused["error"].as_str().unwrap().starts_with(said), "{refused}");
    }
    let (status, refused) = ana.keep("x", &"a".repeat(4097), false).await;
    assert_eq!(status, 400, "{refused}");
    let (status, refused) = ana.ask(Method::PATCH, "/api/views/x", Some(&json!({}))).await;
    assert_eq!(
        (status, &refused["error"]),
        (400, &json!("Nothing to change: give name, query or shared"))
    );
}

#[tokio::test]
async fn there_are_only_so_many_and_they_go_with_their_person() {
    let server = Box::start(Guarded::compat()).await;
    let ana = person(&server, "ana", Role::Admin).await;
    let bea = person(&server, "bea", Role::Viewer).await;
    for number in 0..200 {
        assert_eq!(bea.keep(&format!("v{number}"), "", false).await.0, 200);
    }
    let (status, refused) = bea.keep("one more", "", false).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(ana.keep("mine", "", false).await.0, 200);
    server.access.remove_user("bea", console()).await.unwrap();
    let bea = person(&server, "bea", Role::Viewer).await;
    assert!(bea.names().await.is_empty());
    assert_eq!(ana.names().await, ["mine"]);
}
